"""WooCommerce, read through its REST API v3."""
