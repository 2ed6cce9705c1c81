"""Redaction: secrets, their usual encodings and longer slices of either, taken out of what is stored or shown."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote, quote_plus

from scenedock.errors import InputError
from scenedock.model.action import REDACTED
from scenedock.model.addresses import without_credentials
from scenedock.model.json import Json

SLICE = 12
"""Characters in a row of a secret (or of an encoding of it) that are never shown; a shorter secret counts whole."""
MOST_CHARACTERS = 32_768
"""Characters that all secrets of a task may have: each takes a kilobyte and more while they are looked for."""
SHORTEST = 3
"""Characters that a secret has at least to be looked for; taking out shorter ones would leave no text to read."""


def check_size(secrets: Iterable[str]) -> None:
    """Refuse secrets that are too large to be looked for.

    Raises
    ------
    InputError   they have too many characters in all
    """
    if sum(map(len, secrets)) > MOST_CHARACTERS:
        raise InputError(f"secrets of more than {MOST_CHARACTERS:,} characters in all can't be kept out of the log")


class Redactor:
    """Knows some secrets and takes them out of texts.

    A secret is found as it is, and as base64 (also from the middle of a longer text), percent-encoding, JSON string,
    or hexadecimal; each line of a secret with several lines counts by itself.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._slices: dict[int, set[str]] = {}
        for secret in secrets:
            for part in {secret, *secret.splitlines()}:
                for form in _forms(part) if len(part.strip()) >= SHORTEST else ():
                    size = min(SLICE, len(form))
                    slices = self._slices.setdefault(size, set())
                    slices.update(form[start : start + size] for start in range(len(form) - size + 1))

    def text(self, text: str) -> str:
        """The text with every stretch that gives a secret away replaced, and without credentials in addresses."""
        text = without_credentials(text)
        hidden: list[tuple[int, int]] = sorted(
            (start, start + size)
            for size, slices in self._slices.items()
            for start in range(len(text) - size + 1)
            if text[start : start + size] in slices
        )
        shown: list[str] = []
        done = 0
        for start, end in hidden:
            if start > done or not shown:
                shown += [text[done:start], REDACTED]
            done = max(done, end)
        return "".join([*shown, text[done:]])

    def json(self, value: Json) -> Json:
        """The value with all its strings and keys redacted."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(key): self.json(each) for key, each in value.items()}
        if isinstance(value, Sequence):
            return [self.json(each) for each in value]
        if isinstance(value, int | float) and not isinstance(value, bool) and self.text(str(value)) != str(value):
            return REDACTED
        return value


def _forms(secret: str) -> Iterator[str]:
    data = secret.encode("utf-8", "surrogatepass")
    yield secret
    yield from {quote(data, safe=""), quote(data), quote_plus(data), quote(data, safe="").lower()}
    yield from {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    yield from (data.hex(), data.hex().upper())
    for shift in range(3):
        # The first and the last characters depend on what stands beside the secret, those between don't.
        whole = base64.b64encode(b"\0" * shift + data).decode().rstrip("=")
        sure = whole[-(-shift * 8 // 6) :][: (len(data) * 8 - (-shift * 8 % 6)) // 6]
        if len(sure) >= SHORTEST:
            yield from {sure, sure.replace("+", "-").replace("/", "_")}
    plain = base64.b64encode(data).decode()
    yield from {plain, plain.rstrip("="), base64.urlsafe_b64encode(data).decode().rstrip("=")}


def sensitive_texts(value: Json, *, secret: bool = False) -> Iterator[str]:
    """The texts in a value that are secrets by the name that they stand under, or all if `secret`.

    Other texts of a sensitive object (the answers to a skeleton's questions) are kept out of records as a whole, but
    aren't hunted for: they may be ordinary words.
    """
    if isinstance(value, str) and secret:
        yield value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from sensitive_texts(each, secret=secret or any(word in key.lower() for word in _SECRET_WORDS))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for each in value:
            yield from sensitive_texts(each, secret=secret)


_SECRET_WORDS = ("password", "passwd", "secret", "token", "credential", "apikey", "api_key", "private")
