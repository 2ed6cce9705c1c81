"""Bakes on disk: a skeleton's own code in a confined process, written trees, results kept for a while."""
