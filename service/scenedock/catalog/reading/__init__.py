"""Documents become facts: charts, values, Argo CD manifests, app lists, and hand-written files."""
