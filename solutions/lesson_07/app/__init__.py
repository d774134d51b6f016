"""The recipe service."""
