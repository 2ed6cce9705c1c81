"""Bakes on disk: a skeleton's own code in a sandboxed process, written trees, temporary results."""
