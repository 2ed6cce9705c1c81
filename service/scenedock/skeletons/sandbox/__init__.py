"""The sandboxed Jinja environment, which counts the cost of rendering."""
