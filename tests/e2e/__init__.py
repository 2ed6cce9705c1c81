"""A real Backstage and all that belongs to it; a package, because it is started once for all files here."""
