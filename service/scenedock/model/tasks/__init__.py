"""Tasks as values: what one is, what may happen to it, and references between its steps."""
