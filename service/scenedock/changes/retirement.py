"""The end of deployments: what somebody wants to retire, what that does, and what speaks against it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from scenedock.changes.planned import Planned, PlannedFile, Refusal
from scenedock.changes.text import markdown, plain
from scenedock.model.finding import Place
from scenedock.releases.release import PairKey
from scenedock.structs import dataclass, field

_MOST_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class Retirement:
    """What to retire: a service in an environment, or without one the whole deployment, in a repository.

    `force` allows what others depend on; `pass_lock` is the reason to pass locks. `expired` is the day on which an
    environment has ended by itself.
    """

    service: str
    environment: str | None = None
    repository: str | None = None
    force: bool = False
    pass_lock: str = ""
    expired: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether the whole deployment goes."""
        return self.environment is None

    def __str__(self) -> str:
        """`billing in qa`."""
        return self.service if self.is_whole else f"{self.service} in {self.environment}"


@dataclass(frozen=True, slots=True)
class RenderedObject:
    """An object that is deployed; `kept` says what keeps it in the cluster after it has gone from git."""

    kind: str
    name: str
    namespace: str = ""
    kept: str = ""

    def __str__(self) -> str:
        """`Deployment billing/billing-api`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Depending:
    """Who depends on what is retired, with the owner and the line that says so."""

    entity: str
    owner: str
    place: Place = field(default_factory=Place)

    def __str__(self) -> str:
        """`component:checkout (group:default/shop), apps/checkout/values.yaml:12`."""
        at = f", {self.place}" if self.place.path else ""
        return f"{self.entity} ({self.owner}){at}"


@dataclass(frozen=True, slots=True)
class BlastRadius:
    """What a retirement does, beyond the files.

    `deployments` are the pairs that go; `not_rendered` says of each, by its pair, why its objects aren't known.
    `claims` are the objects that have or make persistent volumes. `keeps` says what keeps objects in the cluster, or
    lets them go late, with its place. `locks` are those that it lifts. `stays` is what nobody takes away,
    `said_otherwise` what the catalog says otherwise afterwards of what is deployed as before.
    """

    deployments: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    objects: tuple[RenderedObject, ...] = ()
    not_rendered: Mapping[str, str] = field(default_factory=dict)
    claims: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    dependents: tuple[Depending, ...] = ()
    locks: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()
    open_changes: tuple[str, ...] = ()
    said_otherwise: tuple[str, ...] = ()

    @property
    def sections(self) -> list[tuple[str, Sequence[str]]]:
        """What there is to say, each with a title."""
        found: list[tuple[str, Sequence[str]]] = [
            ("Deployments that go", self.deployments),
            ("Namespaces", self.namespaces),
            ("Objects in the cluster", list(map(str, self.objects))),
            ("What holds data", self.claims),
            ("Not rendered", [f"{pair}: {why}" for pair, why in self.not_rendered.items()]),
            ("What keeps objects", self.keeps),
            ("Entities that go", self.entities),
            ("On it depend", list(map(str, self.dependents))),
            ("Locks that it lifts", self.locks),
            ("Open changes that it replaces", self.open_changes),
            ("It leaves", self.stays),
            ("What the catalog says otherwise then", self.said_otherwise),
        ]
        return [(title, items) for title, items in found if items]


@dataclass(frozen=True, slots=True)
class PlannedRetirement:
    """A retirement as it is planned; it must not be made while there are refusals.

    `catalog_files` are the catalog files that go, by their repository's name and path, `sources` the addresses of the
    source code, of which a Template may have registered more.
    """

    retirement: Retirement
    keys: tuple[PairKey, ...]
    files: tuple[PlannedFile, ...]
    radius: BlastRadius
    refusals: tuple[Refusal, ...] = ()
    lifted: tuple[Refusal, ...] = ()
    catalog_files: tuple[tuple[str, str], ...] = ()
    sources: tuple[str, ...] = ()

    @property
    def as_planned(self) -> Planned:
        """The same as any planned change of files."""
        return Planned(
            self.files, (), self.refusals, self.lifted, title=self.title, body=self.body, message=self.message
        )

    @property
    def title(self) -> str:
        """The title of its pull request."""
        return f"Retire {self.retirement}"

    @property
    def message(self) -> str:
        """The message of its commit."""
        gone = self.gone
        lines = [f"{len(gone)} files go." if len(gone) != 1 else f"{gone[0].path} goes."] if gone else []
        lines += [f"A lock is passed: {self.retirement.pass_lock}"] if self._passes else []
        return "\n".join([self.title, "", *map(plain, lines)])

    @property
    def body(self) -> str:
        """The text of its pull request."""
        return "\n\n".join(filter(None, self._paragraphs()))

    @property
    def digest(self) -> str:
        """What somebody approves: the files and what becomes of them, who depends on them, and what goes with them."""
        radius = self.radius
        said = [f"{each.repository}:{each.path}:{_digest_of(each.after)}" for each in self.files]
        said += [*radius.deployments, *map(str, radius.dependents), *radius.entities]
        for title, items in (
            ("namespaces", radius.namespaces),
            ("claims", radius.claims),
            ("keeps", radius.keeps),
            ("locks", radius.locks),
        ):
            said += [title, *items]
        said += [self.retirement.pass_lock, self.retirement.expired]
        return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]

    @property
    def _passes(self) -> bool:
        return any(each.code == "locked" for each in self.lifted)

    def _paragraphs(self) -> Iterator[str]:
        radius = self.radius
        if self.retirement.expired:
            yield f"Its end was set to {markdown(self.retirement.expired)}, which is over."
        yield _listed("Files that go", [str(Place(each.repository, each.path)) for each in self.gone])
        yield _listed("Files that change", [str(Place(each.repository, each.path)) for each in self.changed])
        for title, items in radius.sections:
            yield _listed(title, items)
        yield _listed("Allowed by who asked for this", [f"{each.code}: {each.message}" for each in self.lifted])
        if self._passes:
            yield f"Why the lock is passed: {markdown(self.retirement.pass_lock)}"

    @property
    def gone(self) -> list[PlannedFile]:
        """The files that go."""
        return [each for each in self.files if each.after is None]

    @property
    def changed(self) -> list[PlannedFile]:
        """The files that are edited in place."""
        return [each for each in self.files if each.after is not None]


def _digest_of(after: bytes | None) -> str:
    return "gone" if after is None else hashlib.sha256(after).hexdigest()


def _listed(title: str, items: Sequence[str]) -> str:
    if not items:
        return ""
    shown = [f"- {markdown(each)}" for each in items[:_MOST_NAMED]]
    more = [f"- and {len(items) - _MOST_NAMED:,} more"] if len(items) > _MOST_NAMED else []
    return "\n".join([f"{title}:", "", *shown, *more])
