"""Actions that make and end environments of services."""
