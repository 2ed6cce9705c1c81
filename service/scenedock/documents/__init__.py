"""YAML documents: read with Helm's meaning, written for Backstage. Pure."""
