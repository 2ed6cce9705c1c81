"""Actions about environments: their end, and what that does."""
