"""What a newcomer does first."""
