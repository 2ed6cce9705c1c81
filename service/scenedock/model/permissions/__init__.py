"""Types for what a caller may run: rules, and decisions of a policy."""
