"""What is never shown: the values of Secrets, also inside other objects and texts, and credentials in addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from scenedock.model.addresses import REDACTED, without_credentials
from scenedock.model.json import Json, JsonObject

_VALUES: Final = ("data", "stringData")
_ENCRYPTED: Final = "encryptedData"  # of a SealedSecret: no secret, but nothing that anybody reads
_MANIFEST = re.compile(r"[\"']?kind[\"']?\s*:\s*[\"']?Secret\b")


def secret_keys(value: JsonObject) -> tuple[str, ...]:
    """The keys of a mapping below which nothing is shown."""
    keys = _VALUES if value.get("kind") == "Secret" else ()
    return (*keys, _ENCRYPTED)


def is_secret_text(value: Json) -> bool:
    """Whether a text has the manifest of a Secret inside it."""
    return isinstance(value, str) and "Secret" in value and bool(_MANIFEST.search(value))


def without_secrets(value: Json) -> Json:
    """A value with the same keys, `[redacted]` for the values of secrets, and no credentials in addresses."""
    if isinstance(value, Mapping):
        keys = secret_keys(value)
        return {key: _blank(below) if key in keys else without_secrets(below) for key, below in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [without_secrets(item) for item in value]
    if not isinstance(value, str):
        return value
    return REDACTED if is_secret_text(value) else without_credentials(value)


def _blank(value: Json) -> Json:
    """The keys of a secret's values; a single `[redacted]` where there are none."""
    return dict.fromkeys(value, REDACTED) if isinstance(value, Mapping) else REDACTED
