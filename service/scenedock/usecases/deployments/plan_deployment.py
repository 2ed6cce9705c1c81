"""Plan a new deployment of a service: decide on each key of its source, make the files, and look at the result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scenedock.changes.deployments.codeowners import owners_of, with_line
from scenedock.changes.deployments.planned import DeploymentPlan, NewDeployment
from scenedock.changes.deployments.text import with_text
from scenedock.changes.environments.answering import answered, split
from scenedock.changes.environments.planned import Lack
from scenedock.errors import ConflictError, InputError, NotFoundError
from scenedock.model.entity import service_name
from scenedock.model.finding import Place
from scenedock.model.similar import similar
from scenedock.structs import replace
from scenedock.usecases.changes.ground import Ground
from scenedock.usecases.deployments.comparing import ServiceComparer
from scenedock.usecases.deployments.looking import Look
from scenedock.usecases.deployments.pieces import ServicePieces
from scenedock.usecases.deployments.skeleton_answers import SkeletonAnswers
from scenedock.usecases.deployments.versions import with_versions
from scenedock.usecases.environments.drafting import Draft, decide, write
from scenedock.usecases.environments.pieces import Piece


def plan_deployment(ground: Ground, wish: NewDeployment) -> DeploymentPlan:
    """The plan of a service made from another one, open questions included.

    Raises
    ------
    NotFoundError   there is no such service or environment
    ConflictError   a service of the new name is deployed already, or files of it are there
    InputError      the name can't be that of a service, a repository must be named, an answer is about no key, a file
                    can't be copied, or the values aren't as the schemas want; with the line
    """
    wish = replace(wish, source=service_name(wish.source))
    wish.check()
    source = pieces_of(ground, wish)
    draft, owners = draft_of(ground, source)
    comparer = ServiceComparer(ground, source, owners.path if owners else "")
    decide(draft, comparer, with_versions(draft, comparer, wish))
    write(draft, owners)
    if owners:
        _add_owners(draft, source, owners)
    return Look(draft, source, wish).plan()


def plan_baked(
    ground: Ground, wish: NewDeployment, answers: SkeletonAnswers, files: Mapping[str, bytes]
) -> DeploymentPlan:
    """The plan of a service that a skeleton made: its files, and what a service like it has in lists.

    Raises
    ------
    ConflictError   a service of the new name is deployed already, or files of it are there
    InputError      an item of a list can't be copied, or the values aren't as the schemas want; with the line
    """
    refuse_existing(ground, wish.service)
    there = ground.paths(answers.repository)
    for path in files:
        if path in there:
            raise ConflictError(f"{path} is there already; remove it, or choose another name")
    source = ServicePieces(ground, answers.repository, answers.like, wish.service, frozenset(wish.environments))
    pieces = [each for each in source.find() if each.item] if answers.like in ground.by_service else []
    draft = Draft(ground, answers.repository, source.words, wish.service, pieces)
    _, rest = split(wish, [each.key for each in answers.decisions])
    if pieces:
        decide(draft, ServiceComparer(ground, source), rest)
        write(draft)
    else:
        answered([], rest)  # there is nothing that they could be about
    source.notes.clear()
    draft.contents |= files
    plan = Look(draft, source, wish, answers.decisions).plan()
    return with_text(replace(plan, lacks=(*plan.lacks, *_owners_lacking(ground, answers, source, files))))


def _owners_lacking(
    ground: Ground, answers: SkeletonAnswers, source: ServicePieces, files: Mapping[str, bytes]
) -> Iterator[Lack]:
    """The line of CODEOWNERS, where others made from the skeleton have one: the code host's names of owners differ."""
    contents = next(each for each in ground.result.repositories if each.facts.name == answers.repository)
    path = contents.codeowners.path
    if not path or not source.homes or not files:
        return
    text = ground.read(answers.repository, path).decode("utf-8", "replace")
    for entry in owners_of(text, source.homes[0]):
        folder = next(iter(files)).removeprefix(f"{answers.folder}/").partition("/")[0]
        where = "/".join(filter(None, (answers.folder, folder)))
        place = Place(answers.repository, path, entry.line)
        yield Lack("owners", f"{path} has no line for /{where}/", place, "Add one: it names who reviews its changes.")


def pieces_of(ground: Ground, wish: NewDeployment) -> ServicePieces:
    """The pieces of the service that is copied.

    Raises
    ------
    NotFoundError   there is no such service or environment
    ConflictError   a service of the new name is deployed already
    InputError      a repository must be named, or no folder has the name of the service
    """
    releases = ground.by_service.get(wish.source, ())
    if not releases:
        raise NotFoundError(
            f"there is no deployment of a service {wish.source!r}{similar(wish.source, sorted(ground.by_service))}"
        )
    repositories = list(dict.fromkeys(each.repository for each in releases))
    name = wish.repository or (repositories[0] if len(repositories) == 1 else "")
    if name not in repositories:
        raise InputError(f"{wish.source} is deployed by {', '.join(repositories)}; name one of these repositories")
    refuse_existing(ground, wish.service)
    known = {each.environment for each in releases if each.repository == name}
    if unknown := [each for each in wish.environments if each not in known]:
        listed = ", ".join(sorted(filter(None, known))) or "none"
        raise NotFoundError(f"{wish.source} isn't deployed in {', '.join(unknown)}; its environments are: {listed}")
    source = ServicePieces(ground, name, wish.source, wish.service, frozenset(wish.environments))
    if unnamed := source.unnamed_folders:
        raise InputError(
            f"{', '.join(unnamed)} of {name} doesn't have the name of {wish.source}, so nothing tells where that of "
            f"{wish.service} would be; name another service"
        )
    return source


def refuse_existing(ground: Ground, service: str) -> None:
    """Refuse a name that a service has already.

    Raises
    ------
    ConflictError   one has it
    """
    for each in ground.by_service.get(service, ()):
        raise ConflictError(f"{service} is deployed already ({each.repository}, {each.pair})")


def draft_of(ground: Ground, source: ServicePieces) -> tuple[Draft, Piece | None]:
    """The draft of a copy, with the piece that is its line of CODEOWNERS.

    Raises
    ------
    ConflictError   a file of the copy is there already
    """
    pieces = list(source.find())
    there = ground.paths(source.repository)
    for each in pieces:
        if each.item is None and (each.target in there or each.target == each.path):
            raise ConflictError(f"{each.target} is there already; remove it, or choose another name")
    contents = next(each for each in ground.result.repositories if each.facts.name == source.repository)
    path = contents.codeowners.path
    owners = Piece(path, path, is_text=True) if path and path in there and source.homes else None
    if owners:
        pieces.append(owners)
    return Draft(ground, source.repository, source.words, source.new, pieces), owners


def _add_owners(draft: Draft, source: ServicePieces, owners: Piece) -> None:
    for each in draft.decisions[owners]:
        if each.outcome != "left out":
            home = source.homes[0]
            text = draft.read(owners.path).decode()
            new_home = source.target(home) or home
            draft.contents[owners.path] = with_line(text, each.entry, home, new_home, str(each.value)).encode()
