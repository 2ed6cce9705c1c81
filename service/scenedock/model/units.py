"""What tools deploy from the files of a repository, besides its charts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from scenedock.model.finding import Place
from scenedock.model.helm import Application, DeployedKind, ValuesFacts
from scenedock.model.json import JsonObject
from scenedock.structs import dataclass, field

TEMPLATE: Final = ".gotmpl"
"""The end of the name of a values file that helmfile fills in before Helm reads it."""


@dataclass(frozen=True, slots=True)
class Written:
    """What is at some keys of the YAML document that begins at a place; of a text of YAML there, at `inner` in it."""

    place: Place
    keys: tuple[str | int, ...] = ()
    inner: tuple[str | int, ...] | None = None


@dataclass(frozen=True, slots=True)
class UnitImage:
    """The image of a container, by the container's name, and what sets its tag; `shape` says how.

    `at` are the keys of the container in its workload; empty where patches may have moved it.
    """

    container: str
    repository: str
    tag: str
    written: Written
    shape: str = "image: repo:tag"
    at: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """One thing that a tool deploys, in one environment: a release, an Application, a bundle, an overlay.

    `name` is that of the release or Application as it is written, or of what several clusters have folders of, or empty
    where only the folder names it. `path` is the folder of the service, in the repository called `repository`: of all
    its overlays together, without `base`, `overlays` and the like. `folders` are all that it is made of: an Application
    or a Kustomization that deploys one of them deploys it. A unit whose `path` or one of whose `folders` has a chart of
    this repository belongs to the service of that chart. `place` is where a person would look for it.

    `chart` is the name of a chart from elsewhere, and `chart_repository` the address of its repository, where the files
    say it; it is empty where manifests or a chart of this repository are deployed. Values are, from below: the
    `value_files` that exist, in the order in which the tool merges them, then the inline `values`. `manifests` are the
    files of what it deploys itself. All files by their paths from the root of `repository`. `facts` is what all of
    these say; reading the folder fills it in. `application` is the Argo CD Application, where it is one.

    Where these are known: `values_at` are the documents, or patches of them, that the inline values come from, the
    lowest in front; `version` is that of the chart from elsewhere, with what sets it; `images` are those of workloads;
    `release` is what Helm calls the release. `chart_values` is the file of the chart's own values, where settings
    say that a chart which looks like one from elsewhere is in the repository. `value_templates` are all values files,
    where templates are among them, and `state_files` the files of the values that these templates are filled in with.
    All three count for versions alone. `unclear` says why what its values say may not be all, `version_unclear` why
    its version isn't known though something sets it. `variants` are the same in this environment once more, as in
    another cluster, where that says something else of versions. One that `is_beside_charts` installs charts from
    elsewhere besides its own workloads. `roots` are the folders of the outermost kustomizations that take its
    manifests, and `above` the Applications that deploy one of these with other services: both count for versions alone.
    """

    kind: DeployedKind
    name: str
    path: str
    place: Place
    repository: str = ""
    namespace: str = ""
    environment: str | None = None
    chart: str = ""
    folders: tuple[str, ...] = ()
    value_files: tuple[str, ...] = ()
    values: JsonObject = field(default_factory=dict)
    manifests: tuple[str, ...] = ()
    application: Application | None = None
    facts: ValuesFacts = field(default_factory=ValuesFacts)
    values_at: tuple[Written, ...] = ()
    version: str = ""
    version_at: Written | None = None
    chart_repository: str = ""
    release: str = ""
    images: tuple[UnitImage, ...] = ()
    chart_values: str = ""
    value_templates: tuple[str, ...] = ()
    state_files: tuple[str, ...] = ()
    unclear: str = ""
    version_unclear: str = ""
    variants: tuple[Unit, ...] = ()
    is_beside_charts: bool = False
    roots: tuple[str, ...] = ()
    above: tuple[Application, ...] = ()

    @property
    def version_files(self) -> Iterator[str]:
        """The files in which what sets its versions is written, besides its values files."""
        yield from (written.place.path for written in self.values_at)
        yield from (image.written.place.path for image in self.images)
        if self.version_at:
            yield self.version_at.place.path
