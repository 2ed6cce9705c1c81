"""The version of one service in one environment, by Helm's merge order, or the reason why none can be told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias

from scenedock.model.finding import Place
from scenedock.model.json import Json
from scenedock.releases.deployed import Deployed, Layer, TagFile
from scenedock.releases.images import Image, Keys
from scenedock.releases.parts import depth_of, is_of_another_part, is_under_its_name
from scenedock.releases.spots import Spot
from scenedock.structs import dataclass, field, replace

PairKey: TypeAlias = tuple[str, str, str | None]
"""Repository, service and environment."""

TAG_FILE: Final = "tag file"
"""The shape of a version in a file that settings name."""
_COMMIT: Final = re.compile(r"(?=.*[a-f])(?=.*[0-9])[0-9a-f]{7,40}")
_DEPTH_OF_MAIN_IMAGE = 2
"""`image.tag`, `imageTag`, `image`."""


@dataclass(frozen=True, slots=True)
class Release:
    """Which version a repository says is there; None with a `reason`.

    `path` and `line` hold the version, in the repository or in one `elsewhere`. `inherited`: the file isn't one of this
    environment alone. `shared_with` are the other services and environments that the same line serves. `rendered` says
    that only rendering could tell which of several images is its own. An edit of the version goes to the `spot`; `keys`
    are those of the version in the merged values, or of what would set it there for an image that has Chart.yaml's.
    `twins` are the lines of further images of its own, which have the same version; `rivals` says where others have it
    by chance that may be its own as well.
    """

    service: str
    environment: str | None
    repository: str
    version: str | None = None
    reason: str = ""
    image: str = ""
    chart: str = ""
    shape: str = ""
    path: str = ""
    line: int | None = None
    elsewhere: str = ""
    inherited: bool = False
    shared_with: tuple[str, ...] = field(default=())
    rendered: bool = False
    spot: Spot | None = None
    keys: Keys = ()
    twins: tuple[Release, ...] = ()
    rivals: str = ""

    @property
    def key(self) -> PairKey:
        """What it is the release of."""
        return self.repository, self.service, self.environment

    @property
    def place(self) -> Place:
        """The line that holds the version."""
        return Place(self.elsewhere or self.repository, self.path, self.line)

    @property
    def written(self) -> Place:
        """The same for people who know the repository."""
        return Place(self.elsewhere, self.path, self.line)

    @property
    def shown_shape(self) -> str:
        """The shape for people, who would take `<x>` for markup."""
        return self.shape.replace("<x>", "*")

    @property
    def pair(self) -> str:
        """`billing/qa`."""
        return f"{self.service}/{self.environment}" if self.environment else self.service

    @property
    def lines(self) -> tuple[Release, ...]:
        """All lines that hold the version: its own and those of its twins."""
        return (self, *self.twins)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The image of several that is a service's own; none, and perhaps a `reason`, where that can't be told."""

    image: Image | None = None
    reason: str = ""


Choose: TypeAlias = Callable[[Deployed, Sequence[Image]], Chosen]
"""Chooses between the images that may be a service's own, which have different tags."""


def choose_none(_deployed: Deployed, _candidates: Sequence[Image]) -> Chosen:
    """Without Helm nobody can tell."""
    return Chosen()


def choose_as(release: Release) -> Choose:
    """Choose the image that rendering chose for a release: what it was at another time isn't rendered."""

    def choose(_deployed: Deployed, candidates: Sequence[Image]) -> Chosen:
        same = [each for each in candidates if each.repository == release.image]
        same = [each for each in same if each.keys == release.keys] or same
        return Chosen(same[0] if len(same) == 1 else None)

    return choose if release.rendered else choose_none


def release_alone(deployed: Deployed, images: Sequence[Image], prefix: str, choose: Choose) -> Release:
    """The release of one deployment, of its images; unknown if a layer can't be read that may change it.

    `prefix` is the registry and owner that most images of the repository have.
    """
    found = _of_only_image(deployed, images) or _readable_release(deployed, images, prefix, choose)
    is_readable = not any(layer.unreadable for layer in deployed.layers)
    unreadable = "" if is_readable else "; ".join(_unreadable_above(found, deployed))
    if not unreadable:
        return found
    rest = f"the rest says {found.version} ({found.written})"
    said = rest if found.version is not None else f"in the rest, {found.reason}"
    nothing = Release(found.service, found.environment, found.repository, image=found.image, chart=found.chart)
    return replace(nothing, reason=f"{unreadable}; {said}")


