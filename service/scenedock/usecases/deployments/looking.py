"""Look at what a repository would say with a new deployment: is it there, alone, and what does it lack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from scenedock.changes.deployments.planned import DeploymentPlan, NewDeployment, NewRelease
from scenedock.changes.deployments.text import with_text
from scenedock.changes.environments.decisions import Decision
from scenedock.changes.environments.lacking import lacks_in
from scenedock.changes.environments.planned import Lack
from scenedock.changes.planned import Planned, PlannedFile, Refusal, VersionChange
from scenedock.documents.encryption import encryption_of
from scenedock.model.finding import Place
from scenedock.model.locks import locks_of
from scenedock.releases.release import PairKey, Release
from scenedock.structs import dataclass
from scenedock.usecases.changes.ground import Ground, unplanned
from scenedock.usecases.deployments.lacking import owners_unmade, told_of_files, unlisted
from scenedock.usecases.deployments.pieces import ServicePieces
from scenedock.usecases.deployments.validating import check_values
from scenedock.usecases.deployments.versions import without_version
from scenedock.usecases.environments.drafting import Draft, missing_files, stale_catalog, told_of_links
from scenedock.usecases.environments.pieces import Piece

_MOST_UNPLANNED = 5


@dataclass(frozen=True, slots=True)
class Look:
    """Looks at what a repository would say with a draft."""

    draft: Draft
    source: ServicePieces
    wish: NewDeployment
    answers: tuple[Decision, ...] = ()

    def plan(self) -> DeploymentPlan:
        """The plan, with what the repository says after it.

        Raises
        ------
        InputError   the repository couldn't be read then, or the values aren't as the schemas want
        """
        draft, service = self.draft, self.wish.service
        files, ground, decisions = draft.files(), draft.ground, (*self.answers, *draft.all_decisions)
        later = ground.later(files) if files else ground
        made = [each for key, each in later.releases.items() if key[:2] == (draft.repository, service)]
        if not any(each.is_open for each in decisions):
            known = self.source.keys if self.wish.source else ()
            check_values(ground, later, [each.key for each in made], known)
        before, after = (
            {key: each for key, each in found.items() if key[1] != service}
            for found in (ground.releases, later.releases)
        )
        changes = tuple(self._change(key, later) for key in self._wanted(later))
        refusals = tuple(self._refusals(files, later, unplanned(before, after, ())))
        content = "".join(f"{each.key}={each.value!r}\n" for each in decisions)
        files_told = told_of_files(ground, self.source, draft.pieces, files) if self.wish.source else ()
        notes = (*self.source.notes, *files_told, *told_of_links(draft), *without_version(changes, self.wish))
        planned = Planned(files, changes, refusals, notes=tuple(dict.fromkeys(notes)), content=content)
        return with_text(
            DeploymentPlan(
                repository=draft.repository,
                service=service,
                source=self.wish.source or self.wish.skeleton,
                is_skeleton=not self.wish.source,
                decisions=decisions,
                planned=planned,
                releases=tuple(_release(later, each) for each in made),
                lacks=tuple(self._lacks(files, later, made)),
            )
        )

    def _wanted(self, later: Ground) -> tuple[PairKey, ...]:
        """The deployments that should be there then: those of the source; what a skeleton made says so itself."""
        repository, service = self.draft.repository, self.wish.service
        if self.wish.source:
            return tuple((repository, service, key[2]) for key in self.source.keys)
        made = tuple(key for key in later.releases if key[:2] == (repository, service))
        return made or ((repository, service, None),)

    def _change(self, key: PairKey, later: Ground) -> VersionChange:
        made = later.releases.get(key)
        place = Place(key[0], made.path if made and not made.elsewhere else "")
        return VersionChange(key, "", (made.version if made else "") or "", "unknown", place)

    def _refusals(self, files: Sequence[PlannedFile], later: Ground, wrong: Sequence[str]) -> Iterator[Refusal]:
        service, repository = self.wish.service, self.draft.repository
        if not files:
            message = f"no file and no item of a list is {self.wish.source}'s alone, so there is nothing to copy"
            yield Refusal("nothing-to-copy", service, message, Place(repository), "Name another service.")
        if wrong:
            message = f"it would change more than {service}: {'; '.join(wrong[:_MOST_UNPLANNED])}"
            yield Refusal("not-as-planned", service, message, Place(repository, files[0].path), "Add it by hand.")
        for _, _, environment in self._wanted(later):
            for lock in locks_of(self.draft.ground.locks(repository), service, environment, self.draft.ground.now):
                pair = f"{service}/{environment}" if environment else service
                yield Refusal("locked", pair, str(lock), lock.place, "Wait until it ends, or remove the lock.")

    def _lacks(self, files: Sequence[PlannedFile], later: Ground, made: Sequence[Release]) -> Iterator[Lack]:
        service = self.wish.service
        yield from self._undeployed(later)
        copied = {piece.path for piece in self.draft.pieces if piece.item is None}
        yield from unlisted(later, self._wanted(later), self.source, copied)
        yield from missing_files(self.draft)
        yield from _images(made)
        yield from self._binaries()
        yield from self._owners()
        yield from stale_catalog(self.draft)
        said: set[tuple[str, str, str]] = set()
        for environment, pieces in self._by_environment().items():
            decisions = [each for piece in pieces for each in self.draft.decisions.get(piece, ())]
            paths = {piece.target for piece in pieces}
            own = [each for each in files if each.path in paths]
            for lack in lacks_in(decisions, own, self.draft.words, service, environment, self.draft.new):
                if (lack.need, lack.what, lack.remedy) not in said:
                    said.add((lack.need, lack.what, lack.remedy))
                    yield lack

    def _by_environment(self) -> dict[str, list[Piece]]:
        """The pieces by their environments; those of all with that of production, or the last."""
        known = [key[2] or "" for key in self.source.keys]
        found: dict[str, list[Piece]] = {}
        for piece in self.draft.pieces:
            found.setdefault(piece.environment or (known[-1] if known else ""), []).append(piece)
        return found

    def _undeployed(self, later: Ground) -> Iterator[Lack]:
        for key in self._wanted(later):
            if key in later.releases:
                continue
            old = (key[0], self.source.service, key[2])
            before = self.draft.ground.pairs[old].deployment if old in self.draft.ground.pairs else None
            where = before.application.place if before and before.application else Place(key[0])
            here = f" in {key[2]}" if key[2] else ""
            what = f"nothing in the repository says that {key[1]} is deployed{here}"
            others = self.source.service or "other services"
            yield Lack(
                "deployment", what, where, f"Add it where {others} {'is' if self.source.service else 'are'} listed."
            )

    def _owners(self) -> Iterator[Lack]:
        """The lines of CODEOWNERS that aren't made."""
        draft, repository = self.draft, self.draft.repository
        contents = next(each for each in draft.ground.result.repositories if each.facts.name == repository)
        path = contents.codeowners.path
        if self.wish.source and path and path in draft.ground.paths(repository):
            made = next(
                (each.place.line for each in draft.all_decisions if each.entry.identity == ("codeowners",)), None
            )
            yield from owners_unmade(draft.ground, repository, draft.words, path, made)

    def _binaries(self) -> Iterator[Lack]:
        for piece, decisions in self.draft.decisions.items():
            for each in decisions:
                data = self.draft.ground.read(self.draft.repository, piece.path) if each.outcome == "left out" else b""
                if data and piece.item is None and not encryption_of(data) and b"\0" in data:
                    yield Lack("file", piece.target, each.place, f"Copy it from {piece.path}: it isn't text.")


def _images(made: Iterable[Release]) -> Iterator[Lack]:
    """The images that must exist before the service can start."""
    said: dict[str, Release] = {}
    for each in made:
        if each.image and each.version:
            said.setdefault(f"{each.image}:{each.version}", each)
    for image, release in said.items():
        yield Lack("image", image, release.place, "Build and push it before the merge.")


def _release(later: Ground, release: Release) -> NewRelease:
    deployment = later.pairs[release.key].deployment
    image = f"{release.image}:{release.version}" if release.image and release.version else ""
    hosts = tuple(sorted(deployment.facts.ingress_hosts))
    return NewRelease(release.environment, deployment.namespace, hosts, image)
