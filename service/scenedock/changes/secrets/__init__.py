"""Secrets in a GitOps repository: sealed for a cluster, or read from a store; where they belong, and their edits."""
