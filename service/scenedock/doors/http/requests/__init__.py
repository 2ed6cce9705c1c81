"""Rules for every request: access, bodies, responses, limits, and long calls."""
