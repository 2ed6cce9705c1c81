"""What a new deployment lacks beyond its own files: who lists it, who owns it, and what a copy isn't."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from scenedock.catalog.reading.handwritten import CATALOG_FILES
from scenedock.changes.deployments.codeowners import lines_about
from scenedock.changes.environments.planned import Lack
from scenedock.changes.environments.words import Words
from scenedock.changes.planned import PlannedFile
from scenedock.errors import InputError, NotFoundError
from scenedock.model.finding import Place
from scenedock.releases.release import PairKey
from scenedock.usecases.changes.ground import Ground
from scenedock.usecases.deployments.pieces import ServicePieces
from scenedock.usecases.environments.pieces import Piece

_LISTING: Final = (
    ".yaml",
    ".yml",
    ".tpl",
    ".gotmpl",
    ".json",
    ".jsonnet",
    ".libsonnet",
    ".cue",
    ".tf",
    ".hcl",
    ".toml",
)
_MOST_NAMING: Final = 5


def unlisted(
    later: Ground, wanted: Sequence[PairKey], source: ServicePieces, copied: Collection[str]
) -> Iterator[Lack]:
    """That there are only values files of it: no Application, list or tool says that they are deployed."""
    alone = [key for key in wanted if key in later.pairs and _is_alone(later, key)]
    if not alone:
        return
    environments = " and ".join(sorted(filter(None, (key[2] for key in alone))))
    where = f" in {environments}" if environments else ""
    what = f"nothing in the repository says that {alone[0][1]} is deployed{where}: it has files, and no list names it"
    named = list(_naming(source, copied)) if source.service else []
    place = named[0] if named else Place(source.repository)
    listed = ", ".join(f"{each.path}:{each.line}" for each in named[:_MOST_NAMING])
    more = f" and {len(named) - _MOST_NAMING} more" if len(named) > _MOST_NAMING else ""
    remedy = f"{source.service} is named in {listed}{more}: add the new one where it must be." if named else ""
    yield Lack(
        "deployment", what, place, remedy or "Add it where the others are listed, perhaps in another repository."
    )


def _is_alone(later: Ground, key: PairKey) -> bool:
    deployment = later.pairs[key].deployment
    return deployment.application is None and deployment.item is None and deployment.unit is None


def _naming(source: ServicePieces, copied: Collection[str]) -> Iterator[Place]:
    """The first line that names the source, of each file that isn't its own."""
    repository = source.repository
    for path in sorted(source.ground.paths(repository)):
        is_own = path in copied or any(path.startswith(f"{home}/") for home in source.homes)
        if is_own or not path.endswith(_LISTING) or posixpath.basename(path) in CATALOG_FILES:
            continue
        try:
            lines = source.ground.read(repository, path).decode("utf-8", "replace").splitlines()
        except (InputError, NotFoundError):
            continue
        line = next((number for number, each in enumerate(lines, 1) if source.words.are_in(each)), None)
        if line:
            yield Place(repository, path, line)


def owners_unmade(ground: Ground, repository: str, words: Words, path: str, made: int | None) -> Iterator[Lack]:
    """The lines of CODEOWNERS about the source, but for that of which one is `made`."""
    text = ground.read(repository, path).decode("utf-8", "replace")
    for line, pattern in lines_about(text, words):
        if line != made:
            what = f"{path} has a line for {pattern}, and none like it for the new service"
            yield Lack("owners", what, Place(repository, path, line), "Add one, if it has such owners.")


def told_of_files(
    ground: Ground, source: ServicePieces, pieces: Sequence[Piece], made: Sequence[PlannedFile]
) -> Iterator[str]:
    """What a copy of files isn't: a link, alone in its folder."""
    repository = ground.repositories[source.repository]
    listing, links = repository.listing(), {each.path: each.link for each in made}
    for each in pieces:
        if each.item is None and each.path in listing.links and not links.get(each.target, "-"):
            leads_to = repository.real_path(each.path)
            yield f"{each.path} is a link to {leads_to}; {each.target} has other values, so it is a file of its own"
    for path in sorted({*listing.folder_links, *listing.outside}):
        if any(path.startswith(f"{home}/") for home in source.homes):
            yield f"{path} is a link to a folder, or out of the repository, and isn't copied"
    for home in (source.target(each) or each for each in source.homes):
        there = [each for each in listing.files if each.lower().startswith(f"{home}/".lower())]
        if there:
            yield f"{home} has files already, such as {there[0]}; {source.new} is added to them"
