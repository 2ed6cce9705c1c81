"""Argo CD: Applications and ApplicationSets, and the environments that they name."""
