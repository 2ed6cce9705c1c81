"""What holds for every request: access, bodies, answers, limits, and calls that take long."""
