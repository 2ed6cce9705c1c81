"""The text of a change of a secret: which keys, where, and for what they are sealed; never a value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scenedock.changes.secrets.places import SecretPlace
from scenedock.changes.text import markdown, plain
from scenedock.structs import dataclass

_KEYS = "Keys: "
_MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class SecretText:
    """Title and body of a pull request, and the message of its commit."""

    title: str
    body: str
    message: str


def text_of(place: SecretPlace, keys: Sequence[str], said: Sequence[str], notes: Sequence[str]) -> SecretText:
    """The text for some keys; `said` is what else is a fact, `notes` what whoever decides should know."""
    shown = ", ".join(keys[:_MOST_NAMED]) + (f" and {len(keys) - _MOST_NAMED} more" if len(keys) > _MOST_NAMED else "")
    verb = "Seal" if place.kind == "SealedSecret" else "Refer to"
    title = plain(f"{verb} {shown} of {place.pair}")[:200]
    body = "\n\n".join([*_body(place, keys), *map(markdown, said), *map(markdown, notes)])
    return SecretText(title, body, "\n".join([title, "", plain(f"{_KEYS}{' '.join(keys)}")]))


def keys_in(message: str) -> tuple[str, ...]:
    """The keys that the message of a commit names."""
    lines = [line for line in message.splitlines() if line.startswith(_KEYS)]
    return tuple(lines[0].removeprefix(_KEYS).replace("\u2060", "").split()) if lines else ()


def _body(place: SecretPlace, keys: Sequence[str]) -> Iterator[str]:
    rows = ["| key | secret | file | |", "| --- | --- | --- | --- |"]
    rows += [
        f"| {markdown(key)} | {markdown(place.name)} | {markdown(place.path)} "
        f"| {'replaced' if key in place.has else 'new'} |"
        for key in keys
    ]
    yield "\n".join(rows)
