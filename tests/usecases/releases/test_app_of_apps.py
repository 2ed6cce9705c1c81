"""Versions that an app of apps sets in the Applications of its templates, and those of the charts that these share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scenedock.doors.cli import main
from tests.scenarios.repositories import plant
from tests.tools.helm import helm
from tests.usecases.releases.listing import listed, place, run

CHART = "apiVersion: v2\nname: {}\nversion: 1.0.0\n"
USES = "dependencies: [{{name: {0}, version: 1.0.0, repository: 'file://../../charts/{0}'}}]\n"
DEPLOYMENT = """\
kind: Deployment
metadata: {{ name: {{{{ .Release.Name }}}} }}
spec: {{ template: {{ spec: {{ containers: [{{ name: main, image: "{}" }}] }} }} }}
"""
IMAGE = "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
APPLICATION = """\
{{{{- if index .Values "applications" "{name}" -}}}}
apiVersion: v1
kind: Namespace
metadata: {{ name: {name} }}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: {name}
spec:
  source:
    path: "apps/{name}"
    repoURL: {{{{ .Values.repoUrl | quote }}}}
    helm:
{helm}
      valueFiles:
        - "values-{{{{ .Values.name }}}}.yaml"
{{{{- end -}}}}
"""
APPS = ("billing", "cart", "search")


def parameter(name: str, value: str) -> str:
    return f'      parameters:\n        - name: "{name}"\n          value: {value}'


def shop(**helm_of: str) -> dict[str, str]:
    """Three services and an app of apps for them; what its templates hand to Helm for each."""
    enabled = ", ".join(f"{name}: true" for name in APPS)
    root = f"name: {{0}}\ntags:\n  {{0}}: 2.0.0\nrelease:\n  tag: {{1}}\napplications: {{{{{enabled}}}}}\n"
    files = {
        "root/Chart.yaml": CHART.format("root"),
        "root/values.yaml": "repoUrl: https://git.test/shop\nshared:\n  tag: 7.0.0\nempty: ''\n",
        "root/values-qa.yaml": root.format("qa", "1.1.0"),
        "root/values-production.yaml": root.format("production", "1.0.0"),
    }
    for name in APPS:
        files |= {
            f"root/templates/{name}.yaml": APPLICATION.format(name=name, helm=helm_of.get(name, "      version: v3")),
            f"apps/{name}/Chart.yaml": CHART.format(name),
            f"apps/{name}/values.yaml": f"image:\n  repository: acme/{name}\n  tag: 0.1.0\n",
            f"apps/{name}/values-qa.yaml": "replicas: 1\n",
            f"apps/{name}/values-production.yaml": "replicas: 2\n",
            f"apps/{name}/templates/a.yaml": DEPLOYMENT.format(
                "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
            ),
        }
    return files


@pytest.mark.parametrize(
    ("written", "version", "where"),
    [
        ("{{ .Values.release.tag | quote }}", "1.1.0", "root/values-qa.yaml:5"),
        ('"{{ $.Values.release.tag }}"', "1.1.0", "root/values-qa.yaml:5"),
        ("{{- .Values.shared.tag -}}", "7.0.0", "root/values.yaml:3"),
        ('{{ .Values.nothing | default "3.0.0" | quote }}', "3.0.0", "root/templates/billing.yaml:17"),
        ('{{ default "3.0.0" .Values.release.tag }}', "1.1.0", "root/values-qa.yaml:5"),
        ('"v{{ .Values.release.tag }}"', "v1.1.0", "root/templates/billing.yaml:17"),
        ("4.0.0", "4.0.0", "root/templates/billing.yaml:17"),
    ],
)
def test_a_template_hands_on_a_value_of_the_app_of_apps(tmp_path: Path, written: str, version: str, where: str) -> None:
    found = listed(tmp_path, shop(billing=parameter("image.tag", written)))["billing/qa"]
    assert (found["version"], place(found)) == (version, where)
    assert found["inherited"] is (found["file"] != "root/values-qa.yaml")
    assert (found["shape"], found["image"]) == ("helm.parameters", "acme/billing")


@pytest.mark.parametrize(
    "written", ["{{ .Values.release.tag | trunc 3 }}", "{{ .Values.release }}", '{{ include "a" . }}']
)
def test_what_only_rendering_could_fill_in_is_no_version(tmp_path: Path, written: str) -> None:
    found = listed(tmp_path, shop(billing=parameter("image.tag", written)))["billing/qa"]
    assert found["version"] is None
    assert found["reason"] == "what sets the tag of its image is no tag (root/templates/billing.yaml:17)"


def test_values_in_the_template_count_as_they_do_in_manifests(tmp_path: Path) -> None:
    text = "      values: |\n        image:\n          tag: {{ .Values.release.tag }}"
    given = "      valuesObject:\n        image:\n          tag: {{ .Values.release.tag | quote }}"
    found = listed(tmp_path, shop(billing=text, cart=given))
    wanted = ("1.0.0", "root/values-production.yaml:5")
    assert [(each["version"], place(each)) for each in (found["billing/production"], found["cart/production"])] == [
        wanted,
        wanted,
    ]
    assert found["billing/production"]["sharedWith"] == ["cart/production"]


def test_a_specification_with_a_block_sets_nothing(tmp_path: Path) -> None:
    block = f"      {{{{- if .Values.empty }}}}\n{parameter('image.tag', '9.9.9')}\n      {{{{- end }}}}"
    assert listed(tmp_path, shop(billing=block))["billing/qa"]["version"] == "0.1.0"


def umbrella(template: str = "{{ .Values.global.line.imageTag }}") -> dict[str, str]:
    """Services whose images share the tag of their line, which the app of apps hands them."""
    files = shop(**dict.fromkeys(APPS, parameter("global.line.imageTag", "{{ .Values.release.tag | quote }}")))
    image = f"{{{{ .Values.image.repository }}}}:{template}"
    for name in APPS:
        del files[f"apps/{name}/templates/a.yaml"]
        files |= {
            f"apps/{name}/Chart.yaml": CHART.format(name) + USES.format("part"),
            f"apps/{name}/values.yaml": "part: {image: {repository: acme/first}}\nglobal: {line: {imageTag: ''}}\n",
            "charts/part/Chart.yaml": CHART.format("part"),
            "charts/part/values.yaml": "image: {repository: acme/none}\n",
            "charts/part/templates/a.yaml": DEPLOYMENT.format(image),
        }
    return files


def test_a_tag_that_all_images_share_is_the_version(tmp_path: Path) -> None:
    found = listed(tmp_path, umbrella())
    cart = found["cart/qa"]
    assert (cart["version"], place(cart), cart["inherited"]) == ("1.1.0", "root/values-qa.yaml:5", False)
    assert cart["sharedWith"] == ["billing/qa", "search/qa"]
    assert found["root/qa"]["reason"] == "its chart only writes Applications, and it has no chart from elsewhere"


def test_a_shared_tag_that_no_template_names_is_none(tmp_path: Path) -> None:
    found = listed(tmp_path, umbrella("{{ .Values.image.tag }}"))
    assert found["cart/qa"]["reason"] == "nothing sets a tag of its image (apps/cart/values.yaml:1)"


def test_a_tag_of_another_image_is_not_the_services_because_it_names_none(tmp_path: Path) -> None:
    files = umbrella()
    files["apps/cart/values-qa.yaml"] = "kafka-check: {image: {tag: 0.49.0}}\n"
    files["apps/cart/Chart.yaml"] = CHART.format("cart") + USES.format("part")
    assert listed(tmp_path, files)["cart/qa"]["version"] == "1.1.0"


def test_values_of_a_chart_in_the_chart_say_which_image_a_tag_is_of(tmp_path: Path) -> None:
    files = umbrella() | {
        "apps/cart/charts/server/Chart.yaml": CHART.format("server"),
        "apps/cart/charts/server/values.yaml": "image: {repository: acme/cart-server}\n",
        "apps/cart/values-qa.yaml": "server: {image: {tag: 0.49.0}}\n",
    }
    both = "dependencies:\n- {name: part, repository: 'file://../../charts/part'}\n- {name: server, version: 1.0.0}\n"
    files["apps/cart/Chart.yaml"] = CHART.format("cart") + both
    found = listed(tmp_path, files)["cart/qa"]
    assert (found["version"], found["image"], place(found)) == (
        "0.49.0",
        "acme/cart-server",
        "apps/cart/values-qa.yaml:1",
    )


@pytest.mark.parametrize(("template", "version"), [("kind: ConfigMap\n", "5.0.0"), ("kind: Deployment\n", None)])
def test_a_chart_of_the_repository_that_runs_nothing_leaves_one_from_elsewhere(
    tmp_path: Path, template: str, version: str | None
) -> None:
    remote = "- {name: metrics, version: 5.0.0, repository: 'https://charts.test'}\n"
    files = {
        "monitoring/Chart.yaml": CHART.format("monitoring")
        + f"dependencies:\n{remote}- {{name: conf, version: 1.0.0, repository: 'file://../conf'}}\n",
        "monitoring/values.yaml": "a: 1\n",
        "conf/Chart.yaml": CHART.format("conf"),
        "conf/templates/conf.yaml": f"apiVersion: v1\n{template}",
    }
    assert listed(tmp_path, files)["monitoring"]["version"] == version


def verified(root: Path) -> list[dict[str, Any]]:
    done = CliRunner().invoke(main, ["deployments", "verify", str(root), "--format", "json", "--helm", str(helm("4"))])
    assert done.exit_code in {0, 1}, done.output
    return list(json.loads(done.stdout))


def test_a_tag_that_a_template_makes_of_the_version_is_the_same(tmp_path: Path) -> None:
    root = plant(tmp_path / "apps", umbrella('{{ printf "%s.%03d" .Values.global.line.imageTag 7 }}'))
    compared = verified(root)
    assert {(each["verdict"], each["version"], *each["images"]) for each in compared} == {
        ("same", "1.1.0", "acme/first:1.1.0.007"),
        ("same", "1.0.0", "acme/first:1.0.0.007"),
    }
    (root / "charts/part/templates/a.yaml").write_text(
        DEPLOYMENT.format("acme/first:1.1.0.{{ len .Values.global.line.imageTag }}")
    )
    assert {each["verdict"] for each in verified(root)} == {"differs"}


CHOICE = """\
kind: Deployment
metadata: {name: query}
spec:
  template:
    spec:
      containers:
        - name: server
          {{- if eq .Values.backend "postgres" }}
          image: "{{ .Values.postgres.image.repository }}:{{ .Values.postgres.image.tag }}"
          {{- else }}
          image: "{{ .Values.mysql.image.repository }}:{{ .Values.mysql.image.tag }}"
          {{- end }}
