"""Two results of an export compared: changes, renames, and how much may vanish."""
