"""Assess an application from its files, one after the other: what is claimed, what is answered, how ready it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from scenedock.assessment import compose, dockerfiles
from scenedock.assessment.claims import Answer, Claim, Readiness, Source
from scenedock.assessment.rules import RULES
from scenedock.assessment.signs import (
    ansible,
    builds,
    chef,
    connections,
    files,
    logs,
    machines,
    services,
    serving,
    sessions,
)
from scenedock.assessment.signs.hosts import host_claims
from scenedock.assessment.signs.secrets import secret_claims
from scenedock.assessment.signs.sign import claims_of
from scenedock.assessment.what_counts import counting, is_evidence
from scenedock.documents.composed import DocumentError
from scenedock.model.finding import Finding, Place
from scenedock.structs import dataclass, field

MOST_BYTES: Final = 512 * 1024
"""A larger file isn't read: what people write by hand is smaller."""
LONGEST_LINE: Final = 1_000
"""A longer line isn't looked at: no person has written it."""
MOST_ALIKE: Final = 200
"""So many claims of a rule are kept of an application; the others are counted."""

_SIGNS: Final = (
    *builds.SIGNS,
    *services.CLIENTS,
    *connections.SIGNS,
    *machines.SIGNS,
    *serving.SIGNS,
    *chef.SIGNS,
    *ansible.SIGNS,
    *sessions.SIGNS,
    *files.SIGNS,
    *logs.SIGNS,
)
_NOT_READ: Final = re.compile(
    r".*\.(?:png|jpe?g|gif|ico|webp|svg|woff2?|ttf|eot|otf|pdf|zip|gz|tgz|bz2|xz|7z|jar|war|class|so|dll|exe|mo|mp[34]|"
    r"ogg|webm|mov|avi|psd|swf|pyc|sqlite3?|db|min\.js|map|lock|sum|snap|csv|tsv|css|scss|less|sass|haml|slim|vue|"
    r"svelte)",
    re.IGNORECASE,
)
_LONG_LINE: Final = re.compile(rf"^[^\n]{{{LONGEST_LINE + 1},}}$", re.MULTILINE)
_URL: Final = re.compile(
    r"\bhttps?://(?:[^\s/@'\"<>]{1,100}@)?(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?=[:/'\"\s;,]|$)", re.MULTILINE
)
_MOST_MENTIONS: Final = 2_000
_SAY_WHAT_RUNS: Final = frozenset(
    "application-server compose configuration-management daemon dockerfile process runtime".split()
)
_ORDER: Final = {rule: number for number, rule in enumerate(RULES)}
# Claims of what holds unless something else is configured: they go where that is so.
_DEFAULTS: Final = frozenset({"sessions-in-process", "sessions-in-files", "sessions-shared", "files-on-disk"})


