"""Modified entities, for tests that compare two validators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

_KEYS = st.one_of(
    st.sampled_from(
        "apiVersion kind metadata name namespace title labels annotations tags links url icon relations status "
        "spec type owner lifecycle system dependsOn parameters steps output backstage:permissions "
        "__proto__ constructor".split()
    ),
    st.sampled_from(["", "a b", "x/y", "x/y/z"]),
    st.text(max_size=3),
)
_LEAVES = st.one_of(
    st.sampled_from([None, True, False, 0, 1.5, "", " ", "a", "Foo Bar", "a" * 63, "a" * 64, "a-", "A.b", "\ufeff"]),
    st.sampled_from(["https://a", "x:", "//a", "v1", "backstage.io/v1beta1", "Component", "API", "User", "default"]),
    st.text(max_size=4),
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(_KEYS, inner, max_size=2)),
    max_leaves=4,
)


@st.composite
def mutants(draw: st.DrawFn, entities: Sequence[Any]) -> Any:
    """One of the entities with one to three values put in, taken out or replaced anywhere."""
    entity = deepcopy(draw(st.sampled_from(entities)))
    for _ in range(draw(st.integers(1, 3))):
        _mutate(draw, draw(st.sampled_from(list(_containers(entity)))))
    return entity


def _mutate(draw: st.DrawFn, container: dict[str, Any] | list[Any]) -> None:
    if isinstance(container, list):
        index = draw(st.integers(0, len(container)))
        container[index : index + draw(st.integers(0, 1))] = draw(st.lists(_VALUES, max_size=1))
        return
    key = draw(st.one_of(st.sampled_from(sorted(container)), _KEYS) if container else _KEYS)
    if key in container and draw(st.booleans()):
        del container[key]
    else:
        container[key] = draw(_VALUES)


def _containers(value: Any) -> Iterator[dict[str, Any] | list[Any]]:
    if isinstance(value, dict | list):
        yield value
        for item in value.values() if isinstance(value, dict) else value:
            yield from _containers(item)
