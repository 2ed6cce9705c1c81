"""What Kustomize puts together: only enough to say that it is there."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from scenedock.catalog.reading.plan import reason_in_name
from scenedock.model.finding import Place
from scenedock.model.helm import Deployed

KUSTOMIZATIONS = frozenset({"kustomization.yaml", "kustomization.yml", "Kustomization"})


def named_files(repository: str, files: Iterable[str]) -> Iterator[Deployed]:
    """What files are there for by their names: folders of Kustomize."""
    for path in files:
        folder, name = posixpath.split(path)
        if name in KUSTOMIZATIONS and (not folder or not reason_in_name(folder.split("/"))):
            yield Deployed("Kustomize folder", folder or ".", Place(repository, path), ((repository, folder),))
