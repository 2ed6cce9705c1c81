"""What a deployment's chart says of versions, whatever the environment: its own, and those of charts that it uses."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial

from scenedock.catalog.mapping.deployments import RepositoryContents
from scenedock.catalog.vocabulary.backing_services import BACKING_SERVICES
from scenedock.documents.merging import merge_values
from scenedock.documents.reading import Document
from scenedock.model.helm import APPLICATIONS, CHART_FILE, WORKLOADS, Dependency, HelmFolder
from scenedock.model.json import JsonObject, as_list, as_object, as_text
from scenedock.releases.deployed import ChartVersions, DependencyVersion, Layer, Proof
from scenedock.releases.images import GLOBAL, Keys, images_in, text_of
from scenedock.releases.spots import Spot
from scenedock.structs import dataclass, field

# `print .Chart.AppVersion "-1"` makes something else of it.
_APP_VERSION = re.compile(rb"\.Chart\.AppVersion\b(?![ \t]*[\"'])")
# What `helm create` writes above the tag, where no template is there to prove it.
_SAID = b"default is the chart appVersion"
_SAID_IN_VALUES = re.compile(rb"^[ \t]*#.*\b%b\b" % _SAID, re.MULTILINE)

_RUNNING = WORKLOADS - {"Service", "Ingress"}
"""What runs by itself: an Ingress may well lead to what a chart from elsewhere runs."""
_WITHOUT_CONTAINERS = frozenset(
    {
        "ClusterRole",
        "ClusterRoleBinding",
        "ConfigMap",
        "CustomResourceDefinition",
        "ExternalSecret",
        "HTTPRoute",
        "Ingress",
        "IngressClass",
        "LimitRange",
        "Namespace",
        "NetworkPolicy",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "PriorityClass",
        "ResourceQuota",
        "Role",
        "RoleBinding",
        "SealedSecret",
        "SecretProviderClass",
        "Secret",
        "Service",
        "ServiceAccount",
        "ServiceMonitor",
        "StorageClass",
        "VolumeSnapshotClass",
    }
)


@dataclass(frozen=True, slots=True)
class ChartFacts:
    """What a chart says of versions; the names are those of `Deployed`.

    `files` are its values files of no environment, `templates` are one for each kind.
    """

    files: tuple[str, ...] = ()
    defaults: tuple[Layer, ...] = ()
    libraries: frozenset[str] = frozenset()
    foreign: frozenset[str] = frozenset()
    wrapped: frozenset[str] = frozenset()
    is_app_of_apps: bool = False
    runs_nothing: bool = False
    chart: ChartVersions | None = None
    templates: tuple[str, ...] = ()


@dataclass(slots=True)
class ChartReader:
    """Reads the charts of one repository, each once for all its environments.

    `document` gives the YAML in a file and `data` its bytes, both empty where it can't be read. `libraries` are the
    folders of library charts. `seen` gets the paths of files that an answer depends on, whoever read them.
    """

    document: Callable[[str], Document]
    data: Callable[[str], bytes]
    libraries: Collection[str]
    seen: set[str] = field(default_factory=set)
    _known: dict[tuple[str, frozenset[str]], tuple[ChartFacts, frozenset[str]]] = field(default_factory=dict)
    _folders: dict[str, HelmFolder] = field(default_factory=dict)
    _idle: frozenset[str] | None = None

    def forget(self) -> None:
        """Read all charts again: files have changed."""
        self._known.clear()

    def of(self, contents: RepositoryContents, folder: HelmFolder | None, own: frozenset[str]) -> ChartFacts:
        """What the chart in a folder says; `own` are the names that the image of the service itself may have."""
        if folder is None:
            return ChartFacts()
        key = folder.path, own
        if (known := self._known.get(key)) is None:
            before = set(self.seen)
            self.seen.clear()
            facts = self._read(contents, folder, own)
            known = self._known[key] = facts, frozenset(self.seen)
            self.seen.update(before)
        facts, files = known
        self.seen.update(files)
        return facts

    def _read(self, contents: RepositoryContents, folder: HelmFolder, own: frozenset[str]) -> ChartFacts:
        uses, used = _dependencies(folder), self._used(contents, folder)
        foreign = frozenset(self._foreign(contents, folder, own))
        return ChartFacts(
            files=folder.files_of(None),
            defaults=tuple(self._layers_of_charts(folder)),
            libraries=frozenset(each.key for each in uses if each.folder in self.libraries),
            foreign=foreign,
            wrapped=frozenset(each.key for each in uses) - foreign,
            is_app_of_apps=self._only_writes_applications(folder),
            runs_nothing=_runs_nothing(folder),
            chart=self._chart(contents, folder, own, used) if folder.chart else None,
            templates=tuple(sorted({path for each in (folder, *used) for path in _templates_of(each)})),
        )

    def shared_tags(self, facts: ChartFacts, layers: Iterable[Layer]) -> frozenset[Keys]:
        """The keys of tags under `global`, without an image beside them, that a template names."""
        if not facts.templates:
            return frozenset()
        shared: JsonObject = {}
        for layer in layers:
            if GLOBAL in layer.values:
                shared = merge_values(shared, as_object(layer.values[GLOBAL]))
        alone = [each for each in images_in({GLOBAL: shared}) if each.tag and not each.repository] if shared else []
        return frozenset(
            each.keys for each in alone if any(_names(each.keys, self.data(path)) for path in facts.templates)
        )

    def _layers_of_charts(self, folder: HelmFolder) -> Iterator[Layer]:
        """The values of the charts that a chart uses, each under its key: of libraries, and of those in it."""
        for each in _dependencies(folder):
            own = None if each.remote else folder.at(f"charts/{each.name}")
            path = posixpath.join((each.folder if each.folder in self.libraries else own) or "", "values.yaml")
            document = self.document(path) if "/" in path else Document(None)
            if values := as_object(document.value):
                lines, spots = partial(_line_under, document), partial(_spot_under, document.number)
                yield Layer(path, {each.key: values}, lines, is_file=False, spot_of=spots)

    def _only_writes_applications(self, folder: HelmFolder) -> bool:
        """Whether a chart is an app of apps: it has neither workloads nor charts that may have some."""
        depends = any(each.folder not in self.libraries for each in _dependencies(folder))
        return _has(folder, APPLICATIONS) and not _has(folder, WORKLOADS) and not depends

    def _chart(
        self, contents: RepositoryContents, folder: HelmFolder, own: frozenset[str], used: Sequence[HelmFolder]
    ) -> ChartVersions:
        path = folder.at(CHART_FILE)
        document = self.document(path)
        chart = as_object(document.value)
        listed = as_list(chart.get("dependencies"))
        idle = {each.path for each in used if _runs_nothing(each) and not _has(each, WORKLOADS)}
        is_mixed = _has(folder, WORKLOADS) or any(
            not each.remote and each.folder not in self.libraries and each.folder not in idle
            for each in _dependencies(folder)
        )
        remote = tuple(
            DependencyVersion(name, text_of(one.get("version")), ("dependencies", number, "version"))
            for number, one in enumerate(map(as_object, listed))
            if (name := text_of(one.get("name")))
            and as_text(one.get("repository")).startswith(("http", "oci", "@", "alias"))
            if name not in BACKING_SERVICES or any(_is_of(each, one) for each in own)
            if name in own or name not in self._without_workloads(contents)
        )
        app_version = text_of(chart.get("appVersion"))
        proof = self._proof_of_app_version(folder, used) if app_version else ""
        remote = () if _has(folder, _RUNNING) else remote
        return ChartVersions(path, document.line_of, app_version, proof, remote, is_mixed=is_mixed)

    def _without_workloads(self, contents: RepositoryContents) -> frozenset[str]:
        """The names of the charts of the repository that run nothing lasting, wherever those who list them get them."""
        if self._idle is None:
            self._idle = frozenset(
                each.chart.name for each in contents.folders if each.chart and _runs_nothing(each, frozenset({"Job"}))
            )
        return self._idle

    def _proof_of_app_version(self, folder: HelmFolder, used: Sequence[HelmFolder]) -> Proof:
        """What shows that a template of the chart, or of a library chart that it uses, has the appVersion as a tag.

        In templates that a chart of another type renders, Helm has that chart's own appVersion. Without any template to
        look at, the comment counts that `helm create` writes above the tag.
        """
        own = _templates_of(folder)
        if own or any(map(_templates_of, used)):
            rendered = {*own, *(path for each in used for path in _templates_of(each) if _is_partial(path, each))}
            return "templates" if any(_APP_VERSION.search(self.data(path)) for path in sorted(rendered)) else ""
        return "comment" if any(_says_app_version(self.data(path)) for path in folder.files_of(None)) else ""

    def _used(self, contents: RepositoryContents, folder: HelmFolder) -> list[HelmFolder]:
        """The charts of the repository that a chart uses."""
        used = {each.folder for each in _dependencies(folder) if each.folder is not None}
        if used and not self._folders:
            self._folders = {each.path: each for each in contents.folders}
        return [self._folders[path] for path in used if path in self._folders]

    def _foreign(self, contents: RepositoryContents, folder: HelmFolder, own: frozenset[str]) -> Iterator[str]:
        """The keys of values that belong to other charts: backing services, deployments, any beside own workloads."""
        more = contents.settings.backing_services
        for each in _dependencies(folder):
            is_deployment = each.folder is not None and each.folder not in self.libraries
            is_beside = each.folder is None and _has(folder, WORKLOADS)
            is_known = each.name in BACKING_SERVICES or each.name in more
            is_backing = is_known and own.isdisjoint({each.name, each.key})
            if is_backing or is_deployment or is_beside:
                yield each.key


def _templates_of(folder: HelmFolder) -> set[str]:
    return {folder.at(name) for name in folder.kind_files.values()}


def _is_partial(template: str, folder: HelmFolder) -> bool:
    """Whether a chart that uses another one renders its template as its own, as it does those of a library."""
    return bool(folder.chart and folder.chart.library) or posixpath.basename(template).startswith("_")


def _names(keys: Keys, template: bytes) -> bool:
    """Whether a template has the value at some keys."""
    name = re.escape(".".join(map(str, keys))).encode()
    return re.search(rb"\.Values\.%b\b" % name, template) is not None


def _says_app_version(data: bytes) -> bool:
    return _SAID in data and _SAID_IN_VALUES.search(data) is not None


def _has(folder: HelmFolder, kinds: frozenset[str]) -> bool:
    return not kinds.isdisjoint(folder.kind_files)


def _dependencies(folder: HelmFolder) -> tuple[Dependency, ...]:
    return folder.chart.dependencies if folder.chart else ()


def _runs_nothing(folder: HelmFolder, but: frozenset[str] = frozenset()) -> bool:
    """Whether all templates of a chart, but for tests and some kinds, run no container, and it uses no other chart.

    A template whose kinds aren't all spelled out may write something that runs.
    """
    if folder.chart is None or folder.chart.dependencies or not folder.names_all_kinds:
        return False
    of_others = {kind for kind, path in folder.kind_files.items() if not (kind == "Pod" and "/tests/" in path)}
    return bool(of_others) and of_others - but <= _WITHOUT_CONTAINERS


def _is_of(name: str, dependency: JsonObject) -> bool:
    """Whether a service is called like a chart that it lists, or `<x>-<chart>`: then it is that backing service."""
    keys = filter(None, (text_of(dependency.get("name")), text_of(dependency.get("alias"))))
    return any(f"-{name}".endswith(f"-{key}") for key in keys)


def _line_under(document: Document, keys: Keys) -> int:
    return document.line_of(keys[1:])


def _spot_under(number: int, keys: Keys) -> Spot:
    return Spot(keys[1:], number)
