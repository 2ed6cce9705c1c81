"""Templates of ApplicationSets, as far as they can be filled in without a cluster."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenedock.catalog.reading.argo.go_templates import render_fasttemplate, render_go
from scenedock.model.json import Json

PARAMETERS: dict[str, Json] = {
    "path": {
        "path": "apps/Billing",
        "basename": "Billing",
        "segments": ["apps", "Billing"],
        "filename": "values-qa.yaml",
    },
    "env": "qa",
    "replicas": 3,
    "enabled": True,
    "labels": {"a.b/c": "d"},
    "git": {"path": {"path": "x/y", "segments": ["x", "y"]}},
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ .env }}", "qa"),
        ("{{.path.basename}}-{{.env}}", "Billing-qa"),
        ("{{- .env -}}", "qa"),
        ("{{ index .path.segments 1 | lower }}", "billing"),
        ('{{ index .labels "a.b/c" }}', "d"),
        ('{{ .path.filename | trimPrefix "values-" | trimSuffix ".yaml" }}', "qa"),
        ('{{ replace "a" "b" (lower .env) }}', "qb"),
        ("{{ .path.basename | normalize }}", "billing"),
        ("{{ .path.path | base }}/{{ dir .path.path }}", "Billing/apps"),
        ("{{ .replicas }} {{ .enabled }}", "3 true"),
        ("no action", "no action"),
    ],
)
def test_a_go_template_is_filled_in(template: str, text: str) -> None:
    assert render_go(template, PARAMETERS) == text


@pytest.mark.parametrize(
    "template",
    [
        "{{ .missing }}",
        "{{ .path }}",
        "{{ if .env }}a{{ end }}",
        '{{ env "HOME" }}',
        "{{ index .path.segments 7 }}",
        "{{ index .env 0 }}",
        "{{ lower }}",
        "{{ .env",
        '{{ "a }}',
        "{{ .env .env }}",
        "{{ (lower .env }}",
        "{{ @ }}",
    ],
)
def test_what_only_a_cluster_could_fill_in_gives_nothing(template: str) -> None:
    assert render_go(template, PARAMETERS) is None


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{path}}", "apps/Billing"),
        ("{{ path.basename }}", "Billing"),
        ("{{path[0]}}", "apps"),
        ("{{git.path}}", "x/y"),
        ("{{git.path[1]}}", "y"),
        ("{{env}}", "qa"),
        ("{{missing}}", None),
        ("{{path[9]}}", None),
    ],
)
def test_the_older_templates_only_look_up(template: str, text: str | None) -> None:
    assert render_fasttemplate(template, PARAMETERS) == text


@given(st.text(alphabet='{}.|()"`\\ apthenvlowridx019-', max_size=40))
def test_any_template_gives_text_or_nothing(template: str) -> None:
    for render in (render_go, render_fasttemplate):
        text = render(template, PARAMETERS)
        assert text == template if "{{" not in template else text is None or text != template
