"""The only I/O: disk, git, clock, processes."""
