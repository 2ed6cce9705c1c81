"""What a pipeline checks of a change, and what it says on the pull request."""
