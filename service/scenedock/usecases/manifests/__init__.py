"""Render and compare what repositories deploy."""
