"""GitHub's API: authentication, rate limits, pull requests, repositories and their settings."""
