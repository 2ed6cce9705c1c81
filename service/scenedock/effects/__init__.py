"""All I/O: disk, git, network, clock, processes."""
