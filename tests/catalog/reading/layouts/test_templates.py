"""What is literal in a chart's templates."""

from __future__ import annotations

import pytest

from scenedock.catalog.reading.layouts.templates import TemplateDocument, read_template
from scenedock.model.json import Json


def documents(text: str) -> list[TemplateDocument]:
    return list(read_template(text.encode()))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("name: {{ .a }}", {"name": "{{…}}"}),
        ("name: x-{{ .a }}-{{ .b }}", {"name": "x-{{…}}-{{…}}"}),
        ("name: '{{ .a }}'", {"name": "{{…}}"}),
        ("{{- with .a }}\nname: b\n{{- end }}", {"name": "b"}),
        ("a:\n  {{- toYaml .b | nindent 2 }}\nc: d", {"a": None, "c": "d"}),
        ("- {{ .a }}\n- b", ["{{…}}", "b"]),
        ("{{ .key }}: a", {"{{…}}": "a"}),
        ("{{- /* two\nlines */ -}}\nname: b", {"name": "b"}),
    ],
)
def test_what_a_template_fills_in_stays_open(text: str, value: Json) -> None:
    assert [each.value for each in documents(text)] == [value]


def test_a_document_that_is_not_yaml_is_left_out_and_the_others_have_their_lines() -> None:
    found = documents("a: [\n---\n{{ if .b }}\nkind: B\n{{ end }}\n---\nkind: C\n")
    assert [(each.value, each.line) for each in found] == [({"kind": "B"}, 4), ({"kind": "C"}, 7)]


@pytest.mark.parametrize(
    ("text", "requires"),
    [
        ("{{ if .Values.a.b }}\nkind: A\n{{ end }}", ("a.b",)),
        ("{{- if and .Values.a .Values.b -}}\nkind: A\n{{- end -}}", ("a", "b")),
        ("{{ if .Values.a }}\n{{ if .Values.b }}\nkind: A\n{{ end }}\n{{ end }}", ("a", "b")),
        ("{{ if not .Values.a }}\nkind: A\n{{ end }}", ()),
        ("{{ if .Values.a }}\n{{ else }}\nkind: A\n{{ end }}", ()),
        ("{{ if .Values.a }}\n{{ end }}\nkind: A", ()),
        ("kind: A\n{{ if .Values.a }}\nb: c\n{{ end }}", ()),
        ("{{ range .Values.a }}\nkind: A\n{{ end }}", ()),
    ],
)
def test_an_if_around_a_document_requires_its_values(text: str, requires: tuple[str, ...]) -> None:
    assert [each.requires for each in documents(text)] == [requires]


def test_a_condition_holds_for_all_documents_in_it() -> None:
    found = documents("{{ if .Values.a }}\nkind: A\n---\nkind: B\n{{ end }}\n---\nkind: C\n")
    assert [each.requires for each in found] == [("a",), ("a",), ()]
