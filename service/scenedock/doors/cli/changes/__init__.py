"""Commands that change which version is where, in clones on this machine, and that decide what tasks wait for."""
