"""The summary of a run for people: few lines. Similar findings are one line with a count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from scenedock.model.entity import Entity
from scenedock.model.finding import Finding, Severity
from scenedock.structs import dataclass

MOST_LINES = 10


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """All findings of one code; `first` stands for them."""

    first: Finding
    count: int

    @property
    def severity(self) -> Severity:
        """The severity, which all of them share."""
        return self.first.severity

    def __str__(self) -> str:
        more = f" (and {self.count - 1:,} more like this)" if self.count > 1 else ""
        return f"{self.first.place}: {self.first.message}{more}. {self.first.remedy}".strip()


def group_findings(findings: Sequence[Finding]) -> list[FindingGroup]:
    """One group for each severity and code, in the order of the findings (the worst first)."""
    first: dict[tuple[Severity, str], Finding] = {}
    counts: Counter[tuple[Severity, str]] = Counter()
    for finding in findings:
        key = finding.severity, finding.code
        first.setdefault(key, finding)
        counts[key] += 1
    return [FindingGroup(first[key], counts[key]) for key in first]


def count_by_type(entities: Sequence[Entity]) -> dict[str, dict[str, int]]:
    """How many entities there are of each kind and `spec.type` (empty where a kind has none), both sorted."""
    counts = Counter((entity.kind, str(entity.spec.get("type", ""))) for entity in entities)
    kinds = sorted({kind for kind, _ in counts})
    return {kind: {each: counts[kind, each] for _kind, each in sorted(counts) if _kind == kind} for kind in kinds}


def describe_counts(entities: Sequence[Entity]) -> str:
    """The counts in one line, `44 Components (41 service, 3 job), 1 System`."""
    return ", ".join(_described(entities)) or "no entities"


def _described(entities: Sequence[Entity]) -> Iterator[str]:
    for kind, types in count_by_type(entities).items():
        total = sum(types.values())
        plural = kind if total == 1 else f"{kind[:-1]}ies" if kind.endswith("y") else f"{kind}s"
        each = ", ".join(
            f"{count:,} {name}" for name, count in sorted(types.items(), key=lambda item: -item[1]) if name
        )
        yield f"{total:,} {plural} ({each})" if each else f"{total:,} {plural}"
