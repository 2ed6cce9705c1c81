"""Commands that make and end environments, in clones on this machine."""
