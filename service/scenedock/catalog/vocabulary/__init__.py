"""What the other rooms of the catalog share: settings, environments, owners, globs, formats, references."""
