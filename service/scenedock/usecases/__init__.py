"""Verbs: ask effects for facts, let the pure rooms decide, hand decisions to effects."""
