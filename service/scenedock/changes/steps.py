"""What a change from one version to another is, in the words of Semantic Versioning 2.0.0."""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

from scenedock.releases.drift import is_older
from scenedock.releases.tags import SemVer

_VERSION: Final = re.compile(
    r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,127}(?:@sha256:[0-9a-f]{64})?|sha256:[0-9a-f]{64}", re.ASCII
)
Step: TypeAlias = Literal[
    "breaking", "breaking pre-release", "feature", "fix", "pre-release", "release", "downgrade", "unknown"
]


def step_between(old: str, new: str) -> Step:
    """What the numbers promise of a change; `unknown` where they promise nothing.

    Nothing is promised by versions that aren't semantic, and by those with the major version 0.

    >>> [step_between("1.2.3", new) for new in ("2.0.0", "1.3.0", "v1.2.4", "1.3.0-rc.1", "1.2.2", "main")]
    ['breaking', 'feature', 'fix', 'pre-release', 'downgrade', 'unknown']
    >>> step_between("1.0.0", "2.0.0-rc.1"), step_between("2.0.0-rc.1", "2.0.0")
    ('breaking pre-release', 'release')
    >>> step_between("0.1.0", "0.2.0"), step_between("v736", "v737"), step_between("v737", "v736")
    ('unknown', 'unknown', 'downgrade')
    """
    if is_downgrade(old, new):
        return "downgrade"
    before, after = SemVer.parse(old), SemVer.parse(new)
    if before is None or after is None:
        return "unknown"
    breaks = is_breaking(old, new)
    if after.prerelease:
        return "breaking pre-release" if breaks else "pre-release"
    if breaks:
        return "breaking"
    if before.prerelease and before.core == after.core:
        return "release"
    if after.core[0] == 0 or before == after:
        return "unknown"
    return "feature" if before.core[1] != after.core[1] else "fix"


def is_breaking(old: str, new: str) -> bool:
    """Whether the major version changes, forward or back: then who depends on it may break.

    >>> is_breaking("1.0.0", "2.0.0-rc.1"), is_breaking("2.0.0", "1.0.0"), is_breaking("1.0.0", "main")
    (True, True, False)
    """
    before, after = SemVer.parse(old), SemVer.parse(new)
    return before is not None and after is not None and before.core[0] != after.core[0]


def is_version(text: str) -> bool:
    """Whether a text can be the tag of an image, with or without a digest, or the version of a chart.

    >>> is_version("1.2.0+build.1"), is_version("1.2.0 "), is_version("acme/billing:1.2.0")
    (True, False, False)
    """
    return bool(_VERSION.fullmatch(text))


def is_downgrade(old: str, new: str) -> bool:
    """Whether the new version is older."""
    return is_older(new, old)


def is_prerelease(version: str) -> bool:
    """Whether a semantic version is a pre-release: `1.3.0-rc.1`."""
    parsed = SemVer.parse(version)
    return parsed is not None and bool(parsed.prerelease)
