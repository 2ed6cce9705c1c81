"""Secrets in plain text in values. Nothing of a value is ever told, not even its length.

A value counts only if it is certain: a private key, a token in a form that only tokens have, a password in an address,
a literal under a key that says it is a password, or one under a key that says it is a token and that looks random.
What refers to a secret, stands for one or is encrypted doesn't count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from scenedock.model.finding import Finding, Place
from scenedock.model.json import Json
from scenedock.releases.release import Layer

_PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY(?: BLOCK)?-----\s*[A-Za-z0-9+/=:\s]{40}")
# Forms that their makers document for finding leaked ones.
_TOKENS: Final[Mapping[str, re.Pattern[str]]] = {
    name: re.compile(rf"(?<![A-Za-z0-9_-]){pattern}(?![A-Za-z0-9])")
    for name, pattern in {
        "a token of Docker Hub": r"dckr_pat_[\w-]{27}",
        "a token of GitHub": r"(?:gh[opsur]_[A-Za-z0-9]{36,}|github_pat_\w{82})",
        "a token of GitLab": r"glpat-[\w-]{20,}",
        "a token of npm": r"npm_[A-Za-z0-9]{36}",
        "a token of PyPI": r"pypi-AgEIcHlwaS5vcmc[\w-]{50,}",
        "a token of SendGrid": r"SG\.[\w-]{22}\.[\w-]{43}",
        "a token of Slack": r"xox[abeoprs]-(?:\d+-)+[A-Za-z0-9]{20,}",
        "a secret key of Stripe": r"[rs]k_live_[A-Za-z0-9]{24,}",
        "a token of Vault": r"hvs\.[\w-]{24,}",
    }.items()
}
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/:@\"'<>{}$]+:([^\s/@\"'<>{}$%*]{3,})@[\w.-]+", re.IGNORECASE)

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PASSWORDS = frozenset({"pass", "passphrase", "passwd", "password", "pwd"})
_RANDOM = frozenset({"credential", "secret", "token"})
_KEYS = frozenset({"access", "api", "auth", "encryption", "private", "secret", "signing"})
# Below these, or as these, only names of secrets stand.
_REFERENCES = re.compile(
    r"existing|external|keyref|vault|sealed|encrypted|(?:annotations?|keys?|labels?|names?|refs?|references?|templates?)\Z",
    re.IGNORECASE,
)
_STANDS_FOR = re.compile(
    r"[{}<>$%]|\*{3}|\A\s*\Z|://|\A(?:ENC\[|AgA|AgB|arn:|enc:|op:|ref\+|sops|vault[:+])|\A[./~]|\.{3}|"
    r"change|placeholder|replace|redacted|example|dummy|sample|default|fake|test|todo|fixme|your|insert|override|secret|"
    r"passw|token|none|null|nil|unused|unset|empty|xxx|foo|bar|mock|demo|admin|user|root|postgres|local|dev|key",
    re.IGNORECASE,
)
_NAME = re.compile(r"[a-z]+(?:[-_./][a-z0-9]+)*|[A-Z]+(?:_[A-Z0-9]+)*")
_SHORTEST_PASSWORD: Final = 6
_SHORTEST_TOKEN: Final = 16


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
    """What kind of secret a text is; empty if it isn't certainly one."""
    if _PRIVATE_KEY.search(value):
        return "a private key"
    for what, pattern in _TOKENS.items():
        if (token := pattern.search(value)) and not _STANDS_FOR.search(token.group()[8:]):
            return what
    if (address := _ADDRESS.search(value)) and not _stands_for(address.group(1)):
        return "an address with a password"
    if any(_REFERENCES.search(str(key)) for key in keys[:-1] if isinstance(key, str)):
        return ""
    words = [word.lower() for word in _WORD.findall(name)]
    last, before = (words or [""])[-1], (words[-2:-1] or [""])[0]
    if "\n" in value or _stands_for(value):
        return ""
    if last in _PASSWORDS and len(value) >= _SHORTEST_PASSWORD:
        return "a password" if _is_mixed(value) else ""
    is_token = last in _RANDOM or (last == "key" and before in _KEYS)
    return "a secret" if is_token and len(value) >= _SHORTEST_TOKEN and _is_mixed(value) else ""


def _name_of(keys: tuple[str | int, ...]) -> str:
    return next((key for key in reversed(keys) if isinstance(key, str)), "")


def _stands_for(value: str) -> bool:
    """Whether a text is no secret but stands for one: a placeholder, a reference, a name, something encrypted."""
    return bool(_STANDS_FOR.search(value) or _NAME.fullmatch(value))


def _is_mixed(value: str) -> bool:
    """Whether it has letters and digits and is one word: no name, no sentence, no date."""
    return bool(re.search("[A-Za-z]", value) and re.search(r"\d", value) and not re.search(r"\s", value))
