"""Scenedock: the Backstage companion for Helm GitOps repositories."""
