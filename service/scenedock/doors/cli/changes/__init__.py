"""Commands that change which version is where, in clones on this machine."""