_WRITTEN_DOWN: Final = frozenset(
    "secret-in-file host-in-code host-in-configuration service-address service-on-same-machine managed-file".split()
)
_DIFFERS: Final = re.compile(
    r"_?(?:DB|DATABASE|HOST|URL|URI|SERVER|ADDRESS|PASSWORD|PASS|SECRET|KEY|TOKEN|DSN)(?![A-Z])"
)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What is known of an application.

    `claims` are sorted by rule and place; `left_out` counts by rule those that were too many. `answers` are by
    question; `contradictions` are questions to which lines give several answers of the same strength. `mentions` has a
    place for each host that an address of the web in its settings names. `problems` say what wasn't read.
    """

    name: str
    claims: tuple[Claim, ...]
    answers: Mapping[str, Answer]
    contradictions: Mapping[str, tuple[str, ...]]
    files: int
    read: int
    lines: int
    left_out: Mapping[str, int] = field(default_factory=dict)
    mentions: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Finding, ...] = ()

    @property
    def readiness(self) -> Readiness:
        """`blocked` by a rule, `work` where there is some, else `ready`; `unknown` where nothing says what runs."""
        weights = {RULES[claim.rule].weight for claim in self.claims}
        if not any(claim.rule in _SAY_WHAT_RUNS for claim in self.claims):
            return "unknown"
        if "blocker" in weights:
            return "blocked"
        has_image = any(claim.rule == "dockerfile" for claim in self.claims)
        return "work" if "work" in weights or not has_image else "ready"

    def rules(self, weight: str) -> list[str]:
        """The rules of a weight that have claims, in the order of the table."""
        found = {claim.rule for claim in self.claims}
        return [rule for rule in RULES if rule in found and RULES[rule].weight == weight]

    def of_rule(self, rule: str) -> list[Claim]:
        """The claims of a rule."""
        return [claim for claim in self.claims if claim.rule == rule]


def is_read(path: str) -> bool:
    """Whether a file is worth reading: it may be evidence, and no other program has written it."""
    return is_evidence(path) and not _NOT_READ.fullmatch(path)


class Assessor:
    """Looks at the files of one application, one at a time, and says in the end what they prove."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._claims: list[Claim] = []
        self._counts: Counter[str] = Counter()
        self._mentions: dict[str, str] = {}
        self._problems: list[Finding] = []
        self._read = self._lines = 0

    def look(self, path: str, data: bytes) -> None:
        """Look at a file. One that is binary or too large proves nothing."""
        if len(data) > MOST_BYTES:
            said = f"it has {len(data):,} bytes; files of more than {MOST_BYTES:,} aren't assessed"
            self.report("large-file", path, said, "Look at it yourself if it has settings.")
            return
        if b"\0" in data[:8_000]:
            return
        self._read += 1
        text = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
        if services.CODE.fullmatch(path):
            self._lines += text.count("\n")
        self._report_long_lines(path, text)
        source = Source(path, counting(path, _LONG_LINE.sub("", text)))
        for claim in self._found(source, data):
            self._add(claim)
        self._mention(source)

    def _report_long_lines(self, path: str, text: str) -> None:
        if not (
            services.CONFIGURATION.fullmatch(path) or services.CODE.fullmatch(path) or path.endswith((".json", ".xml"))
        ):
            return
        if long := list(islice(_LONG_LINE.finditer(text), 1_000)):
            line = text.count("\n", 0, long[0].start()) + 1
            said = f"line {line} has more than {LONGEST_LINE:,} characters, so it wasn't looked at"
            if len(long) > 1:
                said = f"{len(long):,} lines, the first is {line}, have more than {LONGEST_LINE:,} "
                said += "characters, so they weren't looked at"
            self.report("long-line", path, said, "Look at it yourself if it has settings.", line)

    def report(self, code: str, path: str, message: str, remedy: str, line: int | None = None) -> None:
        """Note what couldn't be assessed."""
        self._problems.append(Finding("warning", code, message, Place(self._name, path, line), remedy))

    def result(self, listed: Sequence[str], *, is_complete: bool = True) -> Assessment:
        """What all files prove. `listed` are the paths of all; `is_complete` if none of the tree is missing in it."""
        claims = [*self._claims, *(each for claim in self._claims for each in builds.ended(claim))]
        claims = _without_overruled(claims)
        claims.sort(key=lambda claim: (_ORDER[claim.rule], claim.path, claim.line, claim.said))
        answers, contradictions = _answers(claims)
        if (said := answers.get("configuration")) and said.value == "environment" and not _is_configured(said, claims):
            del answers["configuration"]
        has_dockerfile = any(services.DOCKERFILES.fullmatch(path) for path in listed)
        if is_complete and listed and not has_dockerfile:
            answers["dockerfile"] = Answer("no", ())
        return Assessment(
            name=self._name,
            claims=tuple(claims),
            answers=answers,
            contradictions=contradictions,
            files=len(listed),
            read=self._read,
            lines=self._lines,
            left_out={rule: count - MOST_ALIKE for rule, count in sorted(self._counts.items()) if count > MOST_ALIKE},
            mentions=dict(sorted(self._mentions.items())),
            problems=tuple(sorted(self._problems, key=lambda each: each.place.sort_key)),
        )

    def _found(self, source: Source, data: bytes) -> Iterator[Claim]:
        yield from claims_of(_SIGNS, source)
        yield from services.address_claims(source)
        yield from host_claims(source)
        yield from secret_claims(source)
        yield from ansible.task_claims(source)
        if services.DOCKERFILES.fullmatch(source.path):
            yield from dockerfiles.dockerfile_claims(source)
        if services.is_compose(source.path):
            try:
                yield from compose.compose_claims(source.path, data)
            except DocumentError as error:
                self.report(
                    "unreadable-file",
                    source.path,
                    str(error),
                    "Fix the file; until then it proves nothing.",
                    error.line,
                )

    def _add(self, claim: Claim) -> None:
        self._counts[claim.rule] += 1
        if self._counts[claim.rule] <= MOST_ALIKE:
            self._claims.append(claim)

    def _mention(self, source: Source) -> None:
        if services.CONFIGURATION.fullmatch(source.path) and "://" in source.text:
            for match in _URL.finditer(source.text):
                if match["host"] not in self._mentions and len(self._mentions) < _MOST_MENTIONS:
                    self._mentions[match["host"]] = f"{source.path}:{source.line_at(match.start())}"


