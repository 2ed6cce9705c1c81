"""Actions that make deployments."""
