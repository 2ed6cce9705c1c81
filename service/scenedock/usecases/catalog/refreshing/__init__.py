"""The feed after a change: what is known on disk, and the catalog with only the changed services anew."""
