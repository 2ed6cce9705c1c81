"""The JSON form of an assessment, of the action and of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import JsonValue

from scenedock.assessment.claims import Readiness, Weight
from scenedock.model.json_documents import JsonDocument

if TYPE_CHECKING:
    from scenedock.assessment.assess import Assessment
    from scenedock.assessment.order import Order
    from scenedock.assessment.rules import Rule
    from scenedock.usecases.assessment.assess_applications import Assessed


class ClaimOutput(JsonDocument):
    """What a line proves."""

    path: Annotated[str, "File, relative to the application's folder"]
    line: Annotated[int, "Line, counted from 1"]
    said: Annotated[str, "What it proves; never a secret"]


class RuleOutput(JsonDocument):
    """A rule, and all that it found."""

    rule: Annotated[str, "Stable identifier of the rule"]
    weight: Annotated[
        Weight, "`blocker` must be changed first, `work` is part of the migration, `note` is good to know"
    ]
    title: str
    why: Annotated[str, "Why it matters on Kubernetes"]
    remedy: Annotated[str, "What to do"]
    claims: tuple[ClaimOutput, ...]
    more: Annotated[int, "How many further claims were left out"]

    @classmethod
    def of(cls, rule: Rule, assessment: Assessment) -> RuleOutput:
        """The document of a rule's claims."""
        return cls(
            rule=rule.id,
            weight=rule.weight,
            title=rule.title,
            why=rule.why,
            remedy=rule.remedy,
            claims=tuple(
                ClaimOutput(path=each.path, line=each.line, said=each.said) for each in assessment.of_rule(rule.id)
            ),
            more=assessment.left_out.get(rule.id, 0),
        )


class UnreadOutput(JsonDocument):
    """A file or folder that wasn't read, so that nothing is known of it."""

    code: Annotated[str, "Stable identifier of the reason"]
    message: str
    path: Annotated[str, "File or folder, relative to the application's folder"]
    line: Annotated[int | None, "Line, counted from 1"]


class ApplicationOutput(JsonDocument):
    """What is known of an application."""

    name: str
    readiness: Annotated[
        Readiness,
        "`blocked` by a rule; `work` where there is some, or no Dockerfile; `ready`; "
        "`unknown` where no line says what runs",
    ]
    files: Annotated[int, "All files"]
    read: Annotated[int, "The files that could be evidence, and were read"]
    lines: Annotated[int, "Lines of code in them"]
    rules: Annotated[tuple[RuleOutput, ...], "By weight, the heaviest first"]
    answers: Annotated[
        dict[str, JsonValue], "The first answers for the skeleton `migration-runbook`, with their places"
    ]
    unknown: Annotated[tuple[str, ...], "Questions that no line answers, or several in different ways"]
    contradictions: Annotated[dict[str, tuple[str, ...]], "The different answers, by question"]
    unread: tuple[UnreadOutput, ...]

    @classmethod
    def of(cls, assessment: Assessment) -> ApplicationOutput:
        """The document of an assessment."""
        from scenedock.assessment.rules import RULES
        from scenedock.assessment.runbook import runbook_answers, unanswered

        rules = [rule for weight in ("blocker", "work", "note") for rule in assessment.rules(weight)]
        return cls(
            name=assessment.name,
            readiness=assessment.readiness,
            files=assessment.files,
            read=assessment.read,
            lines=assessment.lines,
            rules=tuple(RuleOutput.of(RULES[rule], assessment) for rule in rules),
            answers={
                key: value if isinstance(value, str) else dict(value)
                for key, value in runbook_answers(assessment).items()
            },
            unknown=tuple(unanswered(assessment)),
            contradictions=dict(assessment.contradictions),
            unread=tuple(
                UnreadOutput(code=each.code, message=each.message, path=each.place.path, line=each.place.line)
                for each in assessment.problems
            ),
        )


class StepOutput(JsonDocument):
    """Applications that are migrated together, mostly one."""

    applications: tuple[str, ...]
    reasons: tuple[str, ...]


class NeedOutput(JsonDocument):
    """One application names the host of another."""

    application: str
    needs: str
    place: Annotated[str, "`path:line` in the first one"]


class SharedOutput(JsonDocument):
    """A host that several applications name, such as that of a database."""

    host: str
    places: Annotated[dict[str, str], "`path:line` by application"]


class AssessmentOutput(JsonDocument):
    """What is known of the applications, and the order in which to migrate them."""

    applications: Annotated[tuple[ApplicationOutput, ...], "In the order in which they were named"]
    order: Annotated[tuple[StepOutput, ...], "Of the migration: by dependencies, then risk, then size"]
    needs: Annotated[tuple[NeedOutput, ...], "Which application needs which other one"]
    shared: Annotated[tuple[SharedOutput, ...], "Hosts that several applications name"]

    @classmethod
    def of(cls, assessed: Assessed) -> AssessmentOutput:
        """The document of the assessments."""
        steps: Order = assessed.order
        return cls(
            applications=tuple(map(ApplicationOutput.of, assessed.assessments)),
            order=tuple(StepOutput(applications=each.applications, reasons=each.reasons) for each in steps.steps),
            needs=tuple(
                NeedOutput(application=each.application, needs=each.needs, place=each.place) for each in steps.needs
            ),
            shared=tuple(SharedOutput(host=each.host, places=dict(each.places)) for each in steps.shared),
        )
