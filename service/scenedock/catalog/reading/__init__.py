"""Documents become facts: charts, values, Argo CD manifests, app lists, and files that a person wrote."""
