"""The rows of the table of routes, each with its handler."""
