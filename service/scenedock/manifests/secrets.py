"""What is never shown: the values of Secrets, also inside other objects and texts, and other secrets in plain text."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from scenedock.documents.credentials import hidden_in_text, is_hidden
from scenedock.model.addresses import REDACTED, without_credentials
from scenedock.model.json import Json, JsonObject

_VALUES: Final = ("data", "stringData")
_ENCRYPTED: Final = "encryptedData"  # of a SealedSecret: no secret, but nothing that anybody reads
_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
_OPTION = re.compile(r"--?[A-Za-z][\w.-]*")
_CHANGED: Final = "[changed, not shown]"
_MANIFEST = re.compile(r"[\"']?kind[\"']?\s*:\s*[\"']?Secret\b")


def secret_keys(value: JsonObject) -> tuple[str, ...]:
    """The keys of a mapping below which nothing is shown."""
    keys = _VALUES if value.get("kind") == "Secret" else ()
    return (*keys, _ENCRYPTED, _APPLIED)


def is_secret_text(value: Json) -> bool:
    """Whether a text has the manifest of a Secret inside it."""
    return isinstance(value, str) and "Secret" in value and bool(_MANIFEST.search(value))


def secret_keys_below(value: JsonObject, key: str) -> tuple[str, ...]:
    """The keys of the mapping at a key below which nothing is shown: tools keep a Secret in its annotations, too."""
    return ("annotations",) if value.get("kind") == "Secret" and key == "metadata" else ()


def is_secret(value: Json, name: str) -> bool:
    """Whether a value is hidden for what it is, or for the name that it stands under."""
    if isinstance(value, (bool, type(None))) or not isinstance(value, (str, int, float)):
        return False
    return is_secret_text(value) or is_hidden(str(value), name)


def name_of(value: JsonObject, key: str) -> str:
    """The name that the value at a key stands under: of an environment variable its own."""
    named = value.get("name")
    return named if key == "value" and isinstance(named, str) else key


def option_at(items: Sequence[Json], number: int) -> str:
    """The option that an item of a command line is the value of (`--password x`); empty if it is of none."""
    before = items[number - 1] if number else None
    return before if isinstance(before, str) and _OPTION.fullmatch(before) else ""


def without_secrets(value: Json, name: str = "", hidden: Sequence[str] = ()) -> Json:
    """A value with the same keys, `[redacted]` for secrets, also by its `name`, and no credentials in addresses.

    `hidden` are keys whose values are secrets.
    """
    if isinstance(value, Mapping):
        keys = (*secret_keys(value), *hidden)
        return {
            key: _blank(below)
            if key in keys
            else without_secrets(below, name_of(value, key), secret_keys_below(value, key))
            for key, below in value.items()
        }
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [without_secrets(item, option_at(value, number) or name) for number, item in enumerate(value)]
    if is_secret(value, name):
        return REDACTED
    return without_credentials(masked(value)) if isinstance(value, str) else value


def without_secrets_since(before: str, after: str) -> str:
    """What a text was changed to, without the secrets in it, which says of each whether it is another than before."""
    return without_credentials(masked(after, {before[start:end] for start, end in hidden_in_text(before)}))


def masked(text: str, known: Collection[str] | None = None) -> str:
    """A text without the secrets in it; of those that aren't `known`, it says that they changed."""
    for start, end in reversed(hidden_in_text(text)):
        is_other = known is not None and text[start:end] not in known
        text = f"{text[:start]}{_CHANGED if is_other else REDACTED}{text[end:]}"
    return text


def _blank(value: Json) -> Json:
    """The keys of a secret's values; a single `[redacted]` where there are none."""
    return dict.fromkeys(value, REDACTED) if isinstance(value, Mapping) else REDACTED
