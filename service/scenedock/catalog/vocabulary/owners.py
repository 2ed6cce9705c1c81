"""Who owns a folder: settings, an owner annotation, CODEOWNERS, an `owner-info` block, the default, else `unknown`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import takewhile
from types import MappingProxyType

from scenedock.catalog.vocabulary.formats import as_entity_name
from scenedock.catalog.vocabulary.globs import beginning_of, is_glob, matches
from scenedock.errors import InputError
from scenedock.model.entity import DEFAULT_NAMESPACE, EntityRef
from scenedock.structs import dataclass, field

# Where GitHub and GitLab look for the file, in their order.
CODEOWNERS_FILES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
UNKNOWN = "unknown"
MAX_BYTES = 3_000_000
"""GitHub ignores a larger file."""

_SECTION = re.compile(r"^\^?\[[^\]/]+\](\[\d+\])?(?P<owners>(\s+@\S+)*)\s*$")
_WORD = re.compile(r"(?:\\.|[^\\\s])+")


@dataclass(frozen=True, slots=True)
class _Rule:
    """One line: what it matches, what every such path begins with, and its first team, else its first user."""

    globs: tuple[str, ...]
    beginning: str
    owner: str
    line: int


@dataclass(frozen=True, slots=True)
class Codeowners:
    """CODEOWNERS: the last pattern that matches decides, and GitLab's sections have default owners for their lines.

    `rules` are its lines, the last first. `problems` are those that can't be parsed, by number; they are ignored.
    `path` is the file's.
    Sources: GitHub, "About code owners"; GitLab, "Code Owners: Set default owner for a section".
    """

    rules: tuple[_Rule, ...] = ()
    problems: Mapping[int, str] = field(default_factory=dict)
    path: str = ""

    @classmethod
    def read(cls, text: str, owner_names: Mapping[str, str] = MappingProxyType({}), *, path: str = "") -> Codeowners:
        """What the text of such a file says."""
        problems: dict[int, str] = {}
        rules: list[_Rule] = []
        defaults: list[str] = []
        for number, line in enumerate(text.splitlines(), start=1):
            if heading := _SECTION.match(line.strip()):
                defaults = heading["owners"].split()
                continue
            words = list(takewhile(lambda word: not word.startswith("#"), _WORD.findall(line)))
            if not words:
                continue
            globs = tuple(_as_globs(words[0]))
            if globs and all(map(is_glob, globs)):
                owner = _owner_among(words[1:] or defaults, owner_names)
                rules.append(_Rule(globs, beginning_of(globs[0]), owner, number))
            else:
                problems[number] = "the pattern is empty, too long, or its braces expand to too many patterns"
        return cls(tuple(reversed(rules)), problems, path)

    def owner_of(self, folder: str) -> str:
        """The owner of what lies in a folder, as an entity reference, or an empty string.

        The first team counts (a Group); without one, the first user (a User). An e-mail address names nobody in
        Backstage.
        """
        return next(self.owners_of(folder), ("", 0))[0]

    def owners_of(self, folder: str) -> Iterator[tuple[str, int]]:
        """The owner and the line of every pattern that matches; the last one in the file, which decides, in front."""
        path = f"{folder}/Chart.yaml" if folder else "Chart.yaml"
        return (
            (rule.owner, rule.line)
            for rule in self.rules
            if path.startswith(rule.beginning) and matches(path, rule.globs)
        )


def check_length(data: bytes) -> None:
    """Refuse a CODEOWNERS file that is too large.

    Raises
    ------
    InputError   it has more than `MAX_BYTES`
    """
    if len(data) > MAX_BYTES:
        raise InputError(f"has {len(data):,} bytes; GitHub ignores a CODEOWNERS file of more than {MAX_BYTES:,}")


def _as_globs(pattern: str) -> Iterator[str]:
    """A pattern, which follows the rules of .gitignore, as globs: of the path itself, and of what lies below it."""
    literal = re.sub(r"\\(.)", lambda escaped: f"[{escaped[1]}]" if escaped[1] in "*?[" else escaped[1], pattern)
    glob = literal.strip("/")
    if not glob:
        return
    if "/" not in literal.rstrip("/"):
        glob = f"**/{glob}"
    if not literal.endswith("/"):
        yield glob
    if not literal.endswith("/*"):
        yield f"{glob}/**"


def _owner_among(words: Sequence[str], owner_names: Mapping[str, str]) -> str:
    """The first team, else the first user; e-mail addresses and GitLab's roles (`@@maintainer`) are neither."""
    owners = [(word, owner) for word in words if word.startswith("@") and (owner := as_owner(word, owner_names))]
    teams = [owner for word, owner in owners if "/" in word]
    return next(iter([*teams, *(owner for _, owner in owners)]), "")


def as_owner(text: str, owner_names: Mapping[str, str] = MappingProxyType({})) -> str:
    """What a person wrote as an owner, as an entity reference; a plain name means a Group. Empty if it names nobody.

    `owner_names` say which entities the handles of a code host mean (`ownerNames` of the settings): the first pattern
    counts, and `{org}` and `{team}` are the parts before and after the first slash.

    >>> as_owner("payments"), as_owner("@acme/payments"), as_owner("user:jane"), as_owner("jane@acme.test")
    ('group:default/payments', 'group:default/payments', 'user:default/jane', '')
    """
    word = text.strip()
    if not word or "{{" in word or "@" in word[1:]:
        return ""
    if word.startswith("@"):
        if named := _named(word, owner_names):
            return named
        return _ref("group" if "/" in word else "user", word.rpartition("/")[2].removeprefix("@"))
    try:
        ref = EntityRef.parse(word, default_kind="group")
    except ValueError:
        return ""
    if ref.kind not in {"group", "user"}:
        return ""
    return _ref(ref.kind, word.rpartition("/")[2].rpartition(":")[2], ref.namespace)


def _named(handle: str, owner_names: Mapping[str, str]) -> str:
    """The reference that settings give to a handle, or an empty string. A nested team's slashes become hyphens.

    >>> _named("@acme/core/search", {"@acme/*": "group:acme/{team}"})
    'group:acme/core-search'
    """
    org, slash, team = handle[1:].partition("/")
    words = as_entity_name(org), as_entity_name(team if slash else org)
    for pattern, reference in owner_names.items():
        if fnmatchcase(handle.lower(), pattern.lower()):
            return as_owner(reference.replace("{org}", words[0]).replace("{team}", words[1]))
    return ""


def first_owner(candidates: Iterable[str]) -> str:
    """The first candidate that names somebody, else `unknown`."""
    return next(filter(None, candidates), UNKNOWN)


def _ref(kind: str, name: str, namespace: str = DEFAULT_NAMESPACE) -> str:
    clean = as_entity_name(name)
    return f"{kind}:{namespace}/{clean}" if clean else ""
