"""Assessments of files that a test spells out."""

from __future__ import annotations

from collections.abc import Mapping

from scenedock.assessment.assess import Assessment, Assessor, is_read


def assessment(files: Mapping[str, str | bytes], name: str = "shop") -> Assessment:
    """What these files prove, by their paths."""
    assessor = Assessor(name)
    for path, text in files.items():
        if is_read(path):
            assessor.look(path, text if isinstance(text, bytes) else text.encode())
    return assessor.result(sorted(files))


def said(files: Mapping[str, str | bytes]) -> list[tuple[str, str, str]]:
    """Rule, place and words of each claim."""
    return [(claim.rule, claim.place, claim.said) for claim in assessment(files).claims]
