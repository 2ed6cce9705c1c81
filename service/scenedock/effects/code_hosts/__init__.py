"""The code hosts of the list, and a repository on any of them."""
