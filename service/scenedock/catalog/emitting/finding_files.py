"""The files in which code hosts show findings."""

from __future__ import annotations

from collections.abc import Mapping

from scenedock.catalog.vocabulary.settings import FILE_NAME
from scenedock.model.finding import Finding


def file_of(finding: Finding, prefixes: Mapping[str, str]) -> str:
    """Where a finding is, from the root of the clone; for what concerns a whole repository its settings.

    `prefixes` are the names of the repositories, each with the path of its root in the clone. With several, the name of
    each stands in front.
    """
    repository = finding.place.repository
    parts = [repository if len(prefixes) > 1 else "", prefixes.get(repository, ""), finding.place.path or FILE_NAME]
    return "/".join(part for part in parts if part)
