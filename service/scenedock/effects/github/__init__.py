"""GitHub's API: sign-in, pace, pull requests, repositories and their settings."""
