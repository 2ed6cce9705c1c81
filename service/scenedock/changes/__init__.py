"""What a change of a version is, which reasons speak against it, and what its pull request says."""