---
kind: Deployment
metadata: {name: query-cache}
spec:
  template:
    spec:
      containers: [{name: c, image: "{{ .Values.cache.image.repository }}:{{ .Values.cache.image.tag }}"}]
"""
LIBRARY = """\
backend: mysql
postgres:
  image: {repository: acme/query-postgres, tag: 1.26.0}
mysql:
  image: {repository: acme/query-mysql, tag: 3.22.0}
cache:
  image: {repository: acme/cache, tag: 7.0.0}
"""


def queries() -> dict[str, str]:
    files = {
        "charts/query/Chart.yaml": CHART.format("query"),
        "charts/query/values.yaml": LIBRARY,
        "charts/query/templates/a.yaml": CHOICE,
    }
    for name, values in (("users", "query: {backend: postgres}\n"), ("query-mysql", "query: {cache: {size: 1}}\n")):
        files[f"apps/{name}/Chart.yaml"] = CHART.format(name) + USES.format("query")
        files[f"apps/{name}/values.yaml"] = values
    return files


def test_which_image_of_a_shared_chart_runs_only_rendering_tells(tmp_path: Path) -> None:
    said = "only rendering tells which image of its library chart it runs: 1.26.0 (charts/query/values.yaml:3) and "
    found = listed(tmp_path, queries())
    assert [found[name]["version"] for name in ("users", "query-mysql")] == [None, None]
    assert str(found["users"]["reason"]).startswith(said)

    rendered = json.loads(run("list", tmp_path / "apps", "--format", "json", "--render", "--helm", helm("4")))
    versions = {each["service"]: (each["version"], each["image"], place(each)) for each in rendered}
    assert versions["users"] == ("1.26.0", "acme/query-postgres", "charts/query/values.yaml:3")
    assert versions["query-mysql"] == ("3.22.0", "acme/query-mysql", "charts/query/values.yaml:5")


def test_what_a_service_says_itself_counts_above_its_shared_charts_values(tmp_path: Path) -> None:
    files = queries() | {
        "apps/query-mysql/values.yaml": "query: {mysql: {image: {tag: 3.21.0}}, cache: {image: {tag: '6'}}}\n"
    }
    found = listed(tmp_path, files)["query-mysql"]
    assert (found["version"], found["image"], place(found)) == (
        "3.21.0",
        "acme/query-mysql",
        "apps/query-mysql/values.yaml:1",
    )


def test_a_tag_from_elsewhere_beside_an_untagged_image_is_not_chosen(tmp_path: Path) -> None:
    image = "{{ .Values.two.image.repository }}:{{ .Values.other }}"
    files = {
        "billing/Chart.yaml": CHART.format("billing"),
        "billing/values.yaml": (
            "one: {image: {repository: acme/billing-one, tag: 1.0.0}}\n"
            "two: {image: {repository: acme/billing-two}}\nother: v5\n"
        ),
        "billing/templates/a.yaml": DEPLOYMENT.format(image),
    }
    root = plant(tmp_path / "apps", files)
    (found,) = json.loads(run("list", root, "--format", "json", "--render", "--helm", helm("4")))
    assert found["version"] is None
