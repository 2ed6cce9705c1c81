"""Which version of a service a repository says is where, and which line says so. Pure: documents in, releases out."""
