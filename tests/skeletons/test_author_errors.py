"""What goes wrong in a skeleton is said to its author: file, line, and what to do."""

from __future__ import annotations

import pytest

from scenedock.skeletons.problems import SkeletonError
from scenedock.skeletons.rendering.compiled import CompiledSkeleton
from scenedock.skeletons.skeleton import Skeleton, SkeletonFile
from tests.skeletons.in_memory import ROOT, baked, rendered

HELM = "this looks like a Helm template"


@pytest.mark.parametrize(
    "line",
    [
        "{{ .Values.image }}",
        "{{- .Values.image -}}",
        '{{ include "app.labels" . | nindent 4 }}',
        "{{- if .Values.ingress }}",
        "{{ range $key, $value := .Values.env }}",
        "{{ $name := .Chart.Name }}",
        "{{/* a comment */}}",
        "{{- end }}",
        '{{ define "app" }}',
        "{{ toYaml .Values.resources }}",
        "{{ default 1 .Values.x }}",
        '{{ required "x" .Values.x }}',
        '{{ printf "%s" .x }}',
    ],
)
def test_helm_braces_are_called_so_with_the_line_and_the_remedy(line: str) -> None:
    with pytest.raises(SkeletonError) as caught:
        rendered(f"kind: Deployment\nname: x\nimage: {line}\n")

    assert f"demo/{ROOT}/a.txt:3: " in str(caught.value)
    assert HELM in str(caught.value)
    assert "_copy_without_render" in str(caught.value)
    assert "{% raw %}" in str(caught.value)


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        ("a\n{{ cookiecutter.nope }}", 2, "has no attribute 'nope'"),
        ("a\n\n{{ nope }}", 3, "'nope' is undefined"),
        ("a\n{% if %}\n", 2, "Expected an expression"),
        ("a\n{% for x in y %}\n", 2, ""),
        ("a\n{{ 1 / 0 }}\n", 2, "ZeroDivisionError"),
        ("a\n{{ 1 + 'x' }}\n", 2, "TypeError"),
        ("{{ 'x'|nope }}", 1, "No filter named 'nope'"),
        ("{% include 'gone.txt' %}", 1, "there is no template 'gone.txt'"),
        ("{{ default.x }}", 1, "'default' is undefined"),
    ],
)
def test_other_mistakes_have_their_line_and_no_word_of_helm(body: str, line: int, message: str) -> None:
    with pytest.raises(SkeletonError) as caught:
        rendered(body)

    assert str(caught.value).startswith(f"demo/{ROOT}/a.txt:{line}: ")
    assert message in str(caught.value)
    assert HELM not in str(caught.value)


def test_a_mistake_in_an_included_template_is_found_there() -> None:
    body = "{% include 'part.txt' %}"

    with pytest.raises(SkeletonError, match=r"^demo/templates/part\.txt:2: .*has no attribute 'nope'"):
        baked({}, {"a.txt": body, "/templates/part.txt": "x\n{{ cookiecutter.nope }}"}, {})
    with pytest.raises(SkeletonError, match=r"^demo/templates/part\.txt:2: unexpected"):
        baked({}, {"a.txt": body, "/templates/part.txt": "x\n{{ .Values.x }}"}, {})


def test_a_mistake_in_a_default_is_found_in_the_questions() -> None:
    with pytest.raises(SkeletonError, match=r"^demo/cookiecutter\.json:4: .*'nope'"):
        rendered("", {"a": "x", "b": "{{ cookiecutter.nope }}"})


def test_a_mistake_in_a_file_name_is_found_by_the_name() -> None:
    with pytest.raises(SkeletonError, match=r"^demo/\{\{cookiecutter\.slug\}\}/\{\{ cookiecutter\.nope \}\}: "):
        baked({}, {"{{ cookiecutter.nope }}": ""}, {})


def test_text_that_is_not_utf_8_is_named_with_its_line() -> None:
    text = "un café au lait, s'il vous plaît\n".encode("latin-1")

    with pytest.raises(SkeletonError, match=r"a\.txt:2: the file is neither UTF-8 nor detected as binary"):
        baked({}, {"a.txt": b"hello\n" + text}, {})


@pytest.mark.parametrize("folders", [{}, {"project": 0o755}, {ROOT: 0o755, "{{cookiecutter.other}}": 0o755}])
def test_a_skeleton_has_exactly_one_project_folder(folders: dict[str, int]) -> None:
    files = {"cookiecutter.json": SkeletonFile(b'{"slug": "s"}')}

    with pytest.raises(SkeletonError, match="exactly one folder must have a name like"):
        _ = CompiledSkeleton(Skeleton("demo", "1", files, folders)).project


@pytest.mark.parametrize("path", ["../other", "/etc", "", ".", "a/../.."])
def test_a_nested_skeleton_is_inside(path: str) -> None:
    with pytest.raises(SkeletonError, match="is not a folder inside the skeleton"):
        Skeleton("demo", "1", {}, {}).nested(path)
