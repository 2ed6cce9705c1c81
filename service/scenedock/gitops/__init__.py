"""GitOps: edits of values files in place, and the list of hosts where repositories are. Pure."""
