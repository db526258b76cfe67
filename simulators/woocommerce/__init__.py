"""A local twin of the WooCommerce REST API, version 3, as WooCommerce 10.9 answers it."""
