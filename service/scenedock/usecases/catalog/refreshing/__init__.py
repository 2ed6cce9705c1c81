"""The feed after a change: what is known on disk, and the last catalog with only the changed services replaced."""
