"""Types for tasks: their state, how it changes, and references between steps."""
