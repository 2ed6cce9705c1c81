"""Measurements, for people: `make bench` prints them, no test depends on them."""
