"""Actions on the catalog."""
