"""The content of a GitOps repository of Helm folders, as far as the catalog needs it.

All paths are relative to the repository's root, with `/` between their parts; the root itself is the empty path.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Literal, TypeAlias

from scenedock.model.entity import Entity
from scenedock.model.finding import Place
from scenedock.model.json import JsonObject
from scenedock.structs import dataclass, field, replace

WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Pod", "Rollout", "Service", "Ingress"})
"""The Kubernetes kinds that run, or that others reach something running by."""
CHART_FILE = "Chart.yaml"
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
"""The names of Kustomize's file, the one that counts first in front."""
APPLICATIONS = frozenset({"Application", "ApplicationSet"})
"""The kinds by which Argo CD deploys."""

Provider: TypeAlias = Literal["github", "gitlab", "bitbucket", "gitea", "azure"]


@dataclass(frozen=True, slots=True)
class RepositoryFacts:
    """Where a repository lives: its name in a run, and its address for browsers.

    `url` has no trailing slash, no `.git` and no credentials; it is empty if no remote is known, and then no
    URL is emitted. `prefix` is the path of the exported folder if that is only a part of the git repository.
    """

    name: str
    url: str = ""
    branch: str = "HEAD"
    provider: Provider = "github"
    prefix: str = ""

    @property
    def root_name(self) -> str:
        """The name of a chart in the root: from the address, if known, which is the same on every machine."""
        return posixpath.basename(f"{self.url}/{self.prefix}".rstrip("/")) if self.url else self.name


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a repository, sorted. `outside` are symbolic links that lead out of it: listed, never read.

    `links` are all files that are symbolic links, `folder_links` those that lead to folders and are not entered.
    `unnameable` are files whose paths aren't Unicode, with their bytes escaped; they are not in `files`. `too_deep` are
    paths that are too long to be read; nothing below them is in `files`. `special` are pipes, sockets and devices.
    """

    files: tuple[str, ...] = ()
    outside: frozenset[str] = frozenset()
    unnameable: tuple[str, ...] = ()
    too_deep: tuple[str, ...] = ()
    links: frozenset[str] = frozenset()
    folder_links: frozenset[str] = frozenset()
    special: tuple[str, ...] = ()

    @property
    def inside(self) -> tuple[str, ...]:
        """The files that may be read."""
        return tuple(path for path in self.files if path not in self.outside) if self.outside else self.files


@dataclass(frozen=True, slots=True)
class Dependency:
    """One line of a chart's `dependencies`.

    `folder` is the path of the local chart that it names, or None for a chart from elsewhere. `enabled` says whether
    its `condition` and `tags` are true with the folder's own values, in at least one environment. `missing` is the path
    of a local chart that isn't a deployment folder of the repository.
    """

    name: str
    alias: str
    folder: str | None
    remote: bool
    enabled: bool
    missing: str = ""

    @property
    def key(self) -> str:
        """Its key in values: its alias, else its name."""
        return self.alias or self.name


@dataclass(frozen=True, slots=True)
class Chart:
    """Chart.yaml, with common mistakes already corrected or left out."""

    name: str = ""
    description: str = ""
    library: bool = False
    deprecated: bool = False
    keywords: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    maintainers: tuple[str, ...] = ()
    owner: str = ""
    dependencies: tuple[Dependency, ...] = ()

    @property
    def face(self) -> Chart:
        """All that other services may depend on: without what says something of this one alone."""
        return Chart(name=self.name, library=self.library, dependencies=self.dependencies)


@dataclass(frozen=True, slots=True)
class ValuesFacts:
    """Facts from the values of one environment, merged as Helm merges its files.

    `hosts` are the host names in whole scalars (never from a comment or a templated value), `ingress_hosts` those that
    the deployment itself serves. `labels` are the labels of every object of the deployment.
    """

    hosts: frozenset[str] = frozenset()
    ingress_hosts: frozenset[str] = frozenset()
    exposed: bool = False
    scheduled: bool = False
    owner: str = ""
    fullname: str = ""
    kubernetes_id: str = ""
    labels: frozenset[tuple[str, str]] = frozenset()

    @property
    def face(self) -> ValuesFacts:
        """All that other services may depend on: without what says something of this one alone."""
        return replace(self, hosts=frozenset(), scheduled=False, owner="", kubernetes_id="")


@dataclass(frozen=True, slots=True)
class ApiFile:
    """A file that defines an API, with its full text."""

    path: str
    type: Literal["openapi", "asyncapi", "graphql", "grpc"]
    definition: str


@dataclass(frozen=True, slots=True)
class HelmFolder:
    """One deployment folder: a chart with its values, or plain manifests where `chart` is None.

    `values` holds the facts for each environment that the folder's values files name; the key `""` is the default
    values alone. `value_files` are the files that they come from, by their paths in the folder, in the order in which
    Helm merges them; `unused_files` name an environment, too, but Applications name other files of the folder.
    `handwritten` are the entities that a person wrote, `has_handwritten` says that they are (also) in a catalog-info
    file, even if nothing in it can be read. `kind_files` has a file for each Kubernetes kind that its manifests and
    templates spell out, and `names_all_kinds` says of templates that there are no others; `services` are the names of
    the Services among them. `skeleton` is what the folder was baked from, with its ref: `deployment@v1.2.0`.
    """

    path: str
    chart: Chart | None = None
    values: Mapping[str, ValuesFacts] = field(default_factory=dict)
    value_files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unused_files: tuple[tuple[str, str], ...] = ()
    kind_files: Mapping[str, str] = field(default_factory=dict)
    names_all_kinds: bool = False
    services: frozenset[str] = frozenset()
    kubernetes_id: str = ""
    value_keys: frozenset[str] = frozenset()
    has_techdocs: bool = False
    skeleton: str = ""
    apis: tuple[ApiFile, ...] = ()
    handwritten: tuple[Entity, ...] = ()
    has_handwritten: bool = False

    def at(self, name: str) -> str:
        """The path from the repository's root of a file inside the folder, or of one beside it (`../base/a.yaml`)."""
        if self.path and name[:1] not in "./":
            return f"{self.path}/{name}"
        path = posixpath.join(self.path, name)
        return posixpath.normpath(path) if name.startswith("../") else path

    @property
    def face(self) -> HelmFolder:
        """All that other services may depend on: without what says something of this one alone."""
        return replace(
            self,
            chart=self.chart.face if self.chart else None,
            values={environment: facts.face for environment, facts in self.values.items()},
            kubernetes_id="",
            value_keys=frozenset(),
            has_techdocs=False,
            skeleton="",
            apis=(),
            handwritten=(),
        )

    @property
    def kinds(self) -> frozenset[str]:
        """The Kubernetes kinds that its manifests and templates spell out."""
        return frozenset(self.kind_files)

    @property
    def has_values(self) -> bool:
        """Whether it has default values."""
        return bool(self.value_files.get(""))

    def files_of(self, environment: str | None) -> tuple[str, ...]:
        """The values files of an environment from the repository's root, in Helm's order; without any, the default."""
        names = self.value_files.get(environment or "", self.value_files.get("", ()))
        return tuple(map(self.at, names))


