"""Where the database is, what its tables are, and how they come to be."""