def _unreadable_above(release: Release, deployed: Deployed) -> Iterator[str]:
    """Why layers can't be read that count for more than what says the version; values files set none of a chart."""
    places = None if release.version is None or release.chart else tuple(each.keys for each in release.lines)
    for layer in reversed(() if release.shape == TAG_FILE else deployed.layers):
        if not layer.unreadable:
            if (layer.path, layer.elsewhere) == (release.path, release.elsewhere) and release.version is not None:
                return
        elif layer.open_at or not (release.chart and layer.sets_values_alone):
            yield from layer.hiding(places)


def _of_only_image(deployed: Deployed, images: Sequence[Image]) -> Release | None:
    """The release of nearly all: their values name one image, with a tag, and it is called like the service.

    `_readable_release` finds the same, at several times the cost.
    """
    is_usual = not (deployed.tag_file or deployed.is_product or deployed.shared_tags or deployed.defaults)
    if len(images) == 1 and is_usual and images[0].tag and _is_named(images[0], deployed):
        return _of_image(deployed, images[0])
    return None


def _readable_release(deployed: Deployed, images: Sequence[Image], prefix: str, choose: Choose) -> Release:
    """The release, as far as its layers can be read."""
    nothing = Release(deployed.service, deployed.environment, deployed.repository)
    given = [each for each in images if _is_given(each, deployed)] if deployed.defaults else images
    shared = _shared_tag(given, deployed, prefix)
    candidates = [shared] if shared else _own(given, deployed, prefix)
    if deployed.tag_file:
        return _of_tag_file(nothing, deployed.tag_file, candidates)
    if deployed.is_of_charts_version and not _is_plain(candidates, deployed):
        return _of_chart(nothing, deployed, None)
    is_certain = bool(shared) or any(_is_certain(each, deployed, prefix) for each in candidates)
    hidden = [] if shared else _hidden(images, candidates, deployed, is_certain=is_certain)
    candidates = [*hidden, *candidates] if hidden else candidates
    if candidates and not hidden and not is_certain:
        if deployed.chart and deployed.chart.is_of_others:
            return _of_chart(nothing, deployed, None)  # which is what it installs: its own templates have no workloads
        others = ", ".join(f"{each.name or each.tag} ({_place(deployed, each)})" for each in candidates[:4])
        return replace(nothing, reason=f"only images that don't seem to be its own have a tag: {others}")
    if hidden or len({each.tag for each in candidates}) > 1:
        lines = " and ".join(f"{each.tag or 'none'} ({_place(deployed, each)})" for each in candidates[:4])
        chosen = choose(deployed, candidates)
        if chosen.image is None:
            why = "only rendering tells which image of its library chart it runs" if hidden else ""
            said = filter(None, (f"{why or 'several images may be its own'}: {lines}", chosen.reason))
            return replace(nothing, reason="; ".join(said))
        nothing, candidates = replace(nothing, rendered=True), [chosen.image]
    if candidates and candidates[0].tag:
        found, *twins = [_of_image(deployed, image, rendered=nothing.rendered) for image in candidates]
        if not twins or _belong_together(candidates, deployed):
            return replace(found, twins=tuple(twins)) if twins else found
        return replace(found, rivals=" and ".join(f"{each.image} ({each.place})" for each in (found, *twins[:3])))
    return _of_chart(nothing, deployed, candidates[0] if candidates else None)


def _belong_together(images: Sequence[Image], deployed: Deployed) -> bool:
    """Whether it isn't by chance that images have one tag: they are the service's, or the same, or it is a commit."""
    is_named = all(_is_named(each, deployed) or _is_part(each, deployed) for each in images)
    return is_named or len({each.repository for each in images}) == 1 or bool(_COMMIT.fullmatch(images[0].tag))


