"""What the path of a folder says of what is deployed from it: whose it is, and in which environment."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from scenedock.catalog.vocabulary.environments import EnvironmentNames, without_order
from scenedock.model.file_paths import folders_above
from scenedock.structs import dataclass

_VERSION = re.compile(r"v?\d+(?:[._]\d+)*")
# Folders that hold the variants of a service: what is below one says which.
_VARIANTS = frozenset(
    """cluster clusters env environment environments envs overlay overlays region regions ring rings stage stages
    variant variants""".split()
)
# Folders that hold what all variants share, other folders, or manifests of one kind: none names a service.
_HOLDERS = frozenset(
    """app application applications apps base bases charts common component components configmaps cronjobs daemonsets
    default defaults deploy deployments externalsecrets gitops global helm helm-releases helmrelease helmreleases
    ingresses jobs k8s kubernetes kustomize manifest manifests namespaces persistentvolumeclaims pods project projects
    releases resources rolebindings roles routes serviceaccounts servicemonitors services shared stack stacks
    statefulsets tenants workload workloads""".split()
)
# These name a service only where nothing else does.
_PARTS = frozenset(
    """config configs configuration crds deployment infra infrastructure instance operator platform rbac release secrets
    service""".split()
)
_LAYERS = _HOLDERS | _PARTS
_OVERLAYS = frozenset({"envs", "environments", "overlays"})
_NO_ENVIRONMENTS = frozenset(
    """base bases common component components default defaults global lib library local patches resources shared
    template templates""".split()
)


@dataclass(frozen=True, slots=True)
class _Row:
    """Folders beside one another: whether they are environments, how many with manifests are known ones or not."""

    is_of_environments: bool
    are_few: bool
    known: int
    others: int


class Places:
    """The folders of a repository that have a kustomization, or manifests that Flux takes."""

    def __init__(self, folders: Iterable[str], names_of: Callable[[str], EnvironmentNames]) -> None:
        self._names_of = names_of
        self._children: dict[str, set[str]] = defaultdict(set)
        self._direct: dict[str, set[str]] = defaultdict(set)
        self._rows: dict[str, _Row] = {}
        self._environments: dict[tuple[str, str], str | None] = {}
        for folder in folders:
            parent, name = posixpath.split(folder)
            self._direct[parent].add(name)
            for path in (*folders_above(folder), folder):
                parent, name = posixpath.split(path)
                self._children[parent].add(name)

    def home_of(self, folder: str) -> str:
        """The folder of the service that one belongs to, without layers, variants and environments at its end.

        The root, where the path names no service.
        """
        segments = folder.split("/") if folder else []
        named = [self._is_name(segments, at) for at in range(len(segments))]
        for at, segment in enumerate(segments):
            is_variant = segment in _VARIANTS or (
                self.environment_at(segments, at) and self._holds_variants(segments, at)
            )
            if is_variant and any(named[:at]):
                return "/".join(segments[: _last(named[:at]) + 1])
        if any(named):
            return "/".join(segments[: _last(named) + 1])
        # `components/integration/base`: a service that is called like an environment.
        for at, segment in enumerate(segments[1:-1], start=1):
            is_layer = segments[at + 1] in _LAYERS | _VARIANTS or self.environment_at(segments, at + 1) is not None
            if segment not in _LAYERS | _VARIANTS and segments[at - 1] not in _VARIANTS and is_layer:
                return "/".join(segments[: at + 1])
        return "/".join(
            segments[: max((at for at, each in enumerate(segments) if at and each in _PARTS), default=-1) + 1]
        )

    def is_layer(self, home: str, folder: str) -> bool:
        """Whether a folder is one of a service's own layers: `overlays`, `operator`, and what is below them."""
        return folder.startswith(f"{home}/") and folder[len(home) + 1 :].partition("/")[0] in _LAYERS | _OVERLAYS

    def environment_of(self, folder: str, home: str = "") -> str | None:
        """The environment that a folder's path names beyond what it has in common with a service's folder."""
        if (folder, home) not in self._environments:
            self._environments[folder, home] = self._environment_of(folder, home)
        return self._environments[folder, home]

    def _environment_of(self, folder: str, home: str) -> str | None:
        segments = folder.split("/") if folder else []
        common = 0
        for mine, other in zip(segments, home.split("/"), strict=False):
            if mine != other:
                break
            common += 1
        for at in range(len(segments) - 1, common - 1, -1):
            if environment := self.environment_at(segments, at):
                return environment
        return None

    def name_of_overlay(self, folder: str) -> str:
        """The name of an overlay by its folder, where nothing says that it is an environment; else empty."""
        above, name = posixpath.split(folder)
        is_overlay = posixpath.basename(above) in _OVERLAYS and name not in _NO_ENVIRONMENTS
        return name if is_overlay and not self._names_of(above).closed else ""

    def name_beside_variants(self, home: str) -> str:
        """The name of what lies apart for each cluster, in `clusters/overlays/east/components/billing`; else empty."""
        segments = home.split("/")
        for at in range(len(segments) - 3):
            is_variant = segments[at] in _VARIANTS and self.environment_at(segments, at + 1) is None
            if is_variant and segments[at + 2] == "components":
                return segments[-1]
        return ""

    def environment_at(self, segments: Sequence[str], at: int) -> str | None:
        """The environment that a segment of a path names.

        A known name is one, unless most folders beside it are something else; one with a suffix only where one beside
        it is known, or where all are such; any other where most folders beside it are environments of a service.
        """
        segment, parent = segments[at], "/".join(segments[:at])
        names, row = self._names_of(parent), self._row(parent)
        named, is_variant = names.named(segment), at > 0 and segments[at - 1] in _VARIANTS
        if named:
            is_plain = names.lists(named) and (is_variant or row.are_few)
            return named if is_plain or (row.is_of_environments and (is_variant or row.are_few)) else None
        if names.closed or segment in _NO_ENVIRONMENTS or segment not in self._direct[parent]:
            return None
        is_service = parent and parent.rpartition("/")[2] not in _LAYERS
        return without_order(segment) if is_service and row.known > max(row.others, 1) else None

    def _row(self, parent: str) -> _Row:
        """What lies in a folder, as environments."""
        if parent not in self._rows:
            names = self._names_of(parent)
            named = {each: names.named(each) for each in self._children[parent]}
            environments = [each for each in named.values() if each]
            is_row = any(map(names.lists, environments)) or 1 < len(environments) == len(named)
            rest = sum(1 for each in named if not named[each] and each not in _NO_ENVIRONMENTS)
            direct = self._direct[parent]
            known = sum(1 for each in direct if named[each])
            others = sum(1 for each in direct if not named[each] and each not in _NO_ENVIRONMENTS)
            self._rows[parent] = _Row(is_row, rest <= 2 * len(environments), known, others)
        return self._rows[parent]

    def _holds_variants(self, segments: Sequence[str], at: int) -> bool:
        """Whether what lies in an environment's folder lies in none beside it: clusters, and no services."""
        parent = "/".join(segments[:at])
        names = self._names_of(parent)
        beside = {each for each in self._children[parent] if each != segments[at] and names.named(each)}
        if not beside or at + 1 >= len(segments):
            return False
        return not any(segments[at + 1] in self._children[f"{parent}/{each}".lstrip("/")] for each in beside)

    def _is_name(self, segments: Sequence[str], at: int) -> bool:
        """Whether a segment may name a service."""
        segment = segments[at]
        if segment in _LAYERS or segment in _VARIANTS or _VERSION.fullmatch(segment):
            return False
        if at > 0 and segments[at - 1] in _VARIANTS:
            return False
        return self.environment_at(segments, at) is None


def _last(truths: Sequence[bool]) -> int:
    return max(at for at, true in enumerate(truths) if true)
