"""GitLab: merge requests and projects through its API, everything else by git."""
