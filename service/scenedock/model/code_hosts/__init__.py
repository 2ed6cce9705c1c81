"""Types for code hosts: repositories and their addresses, commits, pull requests, webhooks."""
