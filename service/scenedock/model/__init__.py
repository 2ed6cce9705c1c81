"""The nouns that every room shares. Pure: no I/O; pydantic only where a noun is a schema, in `action`."""
