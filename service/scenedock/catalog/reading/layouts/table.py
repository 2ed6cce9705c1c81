"""All layouts: which files each looks at, and the module that reads it.

A module is imported where there is such a file: a repository of charts alone doesn't wait for the others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from importlib import import_module
from typing import cast

from scenedock.catalog.reading.layouts.shape import Given, LayoutFacts
from scenedock.model.helm import KUSTOMIZATIONS
from scenedock.structs import dataclass

FLEET_FILES = ("fleet.yaml", "fleet.yml")
_HELMFILE = re.compile(r"(?:^|/)(?:helmfile\.ya?ml(?:\.gotmpl)?|helmfile\.d/[^/]+\.ya?ml(?:\.gotmpl)?)$")


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout, called `name` in the setting `layouts`; the module of this name has its function `read`.

    It looks at the YAML files that contain one of `marks`, and at all files with one of the `names`, or helmfile's:
    other files are not parsed for it. One that `reads_templates` gets what is literal in the templates of charts, too.
    """

    name: str
    marks: tuple[bytes, ...] = ()
    names: tuple[str, ...] = ()
    reads_templates: bool = False

    def read(self, given: Given) -> LayoutFacts:
        """What it says of a repository."""
        module = import_module(f"scenedock.catalog.reading.layouts.{self.name}")
        return cast("Callable[[Given], LayoutFacts]", module.read)(given)


def is_helmfile(path: str) -> bool:
    """Whether helmfile reads a file where it is told of no other."""
    return "helmfile" in path and _HELMFILE.search(path) is not None


LAYOUTS = (
    Layout("argocd", marks=(b"argoproj.io",), reads_templates=True),
    Layout("flux", marks=(b"toolkit.fluxcd.io/",)),
    Layout("kustomize", names=KUSTOMIZATIONS),
    Layout("helmfile"),
    Layout("fleet", names=FLEET_FILES),
)
_NAMES = frozenset(name for layout in LAYOUTS for name in layout.names)


def is_named(path: str) -> bool:
    """Whether a layout looks at a file for its name, whatever is in it."""
    return path.rpartition("/")[2] in _NAMES or is_helmfile(path)


def read_layouts(given: Given, switched_off: Collection[str] = ()) -> LayoutFacts:
    """What all layouts say of a repository; those that are switched off have only the units of its charts."""
    if not given.documents and not any(map(is_named, given.here.files)):
        return LayoutFacts()
    said = [(layout, layout.read(given)) for layout in LAYOUTS]
    return LayoutFacts(
        units=tuple(
            unit
            for layout, facts in said
            for unit in facts.units
            if layout.name not in switched_off or given.here.charts.intersection((unit.path, *unit.folders))
        ),
        deployed=tuple(each for _, facts in said for each in facts.deployed),
        findings=tuple(each for _, facts in said for each in facts.findings),
        applications=tuple(each for _, facts in said for each in facts.applications),
    )
