"""Secrets in plain text in values. Nothing of a value is ever told, not even its length.

A value counts only if it is certain: a private key, a token in a form that only tokens have, a password in an address,
a literal under a key that says it is a password, or one under a key that says it is a token and that looks random.
What refers to a secret, stands for one or is encrypted doesn't count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from scenedock.documents.plain_secrets import kind_of_secret
from scenedock.model.finding import Finding, Place
from scenedock.model.json import Json
from scenedock.releases.deployed import Layer


def find_secrets(layers: Iterable[tuple[str, Layer]]) -> Iterator[Finding]:
    """A finding for each secret in layers, each of which is of a repository that is named with it."""
    for repository, layer in layers:
        for keys, what in _secrets(layer.values, ()):
            place = Place(layer.elsewhere or repository, layer.path, layer.line_of(keys))
            name = ".".join(map(str, keys))
            message = f"{name} is {what}, in plain text: everybody who can read the repository has it"
            remedy = "Rotate it, and keep it in a secret store (External Secrets, Sealed Secrets, SOPS)."
            yield Finding("error", "secret-in-values", message, place, remedy)


def _secrets(value: Json, keys: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        if what := _what(value, _name_of(keys), keys):
            yield keys, what
    elif isinstance(value, Mapping):
        named = value.get("name")
        for key, below in value.items():
            if key == "value" and isinstance(named, str) and isinstance(below, str):  # an environment variable
                if what := _what(below, named, keys):
                    yield (*keys, key), what
            else:
                yield from _secrets(below, (*keys, key))
    elif isinstance(value, Sequence):
        for number, item in enumerate(value):
            yield from _secrets(item, (*keys, number))


def _what(value: str, name: str, keys: tuple[str | int, ...]) -> str:
    return kind_of_secret(value, name, (key for key in keys[:-1] if isinstance(key, str)))


def _name_of(keys: tuple[str | int, ...]) -> str:
    return next((key for key in reversed(keys) if isinstance(key, str)), "")
