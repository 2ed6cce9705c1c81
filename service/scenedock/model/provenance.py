"""The provenance file, which says what a folder was baked from: `skeletons` writes it, `catalog` reads it."""

PROVENANCE_FILE = ".scenedock/skeleton.yaml"
