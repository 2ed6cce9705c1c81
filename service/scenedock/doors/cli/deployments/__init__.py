"""Command-line commands that make deployments."""
