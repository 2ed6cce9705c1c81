"""Rendered manifests compared, as a reviewer reads them, and validated against Kubernetes' schemas."""
