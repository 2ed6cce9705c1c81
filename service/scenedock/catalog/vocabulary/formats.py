"""The formats of entity fields, exactly as Backstage validates them, and how to make a text conform.

Source of the rules: the default validators of `@backstage/catalog-model` 1.10 (`makeValidator`) and Backstage's
"Descriptor Format of Catalog Entities".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType

from scenedock.documents.problems import Format

MOST_NAME_CHARACTERS = 63
MOST_PREFIX_CHARACTERS = 253

_NAME = re.compile(r"(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_DNS_LABEL = re.compile(r"[a-z0-9]+(?:-+[a-z0-9]+)*")
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_VERSION = re.compile(r"[A-Za-z0-9]+")
_TAG = re.compile(r"[a-z0-9:+#]+(?:-[a-z0-9:+#]+)*")

# What ECMAScript's String.trim() takes off; Python's strip() knows other characters.
_ECMASCRIPT_SPACE = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)


def is_entity_name(text: str) -> bool:
    """Whether a text is a valid `metadata.name`: `[a-zA-Z0-9-_.]`, 1 to 63, a letter or digit at both ends."""
    return len(text) <= MOST_NAME_CHARACTERS and _NAME.fullmatch(text) is not None


def is_namespace(text: str) -> bool:
    """Whether a text is a valid `metadata.namespace`: a DNS label, `[a-z0-9-]`, 1 to 63, no hyphen at the ends."""
    return len(text) <= MOST_NAME_CHARACTERS and _DNS_LABEL.fullmatch(text) is not None


def is_kind(text: str) -> bool:
    """Whether a text is a valid `kind`: a letter, then letters and digits, at most 63."""
    return len(text) <= MOST_NAME_CHARACTERS and _KIND.fullmatch(text) is not None


def is_api_version(text: str) -> bool:
    """Whether a text is a valid `apiVersion`: `v1` or `example.com/v1`."""
    return _is_prefixed(text, _is_version)


def is_label_key(text: str) -> bool:
    """Whether a text is a valid key of `metadata.labels`: `tier` or `example.com/tier`."""
    return _is_prefixed(text, is_entity_name)


def is_label_value(text: str) -> bool:
    """Whether a text is a valid value of `metadata.labels`: empty, or like an entity's name."""
    return not text or is_entity_name(text)


def is_annotation_key(text: str) -> bool:
    """Whether a text is a valid key of `metadata.annotations`: as for labels. Every text is a valid value."""
    return is_label_key(text)


def is_tag(text: str) -> bool:
    """Whether a text is a valid item of `metadata.tags`: `[a-z0-9:+#]`, single hyphens between, 1 to 63."""
    return len(text) <= MOST_NAME_CHARACTERS and _TAG.fullmatch(text) is not None


def is_url(text: str) -> bool:
    """Whether a text is a valid `metadata.links[].url`: an absolute URL by the WHATWG's rules, as in browsers."""
    from can_ada import can_parse  # the parser that node has

    return can_parse(well_formed(text))


def is_filled(text: str) -> bool:
    """Whether a text is a valid title or icon of a link: more than white space, as ECMAScript defines it."""
    return bool(text.strip(_ECMASCRIPT_SPACE))


