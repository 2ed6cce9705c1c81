"""Which version helmfiles and their templates of values say is where, and in which line."""

from __future__ import annotations

from pathlib import Path

from tests.usecases.releases.listing import listed, place

HELMFILE = """\
environments:
  qa: {values: [env/qa.env]}
  production: {values: [env/production.env]}
---
repositories:
  - name: redis
    url: https://charts.test
releases:
  - name: billing
    chart: ./charts/billing
    values: [values/billing.yaml.gotmpl]
  - name: redis
    chart: redis/redis
    version: 8.0.1
  - {name: search, chart: other/search}
"""
CHART = {
    "charts/billing/Chart.yaml": "apiVersion: v2\nname: billing\nversion: 1.0.0\n",
    "charts/billing/values.yaml": "image: {repository: acme/billing, tag: latest}\n",
    "charts/billing/templates/deployment.yaml": "kind: Deployment\n",
}
STATE = {"env/qa.env": 'HOST: qa.test\nBILLING_TAG: "2.1.0"\n', "env/production.env": 'BILLING_TAG: "2.0.0"\n'}


def of_template(tmp_path: Path, template: str) -> dict[str, tuple[str | None, str]]:
    """What a template of values makes of the versions of a service, each with its place or the reason."""
    files = {"helmfile.yaml": HELMFILE, **CHART, **STATE, "values/billing.yaml.gotmpl": template}
    found = listed(tmp_path, files)
    names = ("billing/qa", "billing/production")
    return {name: (found[name]["version"], found[name]["reason"] or place(found[name])) for name in names}


def test_the_values_of_an_environment_say_the_version_that_a_template_fills_in(tmp_path: Path) -> None:
    template = 'host: "{{ requiredEnv "HOST" }}"\nimage:\n  tag: "{{ .StateValues.BILLING_TAG }}"\n'

    assert of_template(tmp_path, template) == {
        "billing/qa": ("2.1.0", "env/qa.env:2"),
        "billing/production": ("2.0.0", "env/production.env:1"),
    }


def test_a_block_for_an_environment_counts_there_alone(tmp_path: Path) -> None:
    template = (
        '{{ if or (eq .Environment.Name "qa") (eq .Environment.Name "dev") }}\nimage:\n  tag: 3.0.0\n{{ end }}\n'
        '{{ if eq .Environment.Name "qa" }}\nreplicas: 1\n{{ else if eq .Environment.Name "production" }}\n'
        "replicas: {{ .Values.REPLICAS }}\n{{ else }}\nimage: {tag: never}\n{{ end }}\n"
    )

    assert of_template(tmp_path, template) == {
        "billing/qa": ("3.0.0", "values/billing.yaml.gotmpl:3"),
        "billing/production": ("latest", "charts/billing/values.yaml:1"),
    }


def test_what_only_helmfile_can_fill_in_is_no_version(tmp_path: Path) -> None:
    set_there = "what sets the tag of its image is no tag (values/billing.yaml.gotmpl:{})"
    unreadable = "values/billing.yaml.gotmpl: only helmfile can fill in this template; the rest says latest"
    opened = "values/billing.yaml.gotmpl:{}: only helmfile can fill in what is there; the rest says latest"
    for template, reason in {
        'image:\n  tag: "{{ env "TAG" }}"\n': set_there.format(2),
        'image:\n  tag: "{{ .StateValues.OTHER_TAG }}"\n': set_there.format(2),
        "{{ if .StateValues.CANARY }}\nimage:\n  tag: 4.0.0\n{{ end }}\n": set_there.format(3),
        "image:\n{{ toYaml .Values.image | indent 2 }}\n": f"{opened.format(2)} (charts/billing/values.yaml:1)",
        'image: {{ env "IMAGE" }}\n': f"{opened.format(1)} (charts/billing/values.yaml:1)",
        '{{ readFile "all.yaml" }}\n': f"{opened.format(1)} (charts/billing/values.yaml:1)",
        "{{ if .Values.canary }} # canary\nimage: {tag: 4.0.0}\n{{ end }}\n": set_there.format(2),
        '{{ with .Values.x }}\nimage:\n  "tag": &tag 4.0.0\n{{ end }}\n': set_there.format(3),
        "{{ range .Values.all }}\nimage:\n  tag: >-\n    4.0.0\n{{ end }}\n": set_there.format(3),
        "image:\n  tag:\n{{ if .Values.x }}\n    4.0.0\n{{ end }}\n": set_there.format(2),
        "x: {{ if .Values.x }}\n  y: 1\n{{ end }}\nimage: {}\n": f"{unreadable} (charts/billing/values.yaml:1)",
        "a: b: c\nimage: {}\n": f"{unreadable} (charts/billing/values.yaml:1)",
    }.items():
        said = of_template(tmp_path / str(len(template)), template)
        assert said == dict.fromkeys(said, (None, reason)), template


