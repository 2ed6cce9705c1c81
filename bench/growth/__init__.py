"""How cost grows with size: `python -m bench.growth` prints the tables of docs/sizing.md."""
