"""Files made to cost a reader more time, memory or stack than they are long: each is done soon."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from scenedock.catalog.reading.kustomize.images import may_set_images
from scenedock.catalog.reading.kustomize.patching import Target
from scenedock.effects.git.repositories import RepositoryFolder
from scenedock.releases.images import images_in, is_placeholder
from scenedock.usecases.catalog.export_catalog import Export, export_catalog
from scenedock.usecases.releases.reading.helmfile_values import value_template_layers
from tests.properties.limits import soon

CHART = "billing/Chart.yaml"
VALUES = "billing/values.yaml"
TEMPLATE = "billing/templates/a.yaml"
SET = "argocd/set.yaml"

APPLICATION_SET = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
spec:
  goTemplate: true
  generators: [%s]
  template: {metadata: {name: '%s'}, spec: {source: {path: billing}}}
"""


def application_set(generator: str = "{list: {elements: [{a: b}]}}", name: str = "x") -> str:
    return APPLICATION_SET % (generator, name)


HOSTILE: Mapping[str, tuple[str, str]] = {
    "blank lines before a label": (TEMPLATE, "\n" * 2_000_000 + "x"),
    "spaces before a label": (TEMPLATE, " " * 2_000_000 + "x"),
    "a Service without a name": (TEMPLATE, "kind: Service\nmetadata:\n" + "        a: b\n" * 200_000),
    "kinds without an end": (TEMPLATE, "kind: A" + "a" * 2_000_000 + "!"),
    "a host that is no host": (VALUES, "host: " + ".svc" * 300_000 + "_!"),
    "a host with many names": (VALUES, "host: " + ".svc" * 300_000 + "_"),
    "a URL of dots": (VALUES, "url: 'http://" + "a." * 300_000 + "!'"),
    "hosts with commas": (VALUES, "hosts: '" + "a," * 500_000 + "'"),
    "a schedule of spaces": (VALUES, "schedule: '* " + " " * 300_000 + "!'"),
    "a schedule of stars": (VALUES, "schedule: '" + "* " * 300_000 + "'"),
    "almost encrypted": (VALUES, "a: ENC[AES256_GCM,\n" + "\n" * 2_000_000),
    "flow brackets": (VALUES, "a: " + "[" * 2_000_000),
    "flow braces": (VALUES, "a: " + "{a: " * 500_000),
    "block levels": (VALUES, "".join(f"{' ' * level}a:\n" for level in range(1500))),
    "an alias bomb": (
        VALUES,
        "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]\n" for n in range(1, 60)),
    ),
    "merges of merges": (
        VALUES,
        "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], x{n}: 1}}\n" for n in range(1, 60)),
    ),
    "a long number": (VALUES, "a: " + "9" * 2_000_000),
    "tag directives": (VALUES, "".join(f"%TAG !{n}! b:{n}\n" for n in range(100_000)) + "---\na: b\n"),
    "keywords": (CHART, "name: billing\nkeywords: [" + "é, " * 150_000 + "]\n"),
    "dependencies": (CHART, "name: billing\ndependencies: [" + "{name: redis}, " * 25_000 + "]\n"),
    "a long name": (CHART, "name: " + "é" * 1_000_000),
    "parentheses": (SET, application_set(name="{{ " + "(" * 100_000 + " }}")),
    "actions without an end": (SET, application_set(name="{{" * 1_000_000)),
    "spaces in an action": (SET, application_set(name="{{ a" + " " * 1_000_000 + "}")),
    "growing text": (SET, application_set(name='{{ "x"' + ' | replace "" "%s"' % ("y" * 40) * 20 + " }}")),
    "a long index": (SET, application_set(name="{{ index .a " + "9" * 5000 + " }}")),
    "stars in a generator": (SET, application_set("{git: {files: [{path: '" + "**/a/" * 40 + "*a" * 400 + "b'}]}}")),
    "braces in a generator": (SET, application_set("{git: {files: [{path: '" + "{a,b}" * 60 + "'}]}}")),
    "stars in CODEOWNERS": ("CODEOWNERS", ("**/a/" * 40 + "*a" * 400 + "b @acme/x\n") * 50),
    "brackets in CODEOWNERS": ("CODEOWNERS", "[" * 100_000 + " @acme/x\n"),
    "owners in a section": ("CODEOWNERS", "[S]" + " @a" * 300_000 + "!\n"),
    "many references": (
        "billing/catalog-info.yaml",
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: billing}\n"
        "spec: {dependsOn: [" + ", ".join(f"'component:a{n}'" for n in range(25_000)) + "]}\n",
    ),
    "a template of gaps": (TEMPLATE, "# argoproj.io\n" + "{{ a }}\n" * 150_000),
    "gaps without an end": (TEMPLATE, "# argoproj.io\na: " + "{{" * 1_000_000),
    "blocks of a template": (TEMPLATE, "# argoproj.io\n" + "{{ if .Values.a }}\n" * 100_000 + "kind: {{ x }}\n"),
    "a set of many folders for each cluster": (
        SET,
        APPLICATION_SET.replace("path: billing", "path: argocd, directory: {recurse: true}")
        % (
            "{matrix: {generators: [{clusters: {}}, {list: {elements: [" + "{a: b}, " * 20_000 + "]}}]}}",
            "{{ .a }}-{{ .name }}",
        ),
    ),
    "releases in environments": (
        "helmfile.yaml",
        "environments: {"
        + ", ".join(f"e{n}: {{}}" for n in range(1_200))
        + "}\nreleases: ["
        + ", ".join(f"{{name: r{n}, chart: a/b, condition: x.y}}" for n in range(1_200))
        + "]\n",
    ),
    "blocks in a release": (
        "helmfile.yaml",
        "releases:\n- name: a\n  chart: x/y\n" + "  {{ if x }}\n  a: b\n  {{ end }}\n" * 20_000,
    ),
    "names for later in a helmfile": (
        "helmfile.yaml",
        "releases:\n- name: '" + "{{`{{ " * 200_000 + " " * 500_000 + "'\n",
    ),
    "a helmfile of itself": ("helmfile.yaml", "helmfiles: [" + "'**/helmfile.yaml', " * 5_000 + "]\n"),
    "targets of a bundle": (
        "fleet/fleet.yaml",
        "helm: {chart: a, repo: b}\ntargetCustomizations: ["
        + ", ".join(f"{{clusterSelector: {{matchLabels: {{env: e{n}}}}}}}" for n in range(8_000))
        + "]\n",
    ),
    "a huge definition": ("billing/a.graphql", "x" * 30_000_000),
}


