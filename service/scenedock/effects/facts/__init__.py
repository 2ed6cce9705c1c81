"""Facts of repositories on disk, of which only those that are asked for are read."""
