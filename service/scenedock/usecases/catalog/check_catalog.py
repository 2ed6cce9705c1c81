"""Compare the catalog-info.yaml files in repositories with the files that an export would write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scenedock.catalog.emitting.marker_files import MarkerFile, compare_marker_files
from scenedock.catalog.emitting.output import entities_in_place
from scenedock.effects.git.repositories import Repository
from scenedock.errors import InputError
from scenedock.model.finding import Finding, Place
from scenedock.usecases.catalog.export_catalog import Export, in_order_of_severity

_NO_BRANCH = (
    "the default branch isn't known here (git has a commit checked out, not a branch), so addresses say HEAD",
    "Set `branch` in scenedock.yaml.",
)


@dataclass(frozen=True, slots=True)
class Check:
    """Our files that are not as they should be, the number of those that are, and all other findings."""

    wrong: tuple[MarkerFile, ...]
    right: int
    other_findings: tuple[Finding, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All of it, the most severe first."""
        return in_order_of_severity([*(file.finding for file in self.wrong), *self.other_findings])


def check_catalog(result: Export, repositories: Mapping[str, Repository]) -> Check:
    """Check the files of the repositories that an export has read.

    Raises
    ------
    InputError   a file can't be read
    """
    files, findings = read_marker_files(result, repositories)
    wrong = tuple(file for file in files if not file.is_right)
    all_findings = [*result.findings, *findings]
    for contents in result.repositories:
        if wrong and contents.facts.url and contents.facts.branch == "HEAD":
            message, remedy = _NO_BRANCH
            all_findings.append(Finding("warning", "no-branch", message, Place(contents.facts.name), remedy))
    return Check(wrong, len(files) - len(wrong), in_order_of_severity(all_findings))


def read_marker_files(result: Export, repositories: Mapping[str, Repository]) -> tuple[list[MarkerFile], list[Finding]]:
    """The files that are ours or should be, each with its existing and its expected content.

    Raises
    ------
    InputError   a file can't be read
    """
    if result.mapped is None:
        return [], []
    expected, findings = entities_in_place(result.mapped)
    existing: dict[tuple[str, str], bytes] = {}
    for contents in result.repositories:
        for path in contents.catalog_files:
            try:
                existing[contents.facts.name, path] = repositories[contents.facts.name].read(path)
            except InputError as error:
                raise InputError(f"{Place(contents.facts.name, path)}: {error}") from error
    files, more = compare_marker_files(expected, existing)
    return files, [*findings, *more]