def _is_configured(said: Answer, claims: Sequence[Claim]) -> bool:
    """Whether the environment has what differs between environments: no host and no secret is written down."""
    fixed = any(each.rule in _WRITTEN_DOWN and "unless the environment" not in each.said for each in claims)
    return not fixed and any(_DIFFERS.search(each.said) for each in said.claims)


def _without_overruled(claims: Iterable[Claim]) -> list[Claim]:
    """Claims without repetitions, and without defaults where something stronger says otherwise."""
    once = _once(claims)
    overruled = {sessions.OVERRULED[each.said] for each in once if each.said in sessions.OVERRULED}
    once = [each for each in once if each.said not in overruled]
    strongest: dict[str, int] = {}
    for claim in once:
        for fact in claim.facts:
            strongest[fact.question] = max(strongest.get(fact.question, 0), fact.strength)
    return [
        claim
        for claim in once
        if claim.rule not in _DEFAULTS
        or not claim.facts
        or any(fact.strength > 1 or strongest[fact.question] == 1 for fact in claim.facts)
    ]


def _once(claims: Iterable[Claim]) -> list[Claim]:
    """Each claim once; what is only good to know, with the same words once for each file."""
    kept: dict[object, Claim] = {}
    for claim in claims:
        line = 0 if RULES[claim.rule].weight == "note" else claim.line
        kept.setdefault((claim.rule, claim.path, claim.said, line), claim)
    return list(kept.values())


def _scheduled(said: Sequence[tuple[int, str, Claim]]) -> dict[str, Answer]:
    """What runs beside requests. Workers alone are no answer: no line proves that nothing runs by the clock."""
    values = {value for _, value, _ in said}
    if "cron" not in values:
        return {}
    return {"scheduled_work": Answer("both" if len(values) > 1 else "cron", tuple(claim for _, _, claim in said))}


def _answers(claims: Sequence[Claim]) -> tuple[dict[str, Answer], dict[str, tuple[str, ...]]]:
    """The answers by question, and the questions with several answers of the same strength."""
    answers: dict[str, Answer] = {}
    contradictions: dict[str, tuple[str, ...]] = {}
    given: dict[str, list[tuple[int, str, Claim]]] = {}
    for claim in claims:
        for fact in claim.facts:
            given.setdefault(fact.question, []).append((fact.strength, fact.value, claim))
    for question, said in sorted(given.items()):
        best = max(strength for strength, _, _ in said)
        values = {value: None for strength, value, _ in said if strength == best}
        proofs = tuple(claim for strength, value, claim in said if strength == best)
        if question == "scheduled_work":
            answers.update(_scheduled(said))
        elif len(values) == 1:
            answers[question] = Answer(next(iter(values)), proofs)
        else:
            contradictions[question] = tuple(sorted(values))
    language = answers.get("runtime")
    for question in [each for each in answers if each.startswith("version of ")]:
        version = answers.pop(question)
        if language and question == f"version of {language.value}":
            answers["runtime_version"] = version
    for question in [each for each in contradictions if each.startswith("version of ")]:
        several = contradictions.pop(question)
        if language and question == f"version of {language.value}":
            contradictions["runtime_version"] = several
    return answers, contradictions
