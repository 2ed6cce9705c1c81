"""Which keys of an environment are secrets, or may be: they are never copied, and their values never shown."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from scenedock.changes.environments.entries import Entries, Entry, Identity
from scenedock.documents.credentials import has_credential, tells_password
from scenedock.documents.encryption import CIPHERTEXT
from scenedock.documents.plain_secrets import is_below_secret, is_likely_secret, name_of_items, secrets_in_text
from scenedock.model.addresses import without_credentials

SECRETS: Final = frozenset({"Secret", "SealedSecret"})
"""The kinds of Kubernetes whose values aren't copied."""
NAME_ALONE: Final = "it names a secret, and has nothing else"
GENERATED: Final = "a secret is generated of it"
_SEALED = re.compile(r"Ag[A-D][A-Za-z0-9+/=\s]{60,}\Z")
_ITEM = re.compile(r"\[(?:name|key)=(.*)\]\Z", re.DOTALL)
# Users who are no secret, as they are in the path, too: `https://acme@dev.azure.com/acme/_git/apps`.
_USER = re.compile(r"(?<=://)(?:git|([\w.-]+)(?=@[^\s@/]+/\1/))@")
_NAME_AND_VALUE: Final = 2
_NAMED = re.compile(r"""(?<![\w.-])([\w.-]+)["']?[ \t]*[:=][ \t]*["']?""")
_VALUE = re.compile(r"""([^\s"',;]++)(["']?(?:(?=[,;])|[ \t]*+\Z))?+""")


def secret_items(entries: Entries) -> Collection[tuple[int, Identity]]:
    """The items of lists that have a name and a secret, and nothing else: `{name: PASSWORD, value: …}`."""
    items: dict[tuple[int, Identity], list[Entry]] = {}
    for each in entries:
        if len(each.identity) > 1 and _ITEM.search(each.identity[-2]) and not each.is_key:
            items.setdefault((each.document, each.identity[:-1]), []).append(each)
    return {
        at
        for at, inside in items.items()
        if len(inside) == _NAME_AND_VALUE and sum(bool(secret_in(each)) for each in inside) == 1
    }


def secret_in(entry: Entry) -> str:
    """Why a value isn't copied: it is or may be a secret. Empty if it isn't one."""
    value = entry.value
    if value is None or isinstance(value, bool) or entry.is_key:
        return ""
    text = str(value)
    if text.startswith(CIPHERTEXT):
        return "it is encrypted"
    if _SEALED.match(text):
        return "it is sealed for its environment"
    name = next(iter(item_of(entry)), entry.name)
    if is_likely_secret(text, name):
        return "it is a secret, as its name says"
    return _secret_by_text(text, name) or _secret_by_place(entry, text)


def _secret_by_text(text: str, name: str) -> str:
    address = _USER.sub("", text)
    if without_credentials(address) != address:
        return "its address has credentials"
    return "it is a secret, or its text has one" if secrets_in_text(text) or has_credential(text, name) else ""


def _secret_by_place(entry: Entry, text: str) -> str:
    if is_below_secret(text, entry.names):
        return "it is below a name of secrets"
    is_item = _is_item(entry) and is_likely_secret(text, name_of_items(_list_of(entry)))
    return "it is a secret, as the name of its list says" if is_item else ""


def _is_item(entry: Entry) -> bool:
    """Whether a value is an item of a list, or the value of one that has a name."""
    return entry.identity[-1:] == ("*",) or bool(item_of(entry))


def _list_of(entry: Entry) -> str:
    """The name of the list that an item is in."""
    names = entry.names[:-1] if item_of(entry) else entry.names
    return names[-1] if names else ""


def secret_in_comment(text: str) -> bool:
    """Whether a comment has a secret: a setting that is switched off, an address with credentials, a key, a password
    in a sentence.

    >>> secret_in_comment("# DB_PASSWORD: hunter2"), secret_in_comment("# the password is in the vault")
    (True, False)
    """
    address = _USER.sub("", text)
    return (
        any(is_likely_secret(value, name) for name, value in _assigned(text))
        or without_credentials(address) != address
        or bool(secrets_in_text(text))
        or has_credential(text)
        or tells_password(text)
    )


def _assigned(text: str) -> Iterator[tuple[str, str]]:
    """The names and values in a comment, such as a setting that somebody has switched off.

    A value is looked at once, though it may have many names: `a:b:c`.

    >>> list(_assigned("# a: b, c = 'd:e', f:g h"))
    [('a', 'b'), ('c', 'd:e')]
    """
    end, is_whole = 0, False
    for named in _NAMED.finditer(text):
        if is_whole and named.start() < end:
            continue
        if named.end() >= end:
            value = _VALUE.match(text, named.end())
            if value is None:
                continue
            end, is_whole = value.end(1), value[2] is not None
        if is_whole:
            yield named[1], text[named.end() : end]


def nested_secrets(entries: Entries) -> Mapping[tuple[int, Identity], str]:
    """The manifests of secrets inside of other documents, such as a `List`, with their kinds."""
    versioned = {(each.document, each.identity[:-1]) for each in entries if each.name == "apiVersion"}
    return {
        at: str(each.value)
        for each in entries
        if each.name == "kind" and not each.is_key and each.value in SECRETS
        if (at := (each.document, each.identity[:-1])) in versioned
    }


def generated_of(entries: Iterable[Entry]) -> Collection[str]:
    """The files that generators of secrets read, as a Kustomization names them."""
    return {
        str(each.value).rpartition("=")[2]
        for each in entries
        if "secretGenerator" in each.names and each.name in {"env", "envs", "files"} and not each.is_key
    }


def item_of(entry: Entry) -> tuple[str, ...]:
    """The name of the item of a list whose value an entry is."""
    item = _ITEM.search(entry.identity[-2]) if entry.name == "value" and len(entry.identity) > 1 else None
    return (item[1],) if item else ()
