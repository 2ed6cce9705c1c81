"""One service of a catalog is mapped again; the others know of it no more than its face, which is the same."""
