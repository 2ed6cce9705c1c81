"""The types that all rooms share. Pure: no I/O; pydantic is used only where a type is also a schema.

Those are in `action` and `json_documents`.
"""
