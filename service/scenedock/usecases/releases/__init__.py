"""Use cases about releases: which version is where. They stand on those about the catalog."""
