"""New deployments: a service of a GitOps repository, made from one beside it or from a skeleton."""