def test_a_template_that_says_nothing_of_images_leaves_the_version_as_it_is(tmp_path: Path) -> None:
    for template in ("a: b: c\n", "resources:\n{{ toYaml .Values.resources | indent 2 }}\n", "{{/* empty */}}\n"):
        said = of_template(tmp_path / str(len(template)), template)
        assert said == dict.fromkeys(said, ("latest", "charts/billing/values.yaml:1")), template


def test_the_version_of_a_releases_chart_is_in_its_own_item(tmp_path: Path) -> None:
    files = {"helmfile.yaml": HELMFILE, **CHART, **STATE, "values/billing.yaml.gotmpl": "a: 1\n"}
    found = listed(tmp_path, files)

    assert (found["redis/qa"]["version"], found["redis/qa"]["shape"]) == ("8.0.1", "helmfile")
    assert (place(found["redis/qa"]), found["redis/qa"]["inherited"]) == ("helmfile.yaml:14", True)
    assert found["search/qa"]["reason"] == "nothing sets the version of its chart (helmfile.yaml:15)"


def test_without_a_version_of_the_chart_the_images_of_others_are_named(tmp_path: Path) -> None:
    names = ("billing", "search", "mail")  # three services of one chart: it is the company's own
    releases = "".join(f"  - {{name: {name}, chart: acme/webapp, values: [{name}.yaml]}}\n" for name in names)
    values = "mesh: {sidecar: {image: {repository: tools/envoy, tag: 1.35.9}}}\n"
    mail = {"mail.yaml": "image: {repository: acme/mail, tag: 1.0.0}\n"}
    found = listed(
        tmp_path,
        {
            "helmfile.yaml": f"environments: {{qa: {{}}}}\nreleases:\n{releases}",
            "billing.yaml": values,
            "search.yaml": values.replace("tools/", "other/"),
            **mail,
        },
    )

    assert found["mail/qa"]["version"] == "1.0.0"
    reason = "only images that don't seem to be its own have a tag: envoy (billing.yaml:1)"
    assert found["billing/qa"]["reason"] == reason


def test_what_stays_open_above_a_tag_hides_it(tmp_path: Path) -> None:
    chart = CHART | {"charts/billing/values.yaml": "app: {image: {repository: acme/billing, tag: latest}}\n"}
    for number, template in enumerate(
        (
            "app:\n  {{- toYaml .Values.app | nindent 2 }}\n",
            "app:\n  {{ .Values.key }}:\n    tag: 5.0.0\n",
            "app: {{ toYaml .Values.app | nindent 2 }}\n",
        )
    ):
        files = {"helmfile.yaml": HELMFILE, **chart, **STATE, "values/billing.yaml.gotmpl": template}
        found = listed(tmp_path / str(number), files)["billing/qa"]
        assert (found["version"], found["reason"].partition(":")[0]) == (None, "values/billing.yaml.gotmpl"), template


def test_a_value_without_quotes_is_what_yaml_makes_of_it(tmp_path: Path) -> None:
    state = {"env/qa.env": 'BILLING_TAG: "1.10"\n', "env/production.env": 'BILLING_TAG: "1.10"\n'}
    for template, version in {"{{ .Values.BILLING_TAG }}": "1.1", "{{ .Values.BILLING_TAG | quote }}": "1.10"}.items():
        files = {"helmfile.yaml": HELMFILE, **CHART, **state}
        files["values/billing.yaml.gotmpl"] = f"image:\n  tag: {template}\n"
        assert listed(tmp_path / version, files)["billing/qa"]["version"] == version


