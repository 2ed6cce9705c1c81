"""Environments of one's own: what it takes to make and to end them."""
