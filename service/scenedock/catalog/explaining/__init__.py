"""What is represented, and what proves it: for people who ask why an entity is what it is, or isn't there."""