def _of_image(deployed: Deployed, image: Image, *, rendered: bool = False) -> Release:
    """What the tag of an image in its values says."""
    layer = _layer_of(deployed, image)
    return Release(
        deployed.service,
        deployed.environment,
        deployed.repository,
        version=image.tag,
        image=image.repository,
        shape=layer.shape or image.shape,
        path=layer.path,
        line=layer.line_of(image.keys),
        elsewhere=layer.elsewhere,
        rendered=rendered,
        spot=layer.spot_of(image.keys),
        keys=image.keys,
    )


def _is_plain(candidates: Sequence[Image], deployed: Deployed) -> bool:
    """Whether images are plainly the product's own, and have one tag: by their name, or as the chart's main image."""
    tags = {each.tag for each in candidates}
    named = all(_is_named(each, deployed) or each.keys[0] == "image" for each in candidates)
    return len(tags) == 1 and "" not in tags and named


def _of_tag_file(nothing: Release, file: TagFile, own: Sequence[Image]) -> Release:
    image = own[0].repository if own else ""
    if file.version:
        found = replace(nothing, version=file.version, image=image, shape=TAG_FILE)
        return replace(found, path=file.path, line=file.line, spot=file.spot)
    return replace(nothing, reason="its tag file has no version", image=image, path=file.path, line=file.line)


def _of_chart(nothing: Release, deployed: Deployed, image: Image | None) -> Release:
    """What Chart.yaml says: the appVersion where it is proven to be the tag, or the version of another chart."""
    chart, repository = deployed.chart, image.repository if image else ""
    if image and image.is_odd:
        place = _place(deployed, image)
        return replace(nothing, reason=f"what sets the tag of its image is no tag ({place})", image=repository)
    if chart and chart.app_version and chart.app_version_by:
        shape = "appVersion" if chart.app_version_by == "templates" else "appVersion by comment"
        found = replace(nothing, version=chart.app_version, image=repository, shape=shape, path=chart.path)
        spot, keys = Spot(("appVersion",), chart.document), image.keys if image else ()
        return replace(found, line=chart.line_of(("appVersion",)), spot=spot, keys=keys)
    if image:
        place = _place(deployed, image)
        return replace(nothing, reason=f"nothing sets a tag of its image ({place})", image=repository)
    remote = chart.remote if chart else ()
    own = [each for each in remote if each.name in deployed.names] or list(remote)
    if chart and chart.is_mixed:
        own = [each for each in remote if f"-{deployed.service}".endswith(f"-{each.name}")]
    if chart and len(own) == 1:
        one, written = own[0], chart.place_of(own[0])
        if not one.version:
            said = one.unknown or "nothing sets the version of its chart"
            return replace(nothing, chart=one.name, reason=f"{said} ({written})")
        found = replace(
            nothing, version=one.version, chart=one.name, shape=one.shape, path=chart.path, line=written.line
        )
        return replace(found, elsewhere=chart.elsewhere, spot=Spot(one.keys, chart.document) if one.keys else None)
    if chart and remote:
        said = ", ".join(f"{f'{each.name} {each.version}'.strip()} ({chart.place_of(each)})" for each in own or remote)
        what = "it installs several charts from elsewhere" if own else "it is made of more than charts from elsewhere"
        return replace(nothing, reason=f"{what}: {said}")
    without = "has no workloads" if deployed.runs_nothing else "only writes Applications"
    said = f"its chart {without}" if deployed.runs_nothing or deployed.is_app_of_apps else "its values name no image"
    return replace(nothing, reason=f"{said}, and it has no chart from elsewhere")


def _own(images: Sequence[Image], deployed: Deployed, prefix: str) -> list[Image]:
    """The images that may be the service's own: by name, else by the common registry; those nearest to the root.

    One without a tag counts beside those with one if it may be the main image. Where none has its name, those
    count that begin with it: `billing-api`, `billing-worker`.
    """
    pool = [each for each in images if _is_named(each, deployed)]
    if any(each.name and each.keys[0] == "image" for each in pool):
        pool = [each for each in pool if each.name]  # beside the main image, a tag without a repository is another's
    pool = pool or [each for each in images if _is_part(each, deployed)]
    if not pool and not deployed.is_umbrella:
        pool = [each for each in images if prefix and each.prefix == prefix] or list(images)
    tagged = [each for each in pool if each.tag] or pool
    nearest = min((depth_of(each, deployed) for each in tagged), default=0)
    main = [each for each in pool if each not in tagged and _may_be_main(each, deployed, nearest)]
    nearest_tagged = [each for each in tagged if depth_of(each, deployed) == nearest]
    return [each for each in pool if each in main or each in nearest_tagged]


