"""Who owns a folder: settings, an owner annotation, CODEOWNERS, an `owner-info` block, the default, else `unknown`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from scenedock.catalog.formats import as_entity_name
from scenedock.model.entity import DEFAULT_NAMESPACE, EntityRef

if TYPE_CHECKING:
    from codeowners import CodeOwners

# Where GitHub and GitLab look for the file, in their order.
CODEOWNERS_FILES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
UNKNOWN = "unknown"

_SECTION = re.compile(r"^\^?\[[^\]/]+\](\[\d+\])?(?P<owners>(\s+@\S+)*)\s*$")


class Codeowners:
    """CODEOWNERS: the last pattern that matches decides, sections of GitLab lend their lines their default owners.

    Sources: GitHub, "About code owners"; GitLab, "Code Owners: Set default owner for a section".
    """

    def __init__(self, text: str = "") -> None:
        """Read the text of a file.

        Raises
        ------
        ValueError   a pattern can't be understood
        """
        self._parsed: CodeOwners | None = None
        if text.strip():
            from codeowners import CodeOwners

            try:
                self._parsed = CodeOwners(_with_section_owners(text))
            except re.error as error:
                raise ValueError(f"a pattern can't be understood: {error}") from error

    def owner_of(self, folder: str) -> str:
        """The owner of what lies in a folder, as an entity reference, or an empty string.

        The first team counts (a Group); without one, the first user (a User). An e-mail address names nobody in
        Backstage.
        """
        if self._parsed is None:
            return ""
        owners = self._parsed.of(f"{folder}/Chart.yaml" if folder else "Chart.yaml")
        named = [name for kind, name in owners if kind == "TEAM"] or [
            name for kind, name in owners if kind == "USERNAME"
        ]
        return as_owner(named[0]) if named else ""


def _with_section_owners(text: str) -> str:
    """The lines, where those without owners have the default owners of their `[Section]`; headings are left out."""
    lines: list[str] = []
    defaults = ""
    for line in text.splitlines():
        if heading := _SECTION.match(line.strip()):
            defaults = heading["owners"]
        elif line.strip() and not line.lstrip().startswith("#"):
            lines.append(line if "@" in line else f"{line.rstrip()} {defaults}")
    return "\n".join(lines)


def as_owner(text: str) -> str:
    """What a person wrote as an owner, as an entity reference; a plain name means a Group. Empty if it names nobody.

    >>> as_owner("payments"), as_owner("@acme/payments"), as_owner("user:jane"), as_owner("jane@acme.test")
    ('group:default/payments', 'group:default/payments', 'user:default/jane', '')
    """
    word = text.strip()
    if not word or "{{" in word or "@" in word[1:]:
        return ""
    if word.startswith("@"):
        return _ref("group" if "/" in word else "user", word.rpartition("/")[2].removeprefix("@"))
    try:
        ref = EntityRef.parse(word, default_kind="group")
    except ValueError:
        return ""
    if ref.kind not in {"group", "user"}:
        return ""
    return _ref(ref.kind, word.rpartition("/")[2].rpartition(":")[2], ref.namespace)


def first_owner(candidates: Iterable[str]) -> str:
    """The first candidate that names somebody, else `unknown`."""
    return next(filter(None, candidates), UNKNOWN)


def _ref(kind: str, name: str, namespace: str = DEFAULT_NAMESPACE) -> str:
    clean = as_entity_name(name)
    return f"{kind}:{namespace}/{clean}" if clean else ""
