"""What says that deployments are there, taken away: files, entries and lines, and what must not go with them."""
