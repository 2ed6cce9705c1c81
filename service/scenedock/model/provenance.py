"""Where a baked folder says what it was baked from: `skeletons` writes it, `catalog` reads it."""

PROVENANCE_FILE = ".scenedock/skeleton.yaml"
