"""YAML documents: read as Helm reads them, written for Backstage. Pure."""
