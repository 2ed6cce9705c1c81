"""The rules, and which of them a repository has switched off."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from scenedock.model.finding import SEVERITIES, Finding

RULES: Final[Mapping[str, str]] = {
    "environments-differ": "Environments that should have the same version of a service have different ones.",
    "limits-missing": "A container has no memory limit.",
    "mutable-version": "The tag moves.",
    "owner-unknown": "A service has no owner.",
    "probes-missing": "A container that a Service sends requests to has no readiness probe.",
    "secret-in-values": "A secret stands in plain text in values.",
    "values-copied": "Values files of several folders have the same lines.",
    "version-not-semantic": "Versions have no order.",
    "version-untried": "Production has a version that no lower environment had.",
}
"""Each with what it finds."""


def kept(findings: Iterable[Finding], switched_off: Mapping[str, Collection[str]]) -> tuple[Finding, ...]:
    """The findings of rules that aren't switched off in their repository: each once, the most severe first.

    A tag that moves is one finding for its line, however many services have it.
    """
    left: dict[object, Finding] = {}
    for each in findings:
        if each.code in RULES and each.code not in switched_off.get(each.place.repository, ()):
            what = "" if each.code == "mutable-version" else each.message
            left.setdefault((each.code, each.place, what), each)
    return tuple(sorted(left.values(), key=_order))


def _order(finding: Finding) -> tuple[object, ...]:
    return SEVERITIES.index(finding.severity), finding.code, finding.place.sort_key, finding.message
