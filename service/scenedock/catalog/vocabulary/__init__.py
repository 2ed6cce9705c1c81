"""What the other rooms of the catalog speak of: settings, environments, owners, globs, formats, references."""
