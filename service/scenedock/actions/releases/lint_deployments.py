"""`scenedock:lint-deployments`: what is worth fixing in deployments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from scenedock.actions.effects import Effects
from scenedock.actions.releases.deployments import VersionFindingOutput
from scenedock.model.action import Context, Example, action
from scenedock.model.finding import SEVERITIES, Finding, Severity
from scenedock.model.json_documents import JsonDocument, Model

if TYPE_CHECKING:
    from scenedock.usecases.releases.lint_deployments import Lint


class Input(Model):
    """What to tell."""

    severity: Annotated[Severity, "Only findings that are at least so severe"] = "info"


class LintFindingOutput(VersionFindingOutput):
    """Something to fix or to know about, and where."""

    repository: Annotated[str, "Name of the repository"]
    path: Annotated[str, "File, relative to the repository's root"]
    line: Annotated[int | None, "Line, counted from 1"]

    @classmethod
    def of(cls, finding: Finding) -> LintFindingOutput:
        """The document of it."""
        place, plain = finding.place, VersionFindingOutput.of(finding).model_dump()
        return cls(**plain, repository=place.repository, path=place.path, line=place.line)


class NotCheckedOutput(JsonDocument):
    """Deployments whose limits and probes weren't checked, for one reason."""

    reason: str
    deployments: int


class LintOutput(JsonDocument):
    """What was found, and what wasn't checked."""

    deployments: Annotated[int, "How many deployments were looked at"]
    findings: Annotated[tuple[LintFindingOutput, ...], "The most severe first"]
    not_checked: Annotated[tuple[NotCheckedOutput, ...], "Whose limits and probes nobody can tell"]
    problems: Annotated[Mapping[str, str], "Why a repository can't be read, and wasn't looked at; by its name"]

    @classmethod
    def of(cls, result: Lint, severity: Severity = "info") -> LintOutput:
        """The document of a result, with findings that are at least so severe."""
        told = SEVERITIES[: SEVERITIES.index(severity) + 1]
        return cls(
            deployments=result.deployments,
            findings=tuple(LintFindingOutput.of(each) for each in result.findings if each.severity in told),
            not_checked=tuple(
                NotCheckedOutput(reason=reason, deployments=number) for reason, number in result.unrendered.items()
            ),
            problems=result.problems,
        )


EXAMPLES = [Example("Everything", {}), Example("What is wrong", {"severity": "error"})]


@action("lint-deployments", read_only=True, idempotent=True, examples=EXAMPLES)
def lint_deployments_action(context: Context[Effects], request: Input) -> LintOutput:
    """Find what is worth fixing in deployments: plain secrets, moving tags, drift, copied values, missing owners.

    Limits and probes are checked by the command `scenedock deployments lint` only, which renders charts.

    Raises
    ------
    InputError       no repository can be read
    TemporaryError   others are being answered, or it needs too much time or memory
    """
    from scenedock.usecases.releases.lint_deployments import lint_served

    result = context.effects.apart.read(lint_served)
    context.log(f"{len(result.findings)} findings in {result.deployments} deployments")
    return LintOutput.of(result, request.severity)
