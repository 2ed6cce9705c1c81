"""Repositories are read: folder by folder, and by several processes where there are many."""
