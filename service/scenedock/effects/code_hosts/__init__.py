"""The code hosts of the list, and their repositories."""
