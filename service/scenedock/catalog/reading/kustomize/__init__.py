"""Kustomize: what a kustomization puts together, as far as files say it; Flux deploys the same."""
