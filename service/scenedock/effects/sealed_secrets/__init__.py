"""Sealed Secrets: the public certificates of clusters, and encryption with them. Nothing here can decrypt."""
