"""Actions that put secrets into GitOps repositories: encrypted, or as references to a store."""
