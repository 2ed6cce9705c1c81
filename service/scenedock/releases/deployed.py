"""What may say the version of a service in an environment: layers of values, Chart.yaml, a file of tags."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import reduce
from typing import Final, Literal, TypeAlias

from scenedock.documents.merging import merge_values
from scenedock.model.finding import Place
from scenedock.model.json import JsonObject
from scenedock.releases.images import Image, Keys, images_in
from scenedock.releases.spots import Spot, SpotOf, nowhere
from scenedock.structs import dataclass

_DEPENDENCY = "dependency"
_NO_VALUES: JsonObject = {}
OF_GIT: Final = "its chart comes from another git repository, at no version"
"""Why nothing says the version of a chart."""
TEXT_OF_VALUES: Final = "helm.values"
"""The shape of values that an Application has as a text."""


Proof: TypeAlias = Literal["", "templates", "comment"]
"""What proves that an image without a tag has the appVersion; empty if nothing does."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One values file of a deployment, or what else sets values; `line_of` gives the line of a path in its values.

    `is_file` says whether the values are the whole file; `shape` is how a version in it is set, where its place in the
    values doesn't tell. `elsewhere` is the name of its repository, if that isn't the deployment's. `unreadable` says
    why nobody can tell what it sets: then no version of a lower layer is a fact; if only some values stay open, they
    are `open_at` these keys, each with a reason. `spot_of` gives the spot of a path in its values, where an edit of it
    would go. `without_images` are the ids of what in the values names no image.
    """

    path: str
    values: JsonObject
    line_of: Callable[[Keys], int]
    shape: str = ""
    is_file: bool = True
    elsewhere: str = ""
    unreadable: str = ""
    spot_of: SpotOf = nowhere
    without_images: frozenset[int] = frozenset()
    open_at: tuple[tuple[Keys, str], ...] = ()

    @property
    def sets_values_alone(self) -> bool:
        """Whether it says nothing but values, which are of no consequence for the version of a chart."""
        return self.is_file or self.shape == TEXT_OF_VALUES

    def hiding(self, places: Collection[Keys] | None) -> Iterator[str]:
        """Why versions at some places of the values may be others than a lower layer says.

        The places are None where it isn't a tag that counts, or none is known, and have no keys where nothing sets it.
        """
        if not self.open_at:
            yield self.unreadable
        yield from [reason for keys, reason in self.open_at if _may_change(keys, places)][:1]


@dataclass(frozen=True, slots=True)
class DependencyVersion:
    """A chart from elsewhere that a chart lists, or that a tool installs; `keys` lead to its version.

    Without a version, `unknown` may say why. Without `keys`, an edit of the version goes nowhere.
    """

    name: str
    version: str
    keys: Keys
    shape: str = _DEPENDENCY
    unknown: str = ""


@dataclass(frozen=True, slots=True)
class ChartVersions:
    """What Chart.yaml says, or another `document` of a file; `line_of` gives the line of a path in it.

    `elsewhere` is the name of the file's repository, if that isn't the deployment's.
    `app_version_by` is what proves that an image without a tag has the appVersion; empty if nothing does.

    A comment is weaker than templates: it says what they did when the chart was made. One that `is_mixed` is made of
    charts of its repository, or of manifests of its own, besides those from elsewhere.
    """

    path: str
    line_of: Callable[[Keys], int]
    app_version: str = ""
    app_version_by: Proof = ""
    remote: tuple[DependencyVersion, ...] = ()
    document: int = 1
    elsewhere: str = ""
    is_mixed: bool = False

    @property
    def is_of_others(self) -> bool:
        """Whether it says which version of a chart from elsewhere is installed, and nothing of an image of its own."""
        return not self.is_mixed and any(each.version for each in self.remote) and not self.app_version_by

    def place_of(self, one: DependencyVersion) -> Place:
        """The line of the version of a chart from elsewhere."""
        return Place(self.elsewhere, self.path, self.line_of(one.keys))


@dataclass(frozen=True, slots=True)
class TagFile:
    """A file that settings name for the version; `version` is empty where it has none."""

    path: str
    version: str
    line: int
    spot: Spot | None = None


@dataclass(frozen=True, slots=True)
class Deployed:
    """A service in an environment (None where nothing names one) of a repository, and all that may say its version.

    `names` are those that the image of the service itself may have, in lower case. `layers` are in the order in which
    Helm merges them; `own_files` are the paths of those that are this environment's. `foreign` are the keys of other
    charts' values, `wrapped` those of charts that it only wraps, `shared_tags` lead to tags under `global` that its
    templates use for images that have none. `defaults` are the values of charts that it uses, beneath all layers; of
    those with keys in `libraries`, only rendering tells which of the images that these alone name are used. An
    umbrella's own image must have its name. Of a product, a release of a chart from elsewhere, that chart's version
    counts, unless an image is plainly its own. The only image of what `is_beside_charts` needn't be its own. An app of
    apps runs no image, whatever its values name for others, nor does a chart without workloads, which `runs_nothing`.
    `release` and `namespace` are what it is installed as. `others` are what says the versions of its further
    deployments in the same environment, as in other clusters.
    """

    service: str
    environment: str | None
    repository: str
    names: frozenset[str]
    layers: tuple[Layer, ...] = ()
    defaults: tuple[Layer, ...] = ()
    libraries: frozenset[str] = frozenset()
    own_files: frozenset[str] = frozenset()
    foreign: frozenset[str] = frozenset()
    wrapped: frozenset[str] = frozenset()
    shared_tags: frozenset[Keys] = frozenset()
    is_umbrella: bool = False
    is_product: bool = False
    is_beside_charts: bool = False
    is_app_of_apps: bool = False
    runs_nothing: bool = False
    chart: ChartVersions | None = None
    tag_file: TagFile | None = None
    release: str = ""
    namespace: str = ""
    others: tuple[Deployed, ...] = ()

    @property
    def is_of_charts_version(self) -> bool:
        """Whether the version of the chart from elsewhere counts: it is a product's, and doesn't just lie in git."""
        return self.is_product and not (self.chart and any(each.unknown == OF_GIT for each in self.chart.remote))

    @property
    def files(self) -> frozenset[str]:
        """The paths of all in its repository that may say its version."""
        others = [self.chart.path] if self.chart and not self.chart.elsewhere else []
        others += [self.tag_file.path] if self.tag_file else []
        own = frozenset([*(layer.path for layer in self.all_layers if not layer.elsewhere), *others])
        return own.union(*(each.files for each in self.others))

    @property
    def all_layers(self) -> tuple[Layer, ...]:
        """Its layers above the values of charts that it uses."""
        return (*self.defaults, *self.layers)

    def images(self) -> list[Image]:
        """The images in its merged values, without those of other charts."""
        if self.is_app_of_apps or self.runs_nothing:
            return []
        layers = self.all_layers
        merged = reduce(merge_values, (layer.values for layer in layers), _NO_VALUES)
        without = frozenset[int]().union(*(layer.without_images for layer in layers))
        return [image for image in images_in(merged, without) if image.keys[0] not in self.foreign]


def _may_change(opened: Keys, places: Collection[Keys] | None) -> bool:
    """Whether what stays open at some keys may be a version: above or beside it, or an image of any name."""
    last = str(opened[-1]).lower() if opened else ""
    if not opened or last.endswith(("image", "images")):
        return True
    is_tag = last.endswith(("tag", "version", "digest"))
    for keys in places or ():
        common = min(len(opened), len(keys))
        is_above = bool(keys) and opened[:common] == keys[:common]
        if is_above or (is_tag and (not keys or opened[:-1] == keys[:-1])):
            return True
    return False
