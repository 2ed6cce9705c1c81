"""The rows of the table of routes, with their handlers."""
