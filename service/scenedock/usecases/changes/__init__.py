"""Promote, roll back, set a version."""
