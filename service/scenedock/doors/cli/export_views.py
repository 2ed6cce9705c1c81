"""The views of an export: a report for machines, a table and a few lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import click

from scenedock.catalog.emitting.summary import MOST_LINES, count_by_type, describe_counts, group_findings
from scenedock.catalog.vocabulary.environments import promotion_rank
from scenedock.model.addresses import without_credentials
from scenedock.model.finding import Finding, Skipped
from scenedock.model.json import JsonObject, as_text

if TYPE_CHECKING:
    from scenedock.catalog.mapping.entities import MappedService
    from scenedock.usecases.catalog.publish_catalog import PublishedCatalog

MOST_SHOWN = 20
"""The number of files or entities in a list, unless everything is requested."""
_COLOURS: Final = {"error": "red", "warning": "yellow", "info": "cyan", "Failed": "red", "All right": "green"}


def as_report(published: PublishedCatalog, findings: Sequence[Finding]) -> JsonObject:
    """The whole run as JSON: its input, its result, and every finding."""
    from scenedock.actions.catalog.findings import CoverageOutput, FindingOutput

    result = published.result
    return {
        "repositories": [
            {
                "name": contents.facts.name,
                "url": contents.facts.url or None,
                "branch": contents.facts.branch if contents.facts.url else None,
                "folders": [folder.path or "." for folder in contents.folders],
                "items": sorted({item.name for item in contents.items}),
                "skipped": [{"path": skip.place.path, "reason": skip.reason} for skip in contents.skipped],
            }
            for contents in result.repositories
        ],
        "entities": {"total": len(published.entities), "byKind": count_by_type(published.entities)},
        "services": [
            {
                "ref": each.main.ref.short,
                "path": each.service.members[0].path,
                "environments": list(each.service.environments),
            }
            for each in (result.mapped.services if result.mapped else ())
        ],
        "coverage": [CoverageOutput.of(each).model_dump() for each in result.coverage],
        "findings": [FindingOutput.of(each).model_dump() for each in findings],
    }


def tell(
    published: PublishedCatalog,
    findings: Sequence[Finding],
    *,
    table: bool,
    verbose: bool,
    quiet: bool,
) -> list[str]:
    """A table of the services if requested, the findings, the coverage, a one-line summary; if quiet, only the last."""
    last, result = _last_line(published), published.result
    if quiet:
        return [last]
    lines = [*finding_lines(findings, result.skipped, verbose=verbose), *map(str, result.coverage), last]
    return [*_table(result.mapped.services), "", *lines] if table and result.mapped else lines


def printable(line: str) -> str:
    """The line with control characters escaped, which could move the cursor or colour the terminal.

    Credentials are removed from addresses in it: a file that is compared may still contain some.
    """
    shown = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in line)
    return without_credentials(shown)


def coloured(line: str) -> str:
    """The line with its severity in colour; `click.echo` removes that where there is no terminal."""
    severity, colon, rest = line.partition(":")
    if not colon or severity not in _COLOURS:
        return line
    return f"{click.style(f'{severity}:', fg=_COLOURS[severity], bold=severity == 'error')}{rest}"


def _table(services: Sequence[MappedService]) -> list[str]:
    """The services in columns; lines are never wrapped or shortened."""
    rows = [("SERVICE", "TYPE", "OWNER", "ENVIRONMENTS", "FOLDER")]
    for each in services:
        spec, service = each.main.spec, each.service
        what = as_text(spec.get("type")) or each.main.kind.lower()
        owner = as_text(spec.get("owner")).removeprefix("group:default/")
        folder = service.members[0].path or "."
        if each.main.name != service.name:  # a person named it
            folder = f"{folder} ({each.main.ref.short})"
        if each.main.ref in each.elsewhere:
            folder = f"{folder} (left out: exists elsewhere)"
        environments = ",".join(sorted(service.environments, key=promotion_rank)) or "-"
        rows.append((service.name, what, owner, environments, folder))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def finding_lines(findings: Sequence[Finding], skipped: Sequence[Skipped], *, verbose: bool) -> Iterator[str]:
    """Findings as lines: similar ones as one line with a count, or all of them and the skipped folders."""
    if verbose:
        yield from (f"{each.severity}: {each.place}: {each.message}. {each.remedy}" for each in findings)
        yield from (f"skipped: {skip.place}: {skip.reason}" for skip in skipped)
        return
    groups = group_findings(findings)
    shown = groups if len(groups) <= MOST_LINES else groups[: MOST_LINES - 1]
    yield from (f"{group.severity}: {group}" for group in shown)
    if hidden := len(groups) - len(shown):
        yield f"and {hidden} other kinds of findings; --verbose prints all"


def _last_line(published: PublishedCatalog) -> str:
    result = published.result
    folders = sum(len(contents.folders) for contents in result.repositories)
    skipped = f", {len(result.skipped)} skipped" if result.skipped else ""
    summary = f"{folders:,} folder{'' if folders == 1 else 's'}{skipped}: {describe_counts(published.entities)}"
    return summary if published.withheld else f"{summary}{_target_of(published)}"


def _target_of(published: PublishedCatalog) -> str:
    """Where the entities were written, and what that changed."""
    changes = "" if published.changes is None else f" ({published.changes})"
    if published.target is not None:
        return f", in {published.target}{changes}" if published.target else ""
    removed = f", {len(published.removed):,} removed" if published.removed else ""
    files = len(published.written)
    what = "to propose" if published.proposed else "written"
    return f", {files:,} file{'' if files == 1 else 's'} {what}{removed}{changes}"
