"""A review as Markdown, for a comment or the summary of a pipeline: nothing from a repository is a command in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from scenedock.catalog.comparing.text import as_lines
from scenedock.catalog.emitting.finding_files import file_of
from scenedock.manifests.lines import counted, safe
from scenedock.manifests.markdown import LIMIT, as_markdown, code, fenced
from scenedock.manifests.secrets import masked
from scenedock.model.finding import Finding
from scenedock.usecases.catalog.check_catalog import Check
from scenedock.usecases.ci.review_change import Review

_SHARE: Final = 4
"""The check and the catalog may each have a quarter of a report's bytes; the manifests have the rest."""
_LONGEST: Final = 400


def as_report(review: Review, subject: str, footer: str, limit: int = LIMIT) -> str:
    """The report about a folder, `.` for the repository itself; at most so many bytes, and what is left out is counted.

    `footer` is our own Markdown.
    """
    parts = [f"### Scenedock{'' if subject == '.' else f': {code(subject)}'}"]
    if review.check:
        prefixes = {each.facts.name: each.facts.prefix for each in review.export.repositories}
        parts.append(_checked(review.check, prefixes, limit // _SHARE))
    if review.changes:
        heading, *lines = (_short(line) for line in as_lines(review.changes))
        parts.append(f"{code(heading)}\n\n{_cut(lines, limit // _SHARE, 'diff')}")
    elif review.changes is not None:
        parts.append("Catalog: no changes")
    parts += [f"{code(safe_line(note))}." for note in (*review.notes, *review.uncompared)]
    rest = limit - len("\n\n".join([*parts, footer]).encode()) - len("\n\n\n")
    if review.manifests is not None:
        parts.append(as_markdown(review.manifests, rest).strip())
    return "\n\n".join(filter(None, [*parts, footer])) + "\n"


def _checked(check: Check, prefixes: Mapping[str, str], limit: int) -> str:
    if not check.failed:
        return str(check)
    errors = [each for each in check.findings if each.severity == "error"]
    lines = [_short(f"{_place(each, prefixes)}{each.message}") for each in errors]
    remedies = dict.fromkeys(_short(each.remedy) for each in errors if each.remedy)
    return f"**{check}**\n\n{_cut(lines, limit, '')}\n\n{_cut(list(remedies), limit // _SHARE, '')}".strip()


def _place(finding: Finding, prefixes: Mapping[str, str]) -> str:
    """`clusters/qa/shop/Chart.yaml:3: `, from the root of the clone; nothing for what concerns all of it."""
    if not finding.place.path:
        return ""
    return f"{file_of(finding, prefixes)}{f':{finding.place.line}' if finding.place.line else ''}: "


def _cut(lines: Sequence[str], limit: int, language: str) -> str:
    """A block of as many lines as fit, and how many are left out."""
    shown = list(_fitting(lines, limit))
    left = len(lines) - len(shown)
    more = f"\n\n… and {counted(left, 'line')} more, in the pipeline's log" if left else ""
    return f"{fenced(shown, language)}{more}" if lines else ""


def _fitting(lines: Sequence[str], limit: int) -> Iterator[str]:
    for line in lines:
        limit -= len(line.encode()) + 1
        if limit < 0:
            return
        yield line


def safe_line(line: str) -> str:
    """A line about the repository, without the secrets that are assigned in it, and without invisible characters."""
    return safe(masked(line))


def _short(line: str) -> str:
    line = safe_line(line)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
