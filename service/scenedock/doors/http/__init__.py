"""The HTTP door: one table of routes, and the handlers behind it."""
