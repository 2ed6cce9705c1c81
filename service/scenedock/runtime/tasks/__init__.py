"""Tasks in this process: opened late, run by a worker."""
