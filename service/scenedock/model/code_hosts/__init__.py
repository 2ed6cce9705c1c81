"""Code hosts as values: repositories and their addresses, commits, pull requests, webhooks."""