def test_what_else_sets_values_of_a_release_hides_its_version(tmp_path: Path) -> None:
    written = "values that are written here are known to helmfile alone"
    for number, (values, said) in enumerate(
        {
            "    values: [v.yaml, {image: {tag: 5.0.0}}]\n": written,
            "    set: [{name: image.tag, value: 5.0.0}]\n    values: [v.yaml]\n": written,
            "    values: [v.yaml, 'x-{{ .Values.a }}.yaml']\n": "the values 'x-{{ .Values.a }}.yaml' are known to",
            '    values:\n      - v.yaml\n{{ if eq .Environment.Name "qa" }}\n      - w.yaml\n{{ end }}\n': "block",
            "    values: [v.yaml, {replicas: 2}]\n": "",
        }.items()
    ):
        head = "environments: {qa: {}}\n---\nreleases:\n  - name: billing\n    chart: ./charts/billing\n"
        files = {"helmfile.yaml": head + values, **CHART, "v.yaml": "image: {tag: 4.0.0}\n", "w.yaml": "a: 1\n"}
        found = listed(tmp_path / str(number), files)["billing/qa"]
        assert found["version"] == (None if said else "4.0.0"), values
        assert said in (found["reason"] or "")
        assert not said or "helmfile.yaml:" in found["reason"]


def test_values_of_an_environment_that_others_may_fill_in_are_not_known(tmp_path: Path) -> None:
    release = "releases:\n  - name: billing\n    chart: ./charts/billing\n    values: [t.yaml.gotmpl]\n"
    template = {"t.yaml.gotmpl": "image: {tag: '{{ .Values.T }}'}\n", "e.yaml": "T: 1.0.0\n", "f.yaml": "T: ''\n"}
    own = "environments: {qa: {values: [e.yaml]}}\n---\n"
    for number, (files, version) in enumerate(
        (
            ({"helmfile.yaml": own + release}, "1.0.0"),
            ({"helmfile.yaml": own.replace("e.yaml]", "e.yaml, f.yaml]") + release}, None),
            ({"helmfile.yaml": own.replace("e.yaml]", "e.yaml], secrets: [s.yaml]") + release}, None),
            ({"helmfile.yaml": f"{own}helmfiles: [below.yaml]\n", "below.yaml": release}, None),
            (
                {"helmfile.yaml": "helmfiles: [{path: below.yaml, values: [{T: 2}]}]\n", "below.yaml": own + release},
                None,
            ),
        )
    ):
        found = listed(tmp_path / str(number), {**CHART, **template, **files})
        assert found["billing/qa"]["version"] == version, files


def test_a_charts_version_is_known_only_where_no_block_or_namesake_hides_it(tmp_path: Path) -> None:
    releases = (
        "#  - name: redis\n#    version: 7.0.0\n  - name: redis\n    chart: b/redis\n    labels: {version: 8.0.1}\n"
        "    version: 8.0.1\n  - chart: b/mysql\n    needs:\n      - x/y\n    name: mysql\n    version: 2.0.0\n"
        "  - name: kafka\n    chart: b/kafka\n    {{- if .Values.x }}\n    version: 3.0.0\n    {{- end }}\n"
        '{{ if eq .Environment.Name "qa" }}\n  - name: nats\n    chart: b/nats\n    version: 4.0.0\n{{ end }}\n'
        "  - name: search\n    chart: b/search\n"
    )
    found = listed(tmp_path, {"helmfile.yaml": f"environments: {{qa: {{}}}}\n---\nreleases:\n{releases}"})

    said = {name: (each["version"], each["reason"] or place(each)) for name, each in found.items()}
    unclear = "only helmfile knows the version of its chart (helmfile.yaml:{})"
    assert said == {
        "redis/qa": ("8.0.1", "helmfile.yaml:9"),
        "mysql/qa": ("2.0.0", "helmfile.yaml:14"),
        "kafka/qa": (None, unclear.format(15)),
        "nats/qa": (None, unclear.format(21)),
        "search/qa": (None, "nothing sets the version of its chart (helmfile.yaml:25)"),
    }
