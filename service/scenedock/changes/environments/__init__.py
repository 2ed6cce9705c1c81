"""A new environment as a list of decisions: what of an existing one is copied, replaced, left out or asked."""
