"""GitOps: edits of values files in place, and the files of a change. Pure."""
