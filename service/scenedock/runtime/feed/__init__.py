"""The catalog feed of the service: what is watched, what the last build gave, and what pages and lists are made of."""
