"""YAML text changed in place: its nodes and their places, paths to them, and the pieces that an edit replaces."""