def well_formed(text: str) -> str:
    """The text with U+FFFD for every half of a surrogate pair, as Node.js writes it."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


_NAME_RULE = "must be 1 to 63 characters of [a-zA-Z0-9-_.], starting and ending with a letter or digit"
_KEY_RULE = (
    "must be NAME or PREFIX/NAME; the name is 1 to 63 characters of [a-zA-Z0-9-_.], starting and ending with "
    "a letter or digit; the prefix is a DNS name in lower case of at most 253 characters"
)

FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "entity-name": Format(is_entity_name, _NAME_RULE),
        "namespace": Format(
            is_namespace, "must be 1 to 63 characters of [a-z0-9-], starting and ending with a letter or digit"
        ),
        "kind": Format(is_kind, "must be 1 to 63 characters of [a-zA-Z0-9], starting with a letter"),
        "api-version": Format(
            is_api_version,
            "must be VERSION or GROUP/VERSION, such as backstage.io/v1alpha1; the version consists of [a-zA-Z0-9], "
            "the group is a DNS name in lower case",
        ),
        "label-key": Format(is_label_key, _KEY_RULE),
        "label-value": Format(is_label_value, f"{_NAME_RULE}, or be empty"),
        "annotation-key": Format(is_annotation_key, _KEY_RULE),
        "tag": Format(is_tag, "must be 1 to 63 characters of [a-z0-9:+#], with single hyphens inside"),
        "url": Format(is_url, "must be an absolute URL, such as https://example.com/docs"),
        "filled": Format(is_filled, "must not be empty or only white space"),
    }
)
"""The rules by the names that the schemas use for them in `format`."""

_ORDINARY_NAME = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_ORDINARY_LABEL = r"[a-z0-9](?:[-a-z0-9]{0,28}[a-z0-9])?"
_ORDINARY_KEY = rf"(?:(?:{_ORDINARY_LABEL}\.){{0,3}}{_ORDINARY_LABEL}/)?{_ORDINARY_NAME}"
ORDINARY: Mapping[str, str] = MappingProxyType(
    {
        "annotation-key": _ORDINARY_KEY,
        "api-version": r"(?:[a-z]{1,30}\.)?backstage\.io/v[0-9](?:(?:alpha|beta)[0-9])?",
        "entity-name": _ORDINARY_NAME,
        "kind": r"[A-Za-z][A-Za-z0-9]{0,62}",
        "label-key": _ORDINARY_KEY,
        "tag": r"[a-z0-9:+#]{1,20}(?:-[a-z0-9:+#]{1,20}){0,2}",
    }
)
"""Patterns that match most texts for which a rule holds, and no others; the rules themselves decide about the rest."""


def as_entity_name(text: str) -> str:
    """The text as an entity's name, `""` if nothing valid is left; a text that is a valid name is kept.

    Accents go, each run of what is not allowed becomes a hyphen, and the rest is cut at 63 characters, as Helm charts
    cut the names of releases.
    """
    if is_entity_name(text):
        return text
    return _cut(re.sub(r"[^A-Za-z0-9_.-]+", "-", _without_accents(text)), "-_.")


def join_name(stem: str, ending: str) -> str:
    """`<stem>-<ending>` as an entity's name, cut in the stem where it is too long: the ending tells siblings apart."""
    end = as_entity_name(ending)
    most = MOST_NAME_CHARACTERS - len(end) - 1
    begin = as_entity_name(stem)[: max(most, 0)].rstrip("-_.")
    return f"{begin}-{end}" if begin and end else begin or end


def as_tag(text: str) -> str:
    """The text as a tag: as for a name, and in lower case."""
    if is_tag(text):
        return text
    return _cut(re.sub(r"[^a-z0-9:+#]+", "-", _without_accents(text).lower()), "-")


def _without_accents(text: str) -> str:
    if text.isascii():
        return text
    return "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))


def _cut(text: str, not_at_the_ends: str) -> str:
    return text.strip(not_at_the_ends)[:MOST_NAME_CHARACTERS].rstrip(not_at_the_ends)


def _is_prefixed(text: str, is_suffix: Callable[[str], bool]) -> bool:
    prefix, slash, suffix = text.rpartition("/")
    return is_suffix(suffix) and (not slash or _is_dns_name(prefix))


def _is_version(text: str) -> bool:
    return len(text) <= MOST_NAME_CHARACTERS and _VERSION.fullmatch(text) is not None


def _is_dns_name(text: str) -> bool:
    return len(text) <= MOST_PREFIX_CHARACTERS and all(map(is_namespace, text.split(".")))


def key_in_folder(path: str, name: str) -> str:
    """Under what the name of a service is remembered where a folder has several."""
    return f"{path}#{name.lower()}"


def is_key_in_folder(key: str) -> bool:
    """Whether it is a `key_in_folder`, and no path alone."""
    return "#" in key
