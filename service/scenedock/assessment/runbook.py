"""The first answers of the skeleton `migration-runbook`: only what lines prove, each with its places."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from scenedock.assessment.assess import Assessment
from scenedock.assessment.claims import Claim
from scenedock.assessment.rules import RULES
from scenedock.assessment.signs.services import DATABASES
from scenedock.structs import replace

RunbookAnswers: TypeAlias = Mapping[str, "str | Mapping[str, str]"]
"""By question of the skeleton."""

_QUESTIONS: Final = (
    "runtime",
    "runtime_version",
    "dockerfile",
    "port",
    "health_path",
    "database",
    "database_place",
    "sessions",
    "local_files",
    "logs",
    "scheduled_work",
    "configuration",
    "secrets_in_files",
)
"""The questions that claims can answer, in the skeleton's order."""
_NAME: Final = re.compile(r"[a-z]([a-z0-9-]{0,48}[a-z0-9])?")
_MOST_PLACES: Final = 5
_MOST_ENTRIES: Final = 200
# As the skeleton's questions have them.
_VERSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+~<>=^*,-]{0,39}")


def runbook_answers(assessment: Assessment) -> RunbookAnswers:
    """The answers; a question without an answer is one that no line proves."""
    answers: dict[str, str | Mapping[str, str]] = {}
    if _NAME.fullmatch(assessment.name):
        answers["name"] = assessment.name
    evidence: dict[str, str] = {}
    for question in _QUESTIONS:
        answer = assessment.answers.get(question)
        if answer is None or (question == "runtime_version" and not _VERSION.fullmatch(answer.value)):
            continue
        answers[question] = answer.value
        if answer.claims:
            evidence[question] = _places(answer.claims)
    services = [claim for claim in assessment.claims if claim.service and claim.service.kind != "host"]
    answers["dependencies"] = _grouped((_named(claim, answers), claim) for claim in _without_bare(services))
    blockers = [claim for claim in assessment.claims if RULES[claim.rule].weight == "blocker"]
    answers["blockers"] = _grouped((f"{RULES[claim.rule].title}: {claim.said}", claim) for claim in blockers)
    answers["evidence"] = evidence
    return {key: value for key, value in answers.items() if value}


def unanswered(assessment: Assessment) -> list[str]:
    """The questions that no line answers, or several in different ways."""
    return [question for question in _QUESTIONS if question not in assessment.answers]


def _named(claim: Claim, answers: RunbookAnswers) -> str:
    """The service with its address; a host that settings only call a database's is that of the main database."""
    service = claim.service
    if service and service.kind == "database" and isinstance(kind := answers.get("database"), str):
        service = replace(service, kind=kind)
    return str(service)


def _without_bare(claims: Iterable[Claim]) -> list[Claim]:
    """Claims of services, without those that know no address of a service that others have one of."""
    listed = list(claims)
    addressed = {claim.service.kind for claim in listed if claim.service and claim.service.address}
    addressed |= DATABASES if "database" in addressed else set()
    return [
        claim for claim in listed if claim.service and (claim.service.address or claim.service.kind not in addressed)
    ]


def _grouped(claims: Iterable[tuple[str, Claim]]) -> dict[str, str]:
    grouped: dict[str, list[Claim]] = {}
    for said, claim in claims:
        if said in grouped or len(grouped) < _MOST_ENTRIES:
            grouped.setdefault(said, []).append(claim)
    return {said: _places(each) for said, each in sorted(grouped.items())}


def _places(claims: Iterable[Claim]) -> str:
    places = list(dict.fromkeys(claim.place for claim in claims))
    return ", ".join(places[:_MOST_PLACES])
