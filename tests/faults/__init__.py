"""What breaks on the way; a package, because one PostgreSQL is started for all files here."""
