"""A service of Scenedock that runs somewhere, over its HTTP API."""
