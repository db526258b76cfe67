"""The unisync command."""
