"""A Backstage backend: its catalog, its keys, and our own signing key."""
