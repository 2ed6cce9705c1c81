"""The service's own pages, for people."""
