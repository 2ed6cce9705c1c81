"""A sign: a pattern of lines, the files in which it counts, and what it proves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from scenedock.assessment.claims import Claim, Fact, Service, Source
from scenedock.model.addresses import without_credentials
from scenedock.structs import dataclass

LONGEST_SAID = 120

_COMMENT = re.compile(r"\s*(?:#|//|<!--|--(?!-)|;|%#|\{#|/\*|REM\b|dnl\b)", re.IGNORECASE)
_STARS = re.compile(r".*\.(?:java|kt|groovy|gradle|cs|go|php|inc|[cm]?[jt]sx?|scala|scss|css|c|h|cc|cpp|hpp|rs)")
"""Files in which a line that begins with a star is inside of a comment; in a crontab it is a time."""


@dataclass(frozen=True, slots=True)
class Sign:
    """`files` must match a whole path, `line` some part of a line that isn't a comment: that of its first group.

    `said`, the values of `facts` and the address of `service` may name groups of `line`: `{version}`. `needs` is a text
    that a file has if it has the sign: looking for that first is much faster. Comments count with `in_comments`.
    """

    rule: str
    files: re.Pattern[str]
    line: re.Pattern[str]
    said: str
    facts: tuple[Fact, ...] = ()
    service: Service | None = None
    needs: str = ""
    in_comments: bool = False

    def claims(self, source: Source) -> Iterator[Claim]:
        """The claims that a file proves, whose path matches."""
        if self.needs and self.needs not in source.text:
            return
        at, line = 0, 1
        for match in self.line.finditer(source.text):
            place = match.start(1) if self.line.groups and match.start(1) >= 0 else match.start()
            line, at = line + source.text.count("\n", at, place), place
            if self.in_comments or not is_comment(source.path, source.line_text(place)):
                groups = {name: printed(text or "") for name, text in match.groupdict().items()}
                facts = tuple(Fact(each.question, each.value.format(**groups), each.strength) for each in self.facts)
                service = self.service and Service(self.service.kind, self.service.address.format(**groups))
                yield Claim(self.rule, source.path, line, self.said.format(**groups), facts, service)


def sign(
    rule: str,
    files: str,
    line: str,
    said: str,
    *facts: Fact,
    service: Service | None = None,
    needs: str = "",
    in_comments: bool = False,
) -> Sign:
    """A sign from regular expressions; `^` and `$` are those of a line. A leading `(?i)` ignores case."""
    return Sign(rule, re.compile(files), re.compile(line, re.MULTILINE), said, facts, service, needs, in_comments)


def printed(text: str) -> str:
    """A text of a file as it may be shown: short, in one line, without credentials in addresses."""
    text = without_credentials(" ".join(text.split()))
    shown = "".join(each if each.isprintable() else "�" for each in text)
    return shown if len(shown) <= LONGEST_SAID else f"{shown[:LONGEST_SAID]}…"


def is_comment(path: str, line: str) -> bool:
    """Whether a line of a file is a comment.

    >>> is_comment("src/A.java", " * @Scheduled"), is_comment("etc/crontab", "* * * * * root run")
    (True, False)
    """
    return bool(_COMMENT.match(line)) or (line.lstrip().startswith("*") and bool(_STARS.fullmatch(path)))


def claims_of(signs: Sequence[Sign], source: Source) -> Iterator[Claim]:
    """The claims of all signs in a file."""
    for each in signs:
        if each.files.fullmatch(source.path):
            yield from each.claims(source)
