"""Which folders of a repository are deployments, decided from the names of its files alone."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from sys import intern

from scenedock.catalog.vocabulary.globs import matches
from scenedock.catalog.vocabulary.settings import CatalogSettings
from scenedock.errors import InputError
from scenedock.model.file_paths import folders_above
from scenedock.model.finding import Finding, Place, Skipped
from scenedock.model.helm import CHART_FILE, Listing
from scenedock.structs import dataclass

STARTER_FOLDERS = frozenset({"starter", "starters"})
_TEMPLATE_FOLDER = re.compile(r"^(\d+[-_.])?template$")
TEST_FOLDERS = frozenset({"tests", "testdata", "test-data", "test-fixtures", "fixtures", "__tests__"})
_SOFTWARE_TEMPLATES = ("/template.yaml", "/template.yml")
_SOFTWARE_TEMPLATE = re.compile(rb"^apiVersion:[ \t]*[\"']?scaffolder\.backstage\.io/", re.MULTILINE)

# Folders of a chart that nothing is deployed from, and the files of a chart that configure it.
_NOT_DEPLOYED = frozenset({"charts", "ci", "crds", "tests", "vendor"})
_CHART_FILES = re.compile(r"^(Chart|requirements|values.*|.*values|catalog-info(\.part)?)\.ya?ml$")


@dataclass(frozen=True, slots=True)
class PlannedFolder:
    """A folder to read, and its files by their paths inside it (without those of charts below it).

    `included` says that settings name a folder without a chart, `has_charts` that one with a chart has others inside.
    """

    path: str
    files: tuple[str, ...]
    included: bool = False
    has_charts: bool = False

    def at(self, name: str) -> str:
        """The path from the repository's root of a file inside the folder, or of one beside it (`../base/a.yaml`)."""
        path = f"{self.path}/{name}" if self.path else name
        return posixpath.normpath(path) if name.startswith("../") else path


@dataclass(frozen=True, slots=True)
class Plan:
    """What to read of a repository.

    `charts` are the folders with a chart, `refused` those whose Chart.yaml is a link that leads to no file of the
    repository, `plain` those without one that hold YAML and lie beside charts, or that settings include (plain
    manifests, perhaps, or values for a chart from elsewhere), `manifests` every YAML file that could be an Argo CD
    manifest. `skeletons` are the folders of Backstage's software templates.
    """

    charts: tuple[PlannedFolder, ...]
    refused: tuple[str, ...]
    plain: tuple[PlannedFolder, ...]
    manifests: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    findings: tuple[Finding, ...]
    skeletons: frozenset[str] = frozenset()


def find_skeletons(listing: Listing, read: Callable[[str], bytes]) -> frozenset[str]:
    """The folders with a software template of Backstage, which makes new repositories of what is in them."""
    return frozenset(
        folder
        for path in listing.inside
        if path.endswith(_SOFTWARE_TEMPLATES) and (folder := posixpath.dirname(path))
        if _is_software_template(path, read)
    )


def _is_software_template(path: str, read: Callable[[str], bytes]) -> bool:
    try:
        return bool(_SOFTWARE_TEMPLATE.search(read(path)))
    except InputError:
        return False


def plan_repository(
    repository: str, listing: Listing, settings: CatalogSettings, skeletons: frozenset[str] = frozenset()
) -> Plan:
    """Decide what of a repository is read. `repository` is its name, for places in messages."""
    all_charts = {path.rpartition("/")[0] for path in listing.files if f"/{path}".endswith(f"/{CHART_FILE}")}
    reasons = {path: _reason_to_skip(path, all_charts, settings, skeletons) for path in all_charts}
    refused = {
        path for path, reason in reasons.items() if not reason and posixpath.join(path, CHART_FILE) in listing.outside
    }
    reasons |= dict.fromkeys(refused, "its Chart.yaml is a symbolic link to a file outside the repository")
    charts = {path for path, reason in reasons.items() if not reason}
    owned = _by_folder(listing.inside, all_charts)
    loose = tuple(path for path in owned.pop(None, ()) if path.endswith((".yaml", ".yml")))
    plain = _plain_folders(loose, charts, settings, skeletons)
    above = {f"/{path}".rpartition("/charts/")[0].removeprefix("/") for path in all_charts if "charts/" in path}
    return Plan(
        charts=tuple(
            PlannedFolder(path, tuple(owned.get(path, ())), has_charts=path in above) for path in sorted(charts)
        ),
        refused=tuple(sorted(refused)),
        plain=tuple(PlannedFolder(path, tuple(names), bool(settings.include)) for path, names in sorted(plain.items())),
        manifests=tuple(sorted((*loose, *_beside_values(charts, owned)))),
        skipped=tuple(
            Skipped(Place(repository, path or "."), reason) for path, reason in sorted(reasons.items()) if reason
        ),
        findings=tuple(_refusal(repository, posixpath.join(path, CHART_FILE)) for path in sorted(refused)),
        skeletons=skeletons,
    )


