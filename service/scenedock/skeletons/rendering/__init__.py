"""A skeleton and answers become files in memory."""