VALUE_TEMPLATES: Mapping[str, str] = {
    "blanks in an action": "a: {{" + " " * 1_000_000,
    "blanks before a filter": "a: {{ .Values.a" + " " * 1_000_000 + "| quote }}",
    "actions in a line": "a: '" + "{{ .Values.a }}" * 100_000 + "'",
    "blocks in blocks": "{{ if .Values.a }}\n" * 100_000,
    "texts without an end": '{{"\\' * 300_000,
}


def exported(root: Path, files: Mapping[str, str]) -> Export:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with soon():
        return export_catalog({"apps": RepositoryFolder(root)})


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_costs_its_length(tmp_path: Path, kind: str) -> None:
    path, text = HOSTILE[kind]
    deep = "/".join(["a"] * 60)

    result = exported(tmp_path, {CHART: "name: billing\n", f"{deep}/{'a' * 250}/x.yaml": "", path: text})

    assert result.skipped or [entity.name for entity in result.entities]


@pytest.mark.parametrize("kind", VALUE_TEMPLATES)
def test_a_hostile_template_of_values_costs_its_length(kind: str) -> None:
    with soon():
        layers = [*value_template_layers("values.gotmpl", VALUE_TEMPLATES[kind].encode(), "qa", "billing", ())]

    assert any(layer.unreadable for layer in layers)


def test_folders_may_nest_as_deep_as_a_path_is_long(tmp_path: Path) -> None:
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        for _ in range(1500):
            Path("d").mkdir()
            os.chdir("d")
        Path("Chart.yaml").write_text("name: x\n")
        os.chdir(here)

        assert [entity.name for entity in exported(tmp_path, {}).entities] == ["d"]
    finally:
        os.chdir(here)
        subprocess.run(["rm", "-r", tmp_path / "d"], check=True)  # too deep for shutil.rmtree, and so for pytest


def test_a_file_larger_than_memory_is_not_read_whole(tmp_path: Path) -> None:
    (tmp_path / "billing").mkdir()
    with (tmp_path / VALUES).open("wb") as file:
        file.truncate(1 << 40)

    result = exported(tmp_path, {CHART: "name: billing\n"})

    assert [entity.name for entity in result.entities] == ["billing"]
    assert "unreadable-file" in {finding.code for finding in result.findings}


@pytest.mark.parametrize(
    "ask",
    [
        lambda: may_set_images({"patch": "containers:" + " " * 1_000_000 + "/spec" * 200_000}),
        lambda: Target(name="a" * 500_000 + "(b|" * 100_000).fits({}, ("a",), ""),
        lambda: is_placeholder("set-by-" + "-" * 1_000_000 + "1"),
        lambda: [*images_in({"image": {"repository": "${" + "A" * 1_000_000, "tag": "1"}})],
    ],
)
def test_a_hostile_text_of_a_patch_or_an_image_costs_its_length(ask: Callable[[], object]) -> None:
    with soon():
        ask()
