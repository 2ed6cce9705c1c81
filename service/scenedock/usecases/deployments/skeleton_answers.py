"""Decide on the answers of a skeleton for a new service, by those that services of the repository were made with."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Final

from scenedock.changes.deployments.deciding import ServiceJudge
from scenedock.changes.deployments.planned import NewDeployment
from scenedock.changes.deployments.words import ServiceWords
from scenedock.changes.environments.answering import answered, split
from scenedock.changes.environments.decisions import Decision, Verdict
from scenedock.changes.environments.entries import Entries, Entry, entries_of
from scenedock.changes.environments.evidence import Evidence, Neighbour
from scenedock.documents.reading import read_documents
from scenedock.documents.writing import write_documents
from scenedock.effects.git.repositories import Repository, ServedRepository
from scenedock.errors import InputError, NotFoundError
from scenedock.model.finding import Place
from scenedock.model.json import Json, JsonObject, as_object, as_text
from scenedock.model.kept_catalog import KeptCatalog
from scenedock.model.provenance import PROVENANCE_FILE
from scenedock.structs import dataclass
from scenedock.usecases.catalog.read_served import opened_served

_NAMES: Final = ("service", "name")
"""The questions of which one is the name of the service."""
_ENVIRONMENT: Final = "environment_"
_ANSWERS: Final = "answers.yaml"


@dataclass(frozen=True, slots=True)
class SkeletonAnswers:
    """The decisions on the questions of a skeleton, and where its project goes.

    `folder` is the one that has the folders of services made from the same skeleton, `like` one of these services.
    """

    repository: str
    decisions: tuple[Decision, ...]
    folder: str = ""
    like: str = ""

    @property
    def typed(self) -> Mapping[str, str]:
        """The answers as text; what has none gets the skeleton's default."""
        return {each.key: _typed(each.value) for each in self.decisions if each.value is not None}


def decide_answers(repositories: Mapping[str, Repository], wish: NewDeployment, schema: JsonObject) -> SkeletonAnswers:
    """What is answered to the questions in a skeleton's `schema`.

    Raises
    ------
    InputError      the name can't be that of a service, a repository must be named, or an answer is about no question
    NotFoundError   there is no such repository
    """
    wish.check()
    name = _repository(repositories, wish)
    others = dict(_made_from(repositories[name], wish.skeleton))
    questions = as_object(schema.get("properties"))
    own = next((each for each in _NAMES if each in questions), "")
    if not own:
        raise InputError(f"the skeleton {wish.skeleton} has no question {' or '.join(_NAMES)}, so it makes no service")
    judge = _judge(wish, questions, own, others)
    place = Place("", f"{wish.skeleton}/cookiecutter.json")
    decisions = [
        Decision.of(entry, _given(entry, own, wish) or _asked(entry, judge.verdict(entry)), place)
        for entry in _entries(_defaults(questions))
        if not entry.is_key
    ]
    mine, _ = split(wish, questions)
    if mine.dropped:
        raise InputError(f"{mine.dropped[0]!r} is about a question of the skeleton, which has an answer in any case")
    decided = tuple(answered(decisions, mine))
    folder = posixpath.dirname(posixpath.dirname(posixpath.dirname(next(iter(others), ""))))
    return SkeletonAnswers(name, decided, folder, next((as_text(each.get(own)) for each in others.values()), ""))


def decide_served_answers(
    repositories: Mapping[str, ServedRepository], _kept: KeptCatalog | None, wish: NewDeployment, schema: JsonObject
) -> SkeletonAnswers:
    """`decide_answers` for the repositories of a service as they are now.

    Raises
    ------
    InputError, NotFoundError   as `decide_answers` does
    """
    with opened_served(repositories) as (opened, problems):
        if wish.repository and wish.repository in problems:
            raise InputError(problems[wish.repository])
        return decide_answers(opened, wish, schema)


def _repository(repositories: Mapping[str, Repository], wish: NewDeployment) -> str:
    if wish.repository is None and len(repositories) == 1:
        return next(iter(repositories))
    if wish.repository is None:
        raise InputError(f"name the repository that {wish.service} is deployed by: {', '.join(sorted(repositories))}")
    if wish.repository not in repositories:
        raise NotFoundError(f"there is no repository {wish.repository!r}; there are: {', '.join(sorted(repositories))}")
    return wish.repository


def _made_from(repository: Repository, skeleton: str) -> Iterator[tuple[str, JsonObject]]:
    """The answers, with what was computed of them, by the files that say so."""
    for path in repository.listing().inside:
        if not path.endswith(f"/{PROVENANCE_FILE}"):
            continue
        try:
            documents = read_documents(repository.read(path))
        except (InputError, NotFoundError):
            continue
        made = as_object(documents[0].value) if documents else {}
        if made.get("skeleton") == skeleton:
            yield path, {**as_object(made.get("computed")), **as_object(made.get("answers"))}


def _judge(wish: NewDeployment, questions: JsonObject, own: str, others: Mapping[str, JsonObject]) -> ServiceJudge:
    named = {as_text(each.get(own)) for each in others.values()}
    default = as_text(as_object(questions[own]).get("default")) or wish.service
    neighbours = {
        service: Neighbour(
            ServiceWords.among(service, named), _entries({key: each[key] for key in questions if key in each})
        )
        for each in others.values()
        if (service := as_text(each.get(own))) and service != wish.service
    }
    return ServiceJudge(ServiceWords(default), wish.service, Evidence(neighbours), follows=True)


def _defaults(questions: JsonObject) -> JsonObject:
    """The default of each question; of a secret, and where it is computed, there is none."""
    return {
        name: as_object(about).get("default")
        for name, about in questions.items()
        if not isinstance(as_object(about).get("default"), (dict, list)) and not as_object(about).get("writeOnly")
    }


def _entries(answers: JsonObject) -> Entries:
    plain = {name: _plain(value) for name, value in answers.items() if not isinstance(value, (dict, list))}
    return entries_of(write_documents([plain]).encode(), _ANSWERS)


def _plain(value: Json) -> Json:
    """An answer as skeletons keep it: numbers as text."""
    return value if value is None or isinstance(value, bool) else str(value)


def _typed(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _asked(entry: Entry, verdict: Verdict) -> Verdict:
    """A verdict; where services differ in their environments, what they once began with suggests nothing."""
    is_open = entry.path.startswith(_ENVIRONMENT) and verdict.outcome == "asked"
    return verdict._replace(value=None) if is_open else verdict


def _given(entry: Entry, own: str, wish: NewDeployment) -> Verdict | None:
    """What the wish says of a question; None if it says nothing."""
    if entry.path == own:
        return Verdict("replaced", "it is the name of the service", wish.service)
    if entry.path == "version" and wish.version:
        return Verdict("replaced", "the version that was asked for", wish.version)
    if entry.path.startswith(_ENVIRONMENT) and wish.environments:
        environment = entry.path.removeprefix(_ENVIRONMENT)
        return Verdict("replaced", "the environments that were asked for", environment in wish.environments)
    return None