@dataclass(frozen=True, slots=True)
class Application:
    """One Argo CD Application, written down or generated by an ApplicationSet, and one folder that it deploys.

    `repository` is the name of the folder's repository, which may be another than the manifest's. `value_files` are
    those that it names and that lie in the folder, by their paths inside it. `place` is its manifest's, and
    `parameters` are those of the generator that made it.
    """

    name: str
    path: str
    namespace: str = ""
    environment: str | None = None
    labels: frozenset[tuple[str, str]] = frozenset()
    repository: str = ""
    value_files: tuple[str, ...] = ()
    place: Place = field(default=Place(), compare=False)
    parameters: JsonObject = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class ListItem:
    """One service of an app list in one environment (`environment` is None where the list doesn't name any).

    `folder` is the one that it deploys, where the list was found by its keys, which are names of folders; `template` is
    the file that writes its Application, where the app of apps spells that out.
    """

    name: str
    environment: str | None
    list_path: str
    chart_folder: str
    default_chart: bool
    slug: str
    facts: ValuesFacts = field(default_factory=ValuesFacts)
    folder: str = ""
    template: str = ""

    @property
    def key(self) -> str:
        """What the list calls it: the name of its folder, or its own."""
        return posixpath.basename(self.folder) or self.name


DeployedKind: TypeAlias = Literal[
    "Argo CD Application",
    "Argo CD ApplicationSet",
    "Flux HelmRelease",
    "Flux Kustomization",
    "Kustomize folder",
    "Fleet bundle",
    "helmfile release",
]


@dataclass(frozen=True, slots=True)
class Deployed:
    """Something that a tool deploys, seen in the files of a repository, whether or not it has an entity.

    `targets` are the folders that it deploys, as repository and path. Where it has none in this run, `reason` says why;
    of an Application, it says so, too, where a plugin makes something of the folders.
    """

    kind: DeployedKind
    name: str
    place: Place
    targets: tuple[tuple[str, str], ...] = ()
    reason: str = ""
