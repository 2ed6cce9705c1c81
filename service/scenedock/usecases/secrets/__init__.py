"""Secrets of deployments: where they belong, sealed or referred to, and published."""
