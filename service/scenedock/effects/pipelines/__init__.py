"""What the pipeline tells in which this process runs."""
