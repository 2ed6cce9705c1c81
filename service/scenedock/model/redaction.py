"""Redaction: removing secrets, their usual encodings and longer parts of either from what is stored or shown."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote, quote_plus

from scenedock.errors import InputError
from scenedock.model.addresses import REDACTED, without_credentials
from scenedock.model.json import Json

SLICE = 12
"""Consecutive characters of a secret (or an encoding of it) that are redacted; a shorter secret only as a whole."""
MOST_CHARACTERS = 32_768
"""The maximum length of all secrets of a task; the search needs a kilobyte and more for each character."""
SHORTEST = 3
"""The minimum length of a secret that is searched for; redacting shorter ones would leave no readable text."""


def check_size(secrets: Iterable[str]) -> None:
    """Refuse secrets that are too long to be redacted.

    Raises
    ------
    InputError   they have too many characters in total
    """
    if sum(map(len, secrets)) > MOST_CHARACTERS:
        raise InputError(
            f"secrets of more than {MOST_CHARACTERS:,} characters in total can't be kept out of the log; send less"
        )


class Redactor:
    """Removes a set of secrets from texts.

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
        """The text with every part that reveals a secret replaced, and without credentials in addresses."""
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
        # The first and last characters depend on the text around the secret, those between don't.
        whole = base64.b64encode(b"\0" * shift + data).decode().rstrip("=")
        sure = whole[-(-shift * 8 // 6) :][: (len(data) * 8 - (-shift * 8 % 6)) // 6]
        if len(sure) >= SHORTEST:
            yield from {sure, sure.replace("+", "-").replace("/", "_")}
    plain = base64.b64encode(data).decode()
    yield from {plain, plain.rstrip("="), base64.urlsafe_b64encode(data).decode().rstrip("=")}


def sensitive_texts(value: Json, *, secret: bool = False) -> Iterator[str]:
    """The strings in a value that are secrets because of their key, or all strings if `secret`.

    Other strings of a sensitive object (the answers to a skeleton's questions) are kept out of records as a whole, but
    are not searched for elsewhere: they may be ordinary words.
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
