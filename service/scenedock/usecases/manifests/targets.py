"""What can be rendered: for a service in an environment, the parts that tools make manifests of."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

from scenedock.effects.helm.remote_charts import RemoteChart
from scenedock.model.finding import Place
from scenedock.model.json import JsonObject, as_list, as_text
from scenedock.structs import dataclass, field


class ValuesFile(NamedTuple):
    """A values file, by its repository's name and its path."""

    repository: str
    path: str


@dataclass(frozen=True, slots=True)
class SetValue:
    """A value as helm's `--set` takes it, `--set-string`, or `--set-file` with the path of a file."""

    name: str
    value: str
    by: Literal["set", "set-string", "set-file"] = "set"


@dataclass(frozen=True, slots=True)
class ChartPart:
    """A chart in a folder of a repository, or a `remote` one, and what it is installed with.

    `values` are files and values themselves, in Helm's order; `parameters` count for more.
    """

    repository: str
    folder: str
    release: str
    namespace: str = ""
    values: tuple[ValuesFile | JsonObject, ...] = ()
    parameters: tuple[SetValue, ...] = ()
    has_crds: bool = True
    options: tuple[str, ...] = ()
    remote: RemoteChart | None = None


@dataclass(frozen=True, slots=True)
class KustomizePart:
    """A folder with a kustomization; `overlay` is a kustomization that is put above it, without its resources."""

    repository: str
    folder: str
    overlay: JsonObject = field(default_factory=dict)

    def components(self) -> tuple[str, ...]:
        """The folders of the components that the overlay takes."""
        listed = map(as_text, as_list(self.overlay.get("components")))
        return tuple(posixpath.normpath(posixpath.join(self.folder, each)) for each in listed)


@dataclass(frozen=True, slots=True)
class FilesPart:
    """Files with manifests that are deployed as they are."""

    repository: str
    paths: tuple[str, ...]


Part: TypeAlias = ChartPart | KustomizePart | FilesPart


@dataclass(frozen=True, slots=True)
class Target:
    """All that is deployed as one service in one environment; `name` is that of the Application or release.

    `reason` says why it can't be rendered; then `about` are the files and folders, by repository, that it would be made
    of. `place` is what says that it is deployed.
    """

    repository: str
    service: str
    environment: str | None
    name: str
    parts: tuple[Part, ...] = ()
    reason: str = ""
    place: Place = field(default=Place(), compare=False)
    about: tuple[tuple[str, str], ...] = field(default=(), compare=False)

    @property
    def key(self) -> tuple[str, str, str | None, str]:
        """What makes it the same one before and after a change."""
        return self.repository, self.service, self.environment, self.name


Targets: TypeAlias = Mapping[tuple[str, str, str | None, str], Target]
