"""Helm as a program: what a chart of a repository becomes, rendered in a sandbox without a network."""
