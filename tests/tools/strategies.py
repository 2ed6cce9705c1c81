"""What hypothesis makes for the tests: JSON values, with the texts that YAML likes to misread."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from scenedock.model.json import Json, JsonObject

MISREAD = [
    *"y n Yes NO on Off true False null Null ~ = << 12:30 22:22:22 190:20:30 1e3 1E3 1.e+3 .5 1. 0x1f 0o14 014".split(),
    *"089 0b11 1_000 +1 -1 -0 1,000 .inf -.Inf .nan NaN 2020-01-01 2001-12-14t21:59:43.10-05:00".split(),
    *"--- ... - ? : a: # #a &a *a !a !!str %YAML @a `a {a} [a] {{a}} 'a' \"a\" > | ,a \\u0041 \ufeffa".split(),
    *("", " ", " a", "a ", "\t", "a\tb", "- a", "--- a", "? a", "a: b", ": a", "a #b", "# a", "a: ", "{{ .Values.a }}"),
    *("a\n", "\na", "a\n\n", " a\nb", "a\n b\n\nc", "a \nb", "a\n\tb\n", "\r\n", "a\n---\nb", "a\n# b\n"),
]

_characters = st.one_of(
    st.characters(exclude_categories=["Cs"]), st.sampled_from(" \n\t:#-?{}[]'\"|>&*!%@,.~=<01eExyn\r\x85\u2028\ufeff")
)
texts: SearchStrategy[str] = st.text(_characters, max_size=30) | st.sampled_from(MISREAD)
# A double and a 64-bit integer are what every reader of YAML can hold.
numbers: SearchStrategy[int | float] = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
json_values: SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda values: st.lists(values, max_size=4) | st.dictionaries(texts, values, max_size=4),
    max_leaves=12,
)
json_objects: SearchStrategy[JsonObject] = st.dictionaries(texts, json_values, max_size=5)
