"""Render a skeleton with answers to files in memory."""
