"""Entities become output: files, the feed, SARIF, a summary."""
