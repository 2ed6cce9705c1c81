"""`scenedock secrets`."""
