"""Use cases: get facts from effects, let the pure rooms decide, pass the decisions to effects."""
