"""This machine: files, locks, processes of our own, secrets from files or the environment."""
