"""Actions that change which version is deployed."""
