"""Kustomize as a program: what a folder of a repository becomes, built in a sandbox without a network."""
