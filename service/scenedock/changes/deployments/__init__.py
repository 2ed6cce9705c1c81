"""A new deployment as a list of decisions: what becomes of each key of a neighbour, or of a skeleton's answers."""
