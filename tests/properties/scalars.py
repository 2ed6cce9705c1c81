"""Scalars and shapes that have been trouble somewhere."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from scenedock.model.json import Json

# Texts that have been trouble somewhere: to parsers, to regular expressions, to terminals, to Backstage.
TEXTS = (
    "",
    " ",
    "\n",
    "a\r\nb",
    "-",
    ".",
    "..",
    "../..",
    "/",
    "//",
    "a/",
    "/a",
    "a:",
    ":a",
    "a:b:c",
    "group:",
    "user:jane",
    "group:x/y/",
    "component:default/billing:",
    "@acme/team",
    "@jane",
    "@",
    "@/",
    "jane@acme.test",
    "unknown",
    "UNKNOWN",
    "{{",
    "}}",
    "{{ .x }}",
    "${x}",
    "{",
    "{a,b}",
    "{1..99999999}",
    "{a,b}" * 12,
    "[",
    "[]",
    "[z-a]",
    "[[a]",
    "[a&&b]",
    "\\",
    "!a",
    "**",
    "**/",
    "**/a/" * 9 + "b",
    "*a" * 9,
    "https://[",
    "https://[::1]/a/b",
    "https://github.com/acme/billing",
    "http://a/\u2100",
    "http://billing",
    "http://ledger-service:80/x",
    "ledger.svc",
    ".svc" * 500,
    "a" * 70,
    "é" * 70,
    "é",
    "ﬀ",
    "\u2028",
    "\ufeff",
    "\x7f",
    "\U0001f600",
    "1e999",
    "9" * 5000,
    "0x" + "f" * 99,
    ".nan",
    "12:30",
    "true",
    "null",
    "~",
    "<<",
    "=",
    "production",
    "dev",
    "dev-é",
    "*/5 * * * *",
    "* " * 99,
    "billing",
    "Billing",
    "backstage.io/kubernetes-id",
    "file://../ledger",
    "file://../../..",
    "file://",
    "(" * 3000,
    "{{ " + "(" * 3000 + " }}",
    "{{ index .path.segments " + "9" * 5000 + " }}",
    '{{ .path.path | replace "" "' + "x" * 200 + '" }}',
    "{{path[0]}}",
    "{{" * 2000,
    "{{ .path.basename }}",
)
NUMBERS = (0, 1, -1, 644, 2**31, 2**63 - 1, 2**64, 10**19, 0.5, 1e300, -0.0)

texts = st.sampled_from(TEXTS) | st.text(max_size=6)
scalars: st.SearchStrategy[Json] = st.none() | st.booleans() | st.sampled_from(NUMBERS) | texts
oddities: st.SearchStrategy[Json] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)


def usually(good: st.SearchStrategy[Json], odd: st.SearchStrategy[Json] = oddities) -> st.SearchStrategy[Json]:
    """The good thing fifteen times of sixteen, else anything: files have many keys, and most shall get through."""
    return st.integers(0, 15).flatmap(lambda die: odd if die == 15 else good)


def some(
    odd_keys: Mapping[str, st.SearchStrategy[Json]] | None = None, /, **keys: st.SearchStrategy[Json]
) -> st.SearchStrategy[Json]:
    """An object with some of these keys; `_` before a word of Python is dropped."""
    named = {key.removeprefix("_"): value for key, value in keys.items()} | dict(odd_keys or {})
    return st.fixed_dictionaries({}, optional={key: usually(value) for key, value in named.items()})


def several(item: st.SearchStrategy[Json], most: int = 3) -> st.SearchStrategy[Json]:
    return st.lists(usually(item), max_size=most)
