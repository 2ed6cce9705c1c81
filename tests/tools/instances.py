"""Values that a JSON Schema of ours accepts, as far as it is made of the keywords that ours are made of."""

from __future__ import annotations

from functools import reduce
from typing import Any

from hypothesis import strategies as st

_ASCII = st.characters(codec="ascii")
_SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "null": st.none(),
    "number": st.floats(-1e6, 1e6),
}
_ANYTHING = st.one_of(*_SCALARS.values(), st.text(max_size=4), st.just([]), st.just({}))


def instances(schema: Any, document: Any) -> st.SearchStrategy[Any]:
    """Values for a schema, which may refer to parts of the document that it stands in."""
    match schema:
        case {"$ref": str(pointer)}:
            return instances(reduce(lambda part, step: part[step], pointer.split("/")[1:], document), document)
        case {"const": value}:
            return st.just(value)
        case {"enum": list(values)}:
            return st.sampled_from(values)
        case {"anyOf": list(options)}:
            return st.one_of(*(instances(option, document) for option in options))
        case {"type": list(names)}:
            return st.one_of(*(instances({**schema, "type": name}, document) for name in names))
        case {"type": ("array" | "object")}:
            return _containers(schema, document)
        case {"type": _}:
            return _scalars(schema)
        case _:
            return _ANYTHING


def _containers(schema: Any, document: Any) -> st.SearchStrategy[Any]:
    if schema["type"] == "array":
        fewest, unique = schema.get("minItems", 0), repr if schema.get("uniqueItems") else None
        items = instances(schema.get("items", {}), document)
        return st.lists(items, min_size=fewest, max_size=fewest + 2, unique_by=unique)
    fields = {name: instances(each, document) for name, each in schema.get("properties", {}).items()}
    required = {name: fields.pop(name, _ANYTHING) for name in schema.get("required", ())}
    return st.fixed_dictionaries(required, optional=fields)


def _scalars(schema: Any) -> st.SearchStrategy[Any]:
    match schema:
        case {"type": "string", "pattern": str(pattern)}:
            return st.from_regex(pattern, alphabet=_ASCII, fullmatch=True)
        case {"type": "string"}:
            shortest = schema.get("minLength", 0)
            return st.text(min_size=shortest, max_size=shortest + 4)
        case {"type": "integer"}:
            return st.integers(schema.get("minimum", -3), schema.get("maximum", 2**53))
        case _:
            return _SCALARS[schema["type"]]
