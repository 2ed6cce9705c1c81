"""The feed after a change: what is known of repositories on disk, and the catalog with only the changed services anew."""
