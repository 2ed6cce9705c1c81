"""A free edit of files is asked for what it would deploy otherwise."""
