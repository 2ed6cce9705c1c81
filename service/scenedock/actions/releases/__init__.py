"""Actions about releases."""
