"""Commands that only ask: why an entity is what it is, and which version is where."""
