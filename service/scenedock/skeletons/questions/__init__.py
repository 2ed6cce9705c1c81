"""What a skeleton asks, and the answers, checked all at once."""
