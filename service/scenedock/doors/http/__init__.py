"""The HTTP door: one table of routes, behind which everything else here stands."""