def _is_given(image: Image, deployed: Deployed) -> bool:
    """Whether its own layers say something of an image, and not only the values of a chart that it uses."""
    return any(_value_at(layer.values, image.keys[:-1]) is not _ABSENT for layer in deployed.layers)


def _hidden(
    images: Sequence[Image], candidates: Sequence[Image], deployed: Deployed, *, is_certain: bool
) -> list[Image]:
    """The images that only a library chart's values name, if one of them may be its own: none else is by its name."""
    of_libraries = [each for each in images if each.tag and each.keys[0] in deployed.libraries]
    left = [each for each in of_libraries if not _is_given(each, deployed)]
    if any(_is_named(each, deployed) for each in left):
        return [] if any(_is_named(each, deployed) for each in candidates) else left
    return [] if is_certain or (deployed.chart and deployed.chart.remote) else left


def _shared_tag(images: Sequence[Image], deployed: Deployed, prefix: str) -> Image | None:
    """The only tag that its templates share, where none of the images that may be its own has one."""
    shared = [each for each in images if each.keys in deployed.shared_tags]
    is_set_elsewhere = deployed.tag_file or deployed.is_product or (deployed.chart and deployed.chart.app_version_by)
    if len(shared) != 1 or is_set_elsewhere:
        return None
    others = _own([each for each in images if each not in shared], deployed, prefix)
    return None if any(each.tag or each.is_odd for each in others) else shared[0]


def _may_be_main(untagged: Image, deployed: Deployed, nearest: int) -> bool:
    """Whether an image without a tag may be the main one beside images with tags: a sidecar's tag isn't its own.

    A text without an owner may be the mere name of something, except at the place of the main image.
    """
    is_near = depth_of(untagged, deployed) <= nearest and bool(untagged.prefix)
    return untagged.keys[0] == "image" or is_near


def _is_certain(image: Image, deployed: Deployed, prefix: str) -> bool:
    """Whether an image is the service's own by name, registry or key, or at the place of a chart's main image.

    In a list beneath a chart from elsewhere it is a sidecar's, or one of a manifest that the chart writes besides.
    """
    by_name = _is_named(image, deployed) or _is_part(image, deployed) or is_under_its_name(image, deployed)
    is_beside = (
        deployed.chart is not None and deployed.chart.is_of_others and any(isinstance(k, int) for k in image.keys)
    )
    by_registry = bool(prefix) and image.prefix == prefix and not is_beside
    is_near = not deployed.is_beside_charts and depth_of(image, deployed) <= _DEPTH_OF_MAIN_IMAGE
    return by_name or by_registry or (is_near and not is_of_another_part(image, deployed))


def _is_named(image: Image, deployed: Deployed) -> bool:
    named = image.name.lower() in deployed.names or image.joined_name.lower() in deployed.names
    return named and not is_of_another_part(image, deployed)


def _is_part(image: Image, deployed: Deployed) -> bool:
    return image.name.lower().startswith(f"{deployed.service.lower()}-")


def _layer_of(deployed: Deployed, image: Image) -> Layer:
    """The last file that sets the path: where an edit goes."""
    return next(layer for layer in reversed(deployed.all_layers) if _value_at(layer.values, image.keys) is not _ABSENT)


_ABSENT: Final = object()


def _value_at(value: Json, keys: Keys) -> object:
    """What is at a path of values; `_ABSENT` where nothing is."""
    for key in keys:
        if isinstance(value, dict) and key in value:
            value = value[str(key)]
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return _ABSENT
    return value


def _place(deployed: Deployed, image: Image) -> str:
    layer = _layer_of(deployed, image)
    return str(Place(layer.elsewhere, layer.path, layer.line_of(image.keys)))
