"""Deployments as helm renders them: which image is a service's own, and whether the known versions are deployed."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping, Sequence

from scenedock.effects.git.repositories import Repository
from scenedock.effects.helm.chart_files import ChartSource
from scenedock.effects.helm.program import HelmProgram
from scenedock.effects.helm.rendering import Installation, render
from scenedock.errors import InputError, NotAllowedError, NotFoundError
from scenedock.model.helm import CHART_FILE
from scenedock.model.json import JsonObject
from scenedock.releases.deployed import Deployed, Layer
from scenedock.releases.images import Image
from scenedock.releases.release import TAG_FILE, Choose, Chosen, Release, choose_none
from scenedock.releases.rendering import images_of, is_changed_by, is_deployed, marked, own_image
from scenedock.releases.vocabulary import Verdict
from scenedock.structs import dataclass, field

_OTHER_SHAPES = frozenset({"dependency", TAG_FILE})
"""What sets a version elsewhere than in the values of a chart of the repository."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A release beside the `images` that helm renders for it; `reason` says why it wasn't rendered or compared."""

    release: Release
    verdict: Verdict
    images: tuple[str, ...] = ()
    reason: str = ""


@dataclass(slots=True)
class Renderings:
    """The deployments of some repositories by their names, rendered with the helm of this machine."""

    program: HelmProgram
    repositories: Mapping[str, Repository]
    _sources: dict[str, ChartSource] = field(default_factory=dict)
    _is_checked: bool = False

    def check(self) -> None:
        """Check once that there is a helm that can be used.

        Raises
        ------
        NotFoundError     there is none
        NotAllowedError   this machine can't sandbox a process
        InputError        it is a version that can't be used
        """
        if not self._is_checked:
            self.program.check()
            self._is_checked = True

    def choose(self, deployed: Deployed, candidates: Sequence[Image]) -> Chosen:
        """The image that is in the service's own container; none where there is no helm."""
        try:
            self.check()
            values, marks = marked(deployed, candidates)
            manifests = self.manifests(deployed, values)
        except NotFoundError:
            return Chosen()
        except (InputError, NotAllowedError) as error:
            return Chosen(None, f"it can't be rendered: {error}")
        return own_image(manifests, marks, _names(deployed), deployed.release)

    def compare(self, deployed: Deployed, release: Release) -> Compared:
        """A release with a version, compared with what is rendered.

        Raises
        ------
        NotFoundError     there is no helm
        NotAllowedError   this machine can't sandbox a process
        """
        if release.shape in _OTHER_SHAPES:
            return Compared(release, "not compared", reason=f"its version is no tag in values: {release.shape}")
        try:
            images = tuple(dict.fromkeys(images_of(list(self.manifests(deployed)))))
        except InputError as error:
            return Compared(release, "not rendered", reason=str(error))
        if not images:
            return Compared(release, "not compared", reason="it renders no image")
        is_same = is_deployed(release, images) or self._is_part_of_a_tag(deployed, release, images)
        return Compared(release, "same" if is_same else "differs", images)

    def _is_part_of_a_tag(self, deployed: Deployed, release: Release, images: Sequence[str]) -> bool:
        """Whether its templates make a tag of the version, such as `c44.001`: one that changes with it."""
        own = [each for each in deployed.images() if each.keys == release.keys and each.tag == release.version]
        if not own or own[0].repository:
            return False
        values, marks = marked(deployed, own)
        return is_changed_by(images, images_of(list(self.manifests(deployed, values))), own[0].tag, next(iter(marks)))

    def manifests(self, deployed: Deployed, *more: JsonObject) -> tuple[JsonObject, ...]:
        """What helm renders for a deployment; `more` are values that count most.

        Raises
        ------
        InputError        it can't be rendered
        NotFoundError     there is no helm
        NotAllowedError   this machine can't sandbox a process
        """
        if deployed.chart is None or posixpath.basename(deployed.chart.path) != CHART_FILE:
            raise InputError("its chart is in none of these repositories")
        folder = posixpath.dirname(deployed.chart.path)
        if deployed.repository not in self._sources:
            self._sources[deployed.repository] = ChartSource(self.repositories[deployed.repository])
        values = [*(_given(layer) for layer in deployed.layers if not _is_default(layer, folder)), *more]
        installation = Installation(folder, deployed.release, deployed.namespace or "default", values)
        return render(self.program, self._sources[deployed.repository], installation)


def let_helm_choose(
    helm: HelmProgram | None, repositories: Mapping[str, Repository], services: Collection[str] | None = None
) -> Choose:
    """Let helm choose, if there is one, for some services or for all."""
    if helm is None:
        return choose_none
    renderings = Renderings(helm, repositories)

    def choose(deployed: Deployed, candidates: Sequence[Image]) -> Chosen:
        return renderings.choose(deployed, candidates) if services is None or deployed.service in services else Chosen()

    return choose


def _is_default(layer: Layer, folder: str) -> bool:
    """Whether it is the chart's own values.yaml, which helm reads anyway: there, `null` means something else."""
    return layer.is_file and layer.path == posixpath.join(folder, "values.yaml")


def _given(layer: Layer) -> str | JsonObject:
    return layer.path if layer.is_file else layer.values


def _names(deployed: Deployed) -> frozenset[str]:
    """What the service's own workloads and containers may be called."""
    charts = {posixpath.basename(posixpath.dirname(deployed.chart.path)) if deployed.chart else ""}
    own = {
        deployed.release,
        *deployed.libraries,
        *(f"{deployed.release}-{each}" for each in charts | deployed.libraries),
    }
    return deployed.names | {each.lower() for each in own}
