"""Repositories as people have them, and then broken in every way that a disk and a text editor allow."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from hypothesis import strategies as st

from scenedock.catalog.reading.handwritten import MARKER_LINE
from tests.properties import documents as those
from tests.properties.files import maybe_damaged, written
from tests.properties.scalars import oddities


@dataclass(frozen=True)
class Link:
    """A symbolic link; `{outside}` in its target stands for a folder beside the repository."""

    target: str


@dataclass(frozen=True)
class Special:
    """A named pipe or a socket."""

    kind: str


Node: TypeAlias = bytes | Link | Special
Tree: TypeAlias = Mapping[bytes, Node]
"""Files by their paths from the root, as the bytes that the disk keeps; in the order in which they are made."""


def plant(tree: Tree, root: Path) -> None:
    """Make the files of a tree; what can't be made (a file below a file, a name that is too long) is left out."""
    root.mkdir(parents=True)
    outside = root.parent / "outside"
    outside.mkdir(exist_ok=True)
    (outside / "Chart.yaml").write_text("name: elsewhere\n")
    for path, node in tree.items():
        where = os.path.join(os.fsencode(root), path)  # noqa: PTH118 - pathlib knows no bytes
        try:
            os.makedirs(os.path.dirname(where), exist_ok=True)  # noqa: PTH103, PTH120
            _make(where, node, outside)
        except (OSError, ValueError):
            continue


def _make(where: bytes, node: Node, outside: Path) -> None:
    match node:
        case Link(target):
            os.symlink(target.replace("{outside}", str(outside)), where)  # noqa: PTH211
        case Special("pipe"):
            os.mkfifo(where)
        case Special():
            with socket.socket(socket.AF_UNIX) as unix:
                unix.bind(where)
        case bytes() if not os.path.lexists(where):
            Path(os.fsdecode(where)).write_bytes(node)
        case _:
            pass


API_FILES = ("openapi.yaml", "asyncapi.json", "a.graphql", "v1.proto")
FOLDER_FILES: Mapping[str, st.SearchStrategy[bytes]] = {
    "values.yaml": written(those.values),
    "values-dev.yaml": written(those.values),
    "values_production.yaml": written(those.values),
    "envs/qa/values.yaml": written(those.values),
    "requirements.yaml": written(those.requirements),
    "catalog-info.yaml": written(those.entities)
    | written(those.entities).map(lambda data: MARKER_LINE.encode() + data),
    "catalog-info.yml": written(those.entities),
    "templates/deployment.yaml": written(those.manifests) | written(those.applications),
    "templates/_helpers.tpl": st.just(b"kind: Service"),
    "mkdocs.yml": st.just(b""),
    **{name: written(those.apis) for name in API_FILES},
}
TOOLS: Mapping[str, st.SearchStrategy[bytes]] = {
    "argocd/apps.yaml": written(those.remote_applications),
    "argocd/dev/list.yaml": written(those.lists_of_applications),
    "apps/billing/templates/apps.yaml": written(those.remote_applications).map(
        lambda data: b"{{- if .Values.x }}\n" + data + b"\n{{ end }}"
    ),
    "apps/billing/fleet.yaml": written(those.bundles),
    "fleet.yaml": written(those.bundles),
    "helmfile.yaml": written(those.helmfiles),
    "helmfile.d/a.yaml.gotmpl": written(those.helmfiles),
    "clusters/dev/flux.yaml": written(those.flux_kustomizations),
    "apps/billing/release.yaml": written(those.releases),
    "apps/billing/kustomization.yaml": written(those.kustomizations),
    "apps/billing/base/kustomization.yaml": written(those.kustomizations),
    "apps/billing/overlays/dev/kustomization.yaml": written(those.kustomizations),
    "apps/billing/base/release.yaml": written(those.releases) | written(those.manifests),
    "values/x.yaml": written(those.values),
}
"""What tools deploy besides Helm, in the places where their files are."""
LAYOUTS = (
    "{service}",
    "apps/{service}",
    "tenant/{service}/{environment}",
    "apps/{service}/charts/{service}",
    ".hidden/{service}",
    "tests/{service}",
)
folders = st.builds(
    lambda layout, service, environment: layout.format(service=service, environment=environment),
    st.sampled_from(LAYOUTS),
    those.services,
    those.environments,
)
names = st.sampled_from(
    (
        b"Chart.yaml",
        b"values.yaml",
        b"catalog-info.yaml",
        b"scenedock.yaml",
        b"CODEOWNERS",
        b"lists",
        b"\xff\xfe",
        b"caf\xe9.yaml",
        b" ",
        b"a\nb",
        b"a" * 250,
        "é".encode(),
        b"values-\n.yaml",
        b"*",
        b"[a]",
        b"\x1b[31m",
        b".git",
        b"\\",
        b":",
        b"apps",
        b"billing",
        b"tenant",
    )
)
links = st.sampled_from(
    (
        "Chart.yaml",
        ".",
        "..",
        "/",
        "loop",
        "nowhere",
        "{outside}/Chart.yaml",
        "{outside}",
        "../billing/Chart.yaml",
        "../common",
        "/dev/null",
        "/dev/zero",
        "/dev/stdin",
        "values.yaml",
        "../" * 30 + "etc/hostname",
    )
).map(Link)
odd_nodes: st.SearchStrategy[Node] = st.one_of(
    links, st.sampled_from((Special("pipe"), Special("socket"))), st.binary(max_size=9), written(oddities)
)


@st.composite
def trees(draw: st.DrawFn) -> dict[bytes, Node]:
    """A repository of up to five folders, the files beside them, and a few things that nobody expects."""
    tree: dict[bytes, Node] = {}
    places = draw(st.lists(folders, min_size=0, max_size=5))
    for place in places:
        below = "" if draw(st.integers(0, 30)) == 30 else f"{place}/"
        if draw(st.integers(0, 8)) < 8:
            tree[f"{below}Chart.yaml".encode()] = draw(written(those.charts))
        for name in draw(st.lists(st.sampled_from(sorted(FOLDER_FILES)), max_size=4, unique=True)):
            tree[below.encode() + name.encode()] = draw(FOLDER_FILES[name])
    if draw(st.booleans()):
        tree[b"scenedock.yaml"] = draw(written(those.settings))
    if draw(st.booleans()):
        tree[b"CODEOWNERS"] = draw(those.codeowners.flatmap(maybe_damaged))
    if draw(st.booleans()):
        tree[b"argocd/set.yaml"] = draw(written(those.applications))
    for name in draw(st.lists(st.sampled_from(sorted(TOOLS)), max_size=4, unique=True)):
        tree[name.encode()] = draw(TOOLS[name])
    if draw(st.booleans()):
        tree[b"lists/dev.yaml"] = draw(written(those.app_lists))
    for _ in range(draw(st.integers(0, 3))):
        parents = [place.encode() for place in places] + [b"", b"apps", draw(names)]
        tree[b"/".join((draw(st.sampled_from(parents)), draw(names))).lstrip(b"/")] = draw(odd_nodes)
    return tree
