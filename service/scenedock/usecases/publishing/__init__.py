"""Publish repositories and changes, wait for pull requests, receive webhooks."""
