"""The common shape of all layouts: what one is given of a repository, and what it says is deployed there."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping

from scenedock.catalog.reading.sources import Manifest, Manifests, Repositories
from scenedock.model.finding import Finding
from scenedock.model.helm import Application, Deployed
from scenedock.model.units import Unit
from scenedock.structs import dataclass, field

_VERSION_OF_ARCHIVE = re.compile(r"(?:-\d[\w.+-]*)?\.tgz$")


@dataclass(frozen=True, slots=True)
class Given:
    """What a layout is given of the repository `here`: its documents by file, those that some layout looks at.

    A file that can't be read as YAML, a template perhaps, is not among `documents`; `read` gives its bytes, and raises
    InputError where it can't. Files and documents are sorted by path. `chart_folders` are those with the charts of a
    chart repository, by its name. `kept` is what layouts keep for one another while this repository is read.
    """

    repositories: Repositories
    documents: Mapping[str, tuple[Manifest, ...]]
    read: Callable[[str], bytes]
    chart_folders: Mapping[str, str] = field(default_factory=dict)
    kept: dict[str, object] = field(default_factory=dict, repr=False, compare=False)

    @property
    def here(self) -> Manifests:
        """The repository itself: its name, files, folders with a chart, address, and names of environments."""
        return self.repositories.here


@dataclass(frozen=True, slots=True)
class LayoutFacts:
    """What a layout says of a repository, the same in any order of its files.

    `deployed` is everything that it saw, for the coverage: of what is no unit, each with its reason. `applications`
    deploy folders of repositories of the run that may have a chart.
    """

    units: tuple[Unit, ...] = ()
    deployed: tuple[Deployed, ...] = ()
    findings: tuple[Finding, ...] = ()
    applications: tuple[Application, ...] = ()


def chart_called(address: str) -> str:
    """The name of a chart by its address.

    >>> [
    ...     chart_called(each)
    ...     for each in ("acme/webapp", "oci://a/webapp", "https://a/webapp-1.2.3.tgz", "git::a@b/c?ref=d")
    ... ]
    ['webapp', 'webapp', 'webapp', 'c']
    """
    name = posixpath.basename(address.partition("?")[0].rstrip("/"))
    return _VERSION_OF_ARCHIVE.sub("", name)