def _reason_to_skip(path: str, charts: set[str], settings: CatalogSettings, skeletons: frozenset[str]) -> str:
    """Why a folder isn't a deployment, or an empty string."""
    if parent := _parent_chart(path, charts):
        return parent
    if matches(path, settings.exclude):
        return "excluded by settings"
    if settings.include:
        return "" if matches(path, settings.include) else "not included by settings"
    return reason_in_name(path.split("/")) or reason_as_skeleton(path, skeletons)


def reason_as_skeleton(path: str, skeletons: frozenset[str]) -> str:
    """Why a folder of a software template isn't a deployment, or an empty string."""
    if skeletons.isdisjoint((*folders_above(path), path)):
        return ""
    return "a skeleton of a software template, not a deployment"


def _parent_chart(path: str, charts: set[str]) -> str:
    """The chart that a folder is a part of, in words; an empty string if none."""
    for ancestor in ("", *folders_above(path)):
        if ancestor != path and ancestor in charts:
            parent = ancestor or "the repository root"
            if path.startswith(posixpath.join(ancestor, "charts/")):
                return f"a subchart of {parent}"
            if path.startswith(posixpath.join(ancestor, "vendor/")):
                return f"a subchart under vendor/ of {parent}"
    return ""


def reason_in_name(segments: list[str]) -> str:
    """Why the names in a path say that it isn't a deployment, or an empty string."""
    if any(segment.startswith(".") for segment in segments):
        return "in a folder whose name begins with a dot"
    if segments[-1].startswith("_"):
        return "its name begins with an underscore, which names of namespaces and Applications can't"
    if STARTER_FOLDERS.intersection(segments):
        return "a starter, not a deployment"
    if any(map(_TEMPLATE_FOLDER.match, segments)):
        return "a template for new folders, not a deployment"
    if TEST_FOLDERS.intersection(segments[:-1]):
        return "test data"
    return ""


def _by_folder(files: Iterable[str], charts: set[str]) -> dict[str | None, list[str]]:
    """Files by the innermost chart folder that holds them, as paths inside it; None has the rest, in full."""
    owned: dict[str | None, list[str]] = {}
    for path in files:
        folder: str | None = path.rpartition("/")[0]
        while folder is not None and folder not in charts:
            folder = posixpath.dirname(folder) if folder else None
        inside = intern(path[len(folder) + 1 :]) if folder else path  # most are those of other folders
        owned.setdefault(folder, []).append(inside)
    return owned


def _plain_folders(
    loose: tuple[str, ...], charts: set[str], settings: CatalogSettings, skeletons: frozenset[str]
) -> dict[str, list[str]]:
    """Folders without a chart that lie beside charts, or that settings include, with their YAML files."""
    containers = {posixpath.dirname(path) for path in charts if path}
    above = {folder for path in charts for folder in folders_above(path)}
    folders: dict[str, list[str]] = {}
    for path in loose:
        segments = path.split("/")
        for depth in range(1, len(segments)):
            folder = "/".join(segments[:depth])
            included = (
                matches(folder, settings.include) if settings.include else posixpath.dirname(folder) in containers
            )
            if not included or folder in above:
                continue
            if not _reason_to_skip(folder, charts, settings, skeletons):
                folders.setdefault(folder, []).append("/".join(segments[depth:]))
                break
    return folders


def _beside_values(charts: set[str], owned: dict[str | None, list[str]]) -> Iterable[str]:
    """The YAML files of charts that could be Argo CD manifests, too: an app of apps has them among its templates."""
    for folder in charts:
        for name in owned.get(folder, ()):
            first, _, rest = name.partition("/")
            if not name.endswith((".yaml", ".yml")) or (rest and first in _NOT_DEPLOYED):
                continue
            if not is_chart_file(name):
                yield posixpath.join(folder, name)


def is_manifest(name: str) -> bool:
    """Whether Helm installs what a template renders: no partial (`_helpers.tpl`), no notes, no test (`helm test`)."""
    if not name.startswith("templates/") or name.startswith("templates/tests/"):
        return False
    file = posixpath.basename(name)
    return not file.startswith("_") and file != "NOTES.txt"


def is_chart_file(path: str) -> bool:
    """Whether a file is called like those that describe and configure a chart."""
    return _CHART_FILES.match(posixpath.basename(path)) is not None


def _refusal(repository: str, path: str) -> Finding:
    return Finding(
        "error",
        "link-outside-repository",
        f"{path} is a symbolic link to a file outside the repository and is not followed",
        Place(repository, path),
        "Copy the file into the repository, or link to one inside it.",
    )
