"""Measurements, as ratios to something that everybody knows; `make bench` runs them."""
