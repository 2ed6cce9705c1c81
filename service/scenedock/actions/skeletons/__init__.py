"""Actions on skeletons."""
