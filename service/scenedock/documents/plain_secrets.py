"""Which texts are secrets in plain text, by their form and by the name that they stand under.

To report one, it must be certain (`kind_of_secret`); to show one, it must not even be likely (`is_likely_secret`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from scenedock.model.addresses import REDACTED, without_credentials
from scenedock.model.json import Json

_PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY(?: BLOCK)?-----(?:\\[nr]|\s)*[A-Za-z0-9+/=:\s]{40}")
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
# The name of a scheme is bounded: a word of a megabyte would be read to its end from each of its letters.
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{0,30}://[^\s/:@\"'<>{}$]*:([^\s/@\"'<>{}$%*]{3,})@[\w.-]+", re.IGNORECASE)

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_PASSWORDS = frozenset({"pass", "passphrase", "passwd", "password", "pw", "pwd"})
_SECRETS = frozenset({"credentials", "password", "passwords", "pw", "secret", "secrets"})
_ELSEWHERE = re.compile(r"existing|external|pull|vault|sealed|encrypted|mount", re.IGNORECASE)
_OF_MOUNTS = frozenset({"defaultMode", "mode", "mountPath", "path", "subPath"})
_RANDOM = frozenset({"credential", "secret", "token"})
_KEYS = frozenset({"access", "api", "auth", "encryption", "private", "secret", "signing"})
# Below these, or as these, only names of secrets stand.
_REFERENCES = re.compile(
    r"existing|external|keyref|vault|sealed|encrypted|(?:annotations?|keys?|labels?|names?|refs?|references?|templates?)\Z",
    re.IGNORECASE,
)
_STANDS_FOR = re.compile(
    r"\*{3}|\A\s*\Z|://|\A(?:ENC\[|AgA|AgB|arn:|enc:|op:|ref\+|sops|vault[:+])|\A[./~]|\.{3}|"
    r"change|placeholder|replace|redacted|example|todo|fixme|your|insert|override|xxx|"
    # What a template, a shell or a format fills in:
    r"[{<][{%]|[$#%]\{|\{\w*\}|\A[{\[]|<[\w ./-]+>|\$\([^)]*\)|`|\A\$|(?-i:\$[A-Z_]{3,})|\A%.*%\Z|%\(\w+\)[sd]|"
    r"%[sdv](?!\w)|"
    # An expression, a pattern, or a list of rules:
    r"\A[\w.:]+\(.*\)\Z|\w\[[\w'\"]+\]|->|\A\^.*\$\Z|\\[dwsbu]|\(\?|\[\^?\w-\w|\{\d+,?\d*\}|"
    r"\A[\w:,.-]+(?:\|[\w:,.-]+)+\Z",
    re.IGNORECASE,
)
# Of such words alone no secret is made.
_COMMON_WORDS = re.compile(
    r"dummy|sample|default|fake|test|secret|password|passwd|pass|pw|token|none|null|nil|unused|unset|empty|foo|bar|mock|"
    r"demo|admin|user|root|postgres|local|dev|key|\W|\d|_",
    re.IGNORECASE,
)
_NAME = re.compile(r"[a-z]+(?:[-_./][a-z0-9]+)*|[A-Z]+(?:_[A-Z0-9]+)*")
_SHORTEST_PASSWORD: Final = 6
_SHORTEST_TOKEN: Final = 16
_LONG: Final = 48
_MANY_MARKS: Final = 8

_REFERS = re.compile(
    r"\s*|true|false|null|none|\$\(.*\)|\$\{.*\}|\$\w+|\{\{.*\}\}|<.*>|\*+|\[redacted\]|[\w.+-]+://[^@]*|"
    r"(?:ENC\[|AgA|AgB|arn:|enc:|op:|ref\+|sops|vault[:+]|file:).*|(?:/[\w.-]+){2,}",
    re.IGNORECASE | re.DOTALL,
)
# `name=value`, `name: value`, also in quotes, in JSON inside of JSON, and in an element of XML.
_ASSIGNED = re.compile(
    r"(?<![\w.-])(?P<name>[A-Za-z_-][\w.-]*)"
    r"(?:(?P<quote>\\*[\"'])?(?:[ \t]*=[ \t]*|[ \t]*:[ \t]+|(?(quote):|(?!)))"
    r"(?:(?P<open>\\*[\"'])(?P<quoted>(?:(?!(?P=open))[^\n\\]|\\[^\n])*)|(?P<plain>[^\s\"',;&}\]]+))"
    r"|>(?P<element>[^<>\n]{1,500})</)"
)
_QUOTED_BY_SCHEMA = re.compile(r"(?<=': )'(?:[^'\\]|\\.)*'(?= (?:does not|is not))")
_PATH_OF_SCHEMA = re.compile(r"at '[^' ]*': \Z")
_LINE_START = re.compile(r"[ \t]*(?:- )?[\"']?")
_BLOCK = re.compile(r"[|>][+-]?\d?[ \t]*")


def kind_of_secret(value: str, name: str, above: Iterable[str] = ()) -> str:
    """What kind of secret a text certainly is; empty if it may be none. `above` are the keys above its own `name`."""
    if _PRIVATE_KEY.search(value):
        return "a private key"
    for what, pattern in _TOKENS.items():
        if (token := pattern.search(value)) and not _STANDS_FOR.search(token.group()[8:]):
            return what
    if (address := _ADDRESS.search(value)) and not _stands_for(address.group(1)):
        return "an address with a password"
    if any(map(_REFERENCES.search, above)):
        return ""
    is_password, is_token = _says_secret(name)
    is_generated = is_token and _is_generated(value)
    if "\n" in value or (_stands_for(value) and not is_generated):
        return ""
    if is_password and len(value) >= _SHORTEST_PASSWORD:
        return "a password" if _is_mixed(value) else ""
    if is_token and _names_object(name) and is_name_of_object(value):
        return ""
    return "a secret" if is_token and len(value) >= _SHORTEST_TOKEN and (is_generated or _is_mixed(value)) else ""


def is_likely_secret(value: str, name: str) -> bool:
    """Whether a text under a name should not be shown: a literal, where the name says that it is a secret."""
    if kind_of_secret(without_credentials(value), name):
        return True
    is_password, is_token = _says_secret(name)
    if _REFERENCES.match(name) or not (is_password or is_token) or _REFERS.fullmatch(value):
        return False
    return is_password or not (_NAME.fullmatch(value) or is_name_of_object(value))


def name_of_items(name: str) -> str:
    """What each item of a list is, by the list's name.

    >>> name_of_items("tokens"), name_of_items("apiKeys"), name_of_items("pass")
    ('token', 'apiKey', 'pass')
    """
    return name if name.endswith("ss") else name.removesuffix("s")


def is_below_secret(value: str, names: Sequence[str]) -> bool:
    """Whether the names above a value say that it is a secret, and it doesn't name one; its own name is the last.

    >>> is_below_secret("8f14", ["secrets", "license"]), is_below_secret("billing-db", ["secret", "secretName"])
    (True, False)
    """
    own = names[-1] if names else ""
    above = [each for each in names[:-1] if not _ELSEWHERE.search(each)]
    if own in {"passwords", "secrets"}:
        return is_likely_secret(value, own.removesuffix("s"))
    if not any(_last_word(each) in _SECRETS for each in above) or own in _OF_MOUNTS or value in {"", "{}", "[]"}:
        return False
    is_name = _REFERENCES.search(own) and (_NAME.fullmatch(value) or is_name_of_object(value))
    return not is_name and (not _REFERS.fullmatch(value) or value.startswith("http"))


def secrets_in_text(text: str, spelled: Callable[[str], str] = str) -> list[tuple[int, int]]:
    """Where values of assignments in a text are likely secrets: `db.password=…`, `"token": "…"`, `--password=…`.

    `spelled` gives for a name the one that says what it is.
    """
    found: list[tuple[int, int]] = []
    at = 0
    while each := _ASSIGNED.search(text, at):
        at = each.end("name")  # what follows another name may have a name of a secret in it
        if not any(_says_secret(name := spelled(each["name"]))):
            continue
        start, end = next(each.span(part) for part in ("quoted", "plain", "element") if each[part] is not None)
        if each["plain"] is not None:
            end = _end_of(text, each.start(), start, end)
        if is_likely_secret(text[start:end], name):
            found.append((start, end))
            at = end
    return found


def _end_of(text: str, name: int, start: int, end: int) -> int:
    """Where a value without quotes ends: if its name begins the line, with the line, or the block of YAML below it."""
    line = text.rfind("\n", 0, name) + 1
    if not _LINE_START.fullmatch(text, line, name):
        return end
    end = text.find("\n", start) % (len(text) + 1)
    if not _BLOCK.fullmatch(text, start, end):
        return end
    indent = re.escape(text[line:name].replace("-", " "))
    below = re.compile(rf"(?:\n(?:{indent}[ \t]+[^\n]*|[ \t]*(?=\n|\Z)))*").match(text, end)
    return below.end() if below else end


def without_values(said: str, values: Iterable[Json]) -> str:
    """What a tool says about `values`, without those that are likely secrets, and without any that a schema quotes."""
    for secret in sorted({each for value in values for each in _secrets_in(value, "")}, key=len, reverse=True):
        whole = rf"(?<!\w){re.escape(secret)}(?!\w)"  # a short one may be part of any word
        said = re.sub(re.escape(secret) if len(secret) >= _SHORTEST_PASSWORD else whole, REDACTED, said)
    said = _QUOTED_BY_SCHEMA.sub("the value", said)
    for start, end in reversed(secrets_in_text(said)):
        if not _PATH_OF_SCHEMA.search(said, 0, start):
            said = f"{said[:start]}{REDACTED}{said[end:]}"
    return said


def _secrets_in(value: Json, name: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        named = value.get("name")
        for key, below in value.items():
            yield from _secrets_in(below, named if key == "value" and isinstance(named, str) else key)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from _secrets_in(item, name_of_items(name))
    elif not isinstance(value, bool) and value is not None and is_likely_secret(str(value), name):
        yield str(value)


def is_reference(value: str) -> bool:
    """Whether a text is no secret but says where one is, as `$(TOKEN)`, or a placeholder.

    >>> is_reference("${NPM_TOKEN}"), is_reference("hunter2x")
    (True, False)
    """
    return bool(_REFERS.fullmatch(value))


def is_name_of_object(text: str) -> bool:
    """Whether it is a name with separators, as Kubernetes' objects have: most of its parts are words.

    >>> is_name_of_object("s3-backup-bucket-rw"), is_name_of_object("8f14e45f-ceea-467a-9575-0a9b1c2d3e4f")
    (True, False)
    """
    parts = re.split(r"[-._]", text)
    words = [each for each in parts if re.fullmatch(r"(?:[A-Z]?[a-z]+)+|[A-Z]+", each)]
    is_plain = all(re.fullmatch(r"[A-Za-z0-9]{1,20}", each) for each in parts)
    return is_plain and 1 < len(parts) <= 2 * len(words) and not re.fullmatch(r"[0-9a-fA-F-]+", text)


def _says_secret(name: str) -> tuple[bool, bool]:
    """Whether a name says that something is a password, or that it is a token or key."""
    words = [word.lower() for word in _WORD.findall(name)]
    if words[-3:] == ["secret", "key", "base"]:  # of Rails
        words.pop()
    last, before = (words or [""])[-1], (words[-2:-1] or [""])[0]
    return last in _PASSWORDS or last.endswith("password"), last in _RANDOM or (last == "key" and before in _KEYS)


def _last_word(name: str) -> str:
    words: list[str] = _WORD.findall(name)
    return words[-1].lower() if words else ""


def _names_object(name: str) -> bool:
    return name.lower().endswith(("secret", "credential"))


def _stands_for(value: str) -> bool:
    """Whether a text is no secret but stands for one: a placeholder, a reference, a name, something encrypted."""
    return bool(_STANDS_FOR.search(value) or _NAME.fullmatch(value)) or not _COMMON_WORDS.sub("", value)


def _is_mixed(value: str) -> bool:
    """Whether it has letters and digits and is one word: no name, no sentence, no date."""
    return bool(re.search("[A-Za-z]", value) and re.search(r"\d", value) and not re.search(r"\s", value))


def _is_generated(value: str) -> bool:
    """Whether it is long and of all kinds of characters, blanks too, as WordPress makes its keys."""
    marks = {each for each in value if not each.isalnum() and not each.isspace()}
    return (
        len(value) >= _LONG
        and len(marks) >= _MANY_MARKS
        and bool(re.search(r"\d", value))
        and not re.search(r"[a-z]{6}|[{<][{%]|\$\{|://|\n", value)
    )
