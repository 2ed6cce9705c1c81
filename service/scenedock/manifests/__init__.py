"""Rendered manifests compared: what a change does to each environment, as a reviewer reads it."""
