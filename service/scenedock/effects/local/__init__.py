"""This machine: files, locks, processes of our own, secrets that files or the environment hold."""
