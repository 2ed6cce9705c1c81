"""What is known of the repositories at present: the catalog feed, what is kept of it, and the overview for pages."""
