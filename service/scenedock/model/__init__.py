"""The nouns that every room shares. Pure: no I/O; pydantic only where a noun is a schema.

That is in `action` and `json_documents`.
"""
