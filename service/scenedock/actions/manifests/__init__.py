"""Actions about rendered manifests."""
