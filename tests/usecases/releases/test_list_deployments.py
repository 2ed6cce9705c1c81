"""Which version is where, as people ask for it at the command line."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from scenedock.doors.cli import main
from scenedock.runtime.wiring import served_repositories
from scenedock.usecases.catalog.build_feed import build_feed
from scenedock.usecases.catalog.catalog_record import read_feed
from scenedock.usecases.catalog.watching import Watch
from tests.scenarios.repositories import plant
from tests.usecases.releases.listing import listed, place, run

CHART = "apiVersion: v2\nname: {name}\nversion: 1.0.0\n"
DEPLOYMENT = (
    'kind: Deployment\nimage: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"\n'
)
ENVIRONMENTS = {"values-qa.yaml": "replicas: 1\n", "values-production.yaml": "replicas: 2\n"}
NO_CLONE = "not a git repository (or any of the parent directories): .git"
LISTED = "releases:\n- {name: cart, tag: v1}\n- {name: billing, tag: v7}\n"
TAGS = {"billing": "latest", "cart": "4f2a1c9", "shop": "9b01de2", "jobs": "v7", "web": "1.0.0"}
Files = Mapping[str, str]


def chart(folder: str, more: str = "", **files: str) -> dict[str, str]:
    """A folder with a chart; the names of files have `_` for `-` and no suffix."""
    name = folder.rpartition("/")[2]
    named = {f"{folder}/{key.replace('_', '-')}.yaml": text for key, text in files.items()}
    return {f"{folder}/Chart.yaml": CHART.format(name=name) + more, **named}


def test_the_last_file_that_sets_the_tag_says_the_version(tmp_path: Path) -> None:
    found = listed(
        tmp_path,
        chart(
            "billing",
            values="# base\nimage:\n  repository: acme/billing\n  tag: 1.0.0\n",
            values_qa="replicas: 1\nimage:\n  tag: 1.1.0\n",
            values_production="replicas: 2\n",
        ),
    )

    assert found["billing/qa"] == {
        "service": "billing",
        "environment": "qa",
        "version": "1.1.0",
        "reason": None,
        "image": "acme/billing",
        "chart": None,
        "shape": "image.tag",
        "repository": "apps",
        "file": "billing/values-qa.yaml",
        "line": 3,
        "inherited": False,
        "sharedWith": [],
        "rendered": False,
        "behind": None,
        "behindBy": None,
        "lastGood": None,
        "since": None,
        "commit": None,
        "author": None,
        "sinceReason": None,
        "findings": [],
    }
    production = found["billing/production"]
    assert (production["version"], place(production)) == ("1.0.0", "billing/values.yaml:4")
    assert (production["inherited"], production["sharedWith"]) == (True, [])
    assert production["behind"] == {"environment": "qa", "version": "1.1.0"}


def test_a_line_that_serves_several_says_which(tmp_path: Path) -> None:
    files = chart(
        "billing",
        values="image: {repository: acme/billing, tag: 1.0.0}\n",
        **{key.removesuffix(".yaml").replace("-", "_"): text for key, text in ENVIRONMENTS.items()},
    )
    found = listed(tmp_path, files)
    assert found["billing/qa"]["sharedWith"] == ["billing/production"]
    assert found["billing/qa"]["inherited"]


def test_the_services_own_image_counts_and_no_sidecars(tmp_path: Path) -> None:
    values = (
        "proxy: {image: {repository: acme/proxy, tag: 7.0.0}}\n"
        "web: {image: {repository: acme/billing-api, tag: 1.0.0}}\n"
        "metrics: {image: {repository: quay.io/metrics, tag: 9.0.0}}\n"
    )
    found = listed(tmp_path, chart("billing", "sources: ['https://github.com/acme/billing-api']\n", values=values))
    assert (found["billing"]["version"], place(found["billing"])) == ("1.0.0", "billing/values.yaml:2")


def test_two_that_may_be_its_own_are_both_named_and_none_is_guessed(tmp_path: Path) -> None:
    values = "one: {image: {repository: acme/one, tag: 1.0.0}}\ntwo: {image: {repository: acme/two, tag: 2.0.0}}\n"
    found = listed(tmp_path, chart("billing", values=values))["billing"]
    assert (found["version"], found["file"], found["line"]) == (None, None, None)
    assert found["reason"] == (
        "several images may be its own: 1.0.0 (billing/values.yaml:1) and 2.0.0 (billing/values.yaml:2)"
    )


def test_an_image_of_another_name_below_a_key_is_not_taken_for_its_own(tmp_path: Path) -> None:
    values = "metrics: {image: {repository: quay/exporter, tag: 9.0.0}}\n"
    others = chart("cart", values="image: {repository: acme/cart, tag: 1.0.0}\n") | chart(
        "shop", values="image: {repository: acme/shop, tag: 1.0.0}\n"
    )
    found = listed(tmp_path, {**chart("billing", values=values), **others})["billing"]
    assert found["reason"] == "only images that don't seem to be its own have a tag: exporter (billing/values.yaml:1)"


@pytest.mark.parametrize("key", ["mesh", "proxy_sidecar", "bill", "apps"])
def test_a_tag_that_only_its_key_names_is_not_its_own_at_the_key_of_another_part(tmp_path: Path, key: str) -> None:
    files = chart("billing", values=f"replicas: 2\n{key}:\n  image_version: 1.35.9-1\n")
    found = listed(tmp_path, files)["billing"]
    assert (found["version"], found["reason"]) == (
        None,
        "only images that don't seem to be its own have a tag: 1.35.9-1 (billing/values.yaml:3)",
    )


@pytest.mark.parametrize("above", ["", "billing:", "billingApi:", "billing_api:", "main_app:", "app:", "image:"])
def test_a_tag_that_only_its_key_names_is_its_own_at_the_root_or_at_its_own_key(tmp_path: Path, above: str) -> None:
    files = chart("billing", values=f"{above}\n  imageTag: 1.0.0\n")
    found = listed(tmp_path, files)["billing"]
    assert (found["version"], place(found)) == ("1.0.0", "billing/values.yaml:2")


def test_parts_of_a_service_count_by_their_names_where_they_agree(tmp_path: Path) -> None:
    values = "images:\n  a: {{repository: billing-api, tag: {}}}\n  b: {{repository: billing-worker, tag: 1.0.0}}\n"
    agreed = listed(tmp_path, chart("billing", values=values.format("1.0.0")))["billing"]
    differ = listed(tmp_path / "other", chart("billing", values=values.format("1.1.0")))["billing"]
    assert (agreed["version"], differ["version"]) == ("1.0.0", None)


def test_the_app_version_counts_where_a_template_uses_it(tmp_path: Path) -> None:
    values = "image: {repository: acme/billing, tag: ''}\n"
    files = chart("billing", "appVersion: 1.4.2\n", values=values)
    proven = listed(tmp_path, {**files, "billing/templates/deployment.yaml": DEPLOYMENT})["billing"]
    assert (proven["version"], proven["shape"], place(proven)) == ("1.4.2", "appVersion", "billing/Chart.yaml:4")

    other = {**files, "billing/templates/deployment.yaml": "kind: Deployment\nimage: {{ .Values.image.tag }}\n"}
    unproven = listed(tmp_path / "other", other)["billing"]
    assert unproven["reason"] == "nothing sets a tag of its image (billing/values.yaml:1)"

    printed = {
        **files,
        "billing/templates/a.yaml": 'image: x:{{ .Values.image.tag | default (print .Chart.AppVersion "-1") }}',
    }
    changed = listed(tmp_path / "printed", {**printed, "billing/templates/b.yaml": "kind: Deployment\n"})["billing"]
    assert changed["reason"] == "nothing sets a tag of its image (billing/values.yaml:1)"

    odd = {**files, "billing/templates/deployment.yaml": DEPLOYMENT, "billing/values-qa.yaml": "image: {tag: 'x:1'}\n"}
    refused = listed(tmp_path / "odd", odd)["billing/qa"]
    assert refused["reason"] == "what sets the tag of its image is no tag (billing/values-qa.yaml:1)"

    filled_in = {**files, "billing/values-qa.yaml": "image: {tag: SET-IN-PIPELINE}\n"}
    unknown = listed(tmp_path / "filled-in", filled_in)["billing/qa"]
    assert (unknown["version"], unknown["reason"]) == (None, refused["reason"])

    real = {**files, "billing/values-qa.yaml": "image: {tag: PROD}\n"}
    assert listed(tmp_path / "real", real)["billing/qa"]["version"] == "PROD"


def test_without_templates_the_comment_of_helm_create_counts_and_is_named(tmp_path: Path) -> None:
    values = "image:\n  repository: acme/billing\n  # Its default is the chart appVersion.\n  tag: ''\n"
    found = listed(tmp_path, chart("billing", "appVersion: 1.4.2\n", values=values))["billing"]
    assert (found["version"], found["shape"]) == ("1.4.2", "appVersion by comment")


def test_a_wrapped_chart_says_its_version_or_the_tag_in_its_values(tmp_path: Path) -> None:
    dependency = "dependencies:\n- {name: webapp, repository: 'https://charts.acme.test', version: 3.2.1}\n"
    found = listed(
        tmp_path,
        {
            **chart("billing", dependency, values="webapp: {image: {repository: acme/x, tag: 5.0.0}}\n"),
            **chart("cart", dependency, values="webapp: {replicas: 1}\n"),
        },
    )
    assert (found["billing"]["version"], place(found["billing"])) == ("5.0.0", "billing/values.yaml:1")
    cart = found["cart"]
    assert (cart["version"], cart["chart"], cart["shape"]) == ("3.2.1", "webapp", "dependency")
    assert place(cart) == "cart/Chart.yaml:5"


def test_an_image_of_others_in_the_values_of_a_chart_that_only_wraps_one_hides_nothing(tmp_path: Path) -> None:
    dependency = "dependencies:\n- {name: operator, repository: 'oci://charts.acme.test', version: 5.24.0}\n"
    values = "proxy: {deep: {image: {repository: gcr.io/cloud/sql-proxy, tag: 1.38.3}}}\n"
    resource = {"grafana/templates/grafana.yaml": "kind: Grafana\napiVersion: grafana.example/v1\n"}
    others = {
        path: text for name in ("cart", "shop") for path, text in chart(name, values=f"image: acme/{name}:1\n").items()
    }
    files = {**others, **chart("grafana", dependency, values=values, values_qa="a: 1\n")}

    found = listed(tmp_path / "wraps", files | resource)["grafana/qa"]
    assert (found["version"], found["chart"], place(found)) == ("5.24.0", "operator", "grafana/Chart.yaml:5")
    workload = {"grafana/templates/grafana.yaml": DEPLOYMENT}
    assert listed(tmp_path / "runs", files | workload)["grafana/qa"]["version"] is None


def test_a_chart_with_a_secret_beside_the_one_that_it_wraps_still_wraps_it(tmp_path: Path) -> None:
    dependency = "dependencies:\n- {name: webapp, repository: 'https://charts.acme.test', version: 3.2.1}\n"
    for kind, version in (("ExternalSecret", "3.2.1"), ("Deployment", None)):
        template = {"billing/templates/it.yaml": f"kind: {kind}\nmetadata: {{name: billing}}\n"}
        found = listed(tmp_path / kind, {**chart("billing", dependency, values="a: 1\n"), **template})
        assert found["billing"]["version"] == version


def test_a_chart_of_the_repository_that_runs_nothing_is_not_what_those_who_list_it_install(tmp_path: Path) -> None:
    listed_twice = "dependencies:\n- {name: owner-info, repository: 'oci://charts.acme.test', version: 0.2.0}\n"
    more = "- {name: operator, repository: 'oci://charts.acme.test', version: 5.24.0}\n"
    found = listed(
        tmp_path,
        {
            **chart("common/owner-info"),
            "common/owner-info/templates/owner.yaml": "kind: ConfigMap\n---\nkind: Job\n",
            **chart("billing-seed", listed_twice, values="a: 1\n"),
            "billing-seed/templates/seed.yaml": "kind: Seed\n",
            **chart("grafana", listed_twice + more, values="a: 1\n"),
        },
    )
    assert found["billing-seed"]["version"] is None
    assert (found["grafana"]["version"], found["grafana"]["chart"]) == ("5.24.0", "operator")


@pytest.mark.parametrize(("type_", "version"), [("library", "1.4.2"), ("application", None)])
def test_the_app_version_counts_where_a_template_is_rendered_as_the_charts_own(
    tmp_path: Path, type_: str, version: str | None
) -> None:
    dependency = "appVersion: 1.4.2\ndependencies:\n- {name: web, repository: 'file://../web', version: 1.0.0}\n"
    values = "image:\n  repository: acme/billing\n  tag: ''\n"
    files = {**chart("web", f"type: {type_}\n"), "web/templates/web.yaml": DEPLOYMENT}
    found = listed(tmp_path, {**files, **chart("billing", dependency, values=values)})["billing"]
    assert found["version"] == version


def test_values_under_the_key_of_the_library_chart_are_its_own(tmp_path: Path) -> None:
    dependency = "dependencies:\n- {name: common, repository: 'file://../common', version: 1.0.0}\n"
    found = listed(
        tmp_path,
        {
            **chart("common", "type: library\n"),
            **chart("billing", dependency, values="common: {image: {repository: acme/shop/x}}\n"),
            "billing/values-qa.yaml": "common:\n  image:\n    tag: 1.2.0\n",
        },
    )
    assert list(found) == ["billing/qa"]
    assert (found["billing/qa"]["version"], place(found["billing/qa"])) == ("1.2.0", "billing/values-qa.yaml:3")


def test_values_of_a_backing_service_are_none_of_its_own(tmp_path: Path) -> None:
    dependency = "dependencies:\n- {name: redis, repository: 'https://charts.acme.test', version: 3.2.1}\n"
    found = listed(tmp_path, chart("billing", dependency, values="redis: {image: {repository: redis, tag: 7.0.0}}\n"))
    assert found["billing"]["reason"] == "its values name no image, and it has no chart from elsewhere"


@pytest.mark.parametrize(
    ("setting", "path", "text", "line"),
    [
        ("{file: 'tags/{environment}/{service}', path: image.tag}", "tags/qa/billing", "image:\n  tag: v7\n", 2),
        ("{file: 'tags/{environment}/{service}.env', path: TAG}", "tags/qa/billing.env", "TAG=v6\nTAG=v7\n", 2),
        ("{file: 'tags/{environment}/{service}'}", "tags/qa/billing", "v7\n", 1),
        ("{file: 'tags/.env.{environment}', path: TAG}", "tags/.env.qa", "A=1\nexport TAG='v7' # now\n", 2),
        ("{file: 'releases-{environment}.yaml', path: 'releases.{service}.tag'}", "releases-qa.yaml", LISTED, 3),
    ],
)
def test_settings_name_files_of_tags(tmp_path: Path, setting: str, path: str, text: str, line: int) -> None:
    files = {
        **chart("billing", values="image: {repository: acme/billing, tag: 1.0.0}\n", values_qa="replicas: 1\n"),
        "scenedock.yaml": f"versions: {setting}\n",
        path: text,
    }
    found = listed(tmp_path, files)["billing/qa"]
    assert (found["version"], found["shape"], place(found), found["inherited"]) == (
        "v7",
        "tag file",
        f"{path}:{line}",
        False,
    )
    assert found["image"] == "acme/billing"


@pytest.mark.parametrize(
    "file", ["../secret.txt", "tags/../../secret.txt", "link.txt", "linked/secret.txt", "pipe", ".git/config"]
)
def test_settings_name_no_files_outside_the_repository(tmp_path: Path, file: str) -> None:
    plant(tmp_path, {"secret.txt": "hunter2\n", "apps/.git/config": "hunter2\n", "apps/tags/qa": "v7\n"})
    (tmp_path / "apps" / "link.txt").symlink_to("../secret.txt")
    (tmp_path / "apps" / "linked").symlink_to("..")
    os.mkfifo(tmp_path / "apps" / "pipe")
    billing = chart("billing", values="image: {repository: acme/billing, tag: 1.0.0}\n")
    found = listed(tmp_path, {**billing, "scenedock.yaml": f"versions: {{file: {file}}}\n"})["billing"]
    assert (found["version"], found["file"]) == ("1.0.0", "billing/values.yaml")


def test_a_backing_service_of_its_own_name_is_what_is_deployed(tmp_path: Path) -> None:
    dependency = "dependencies:\n- {name: redis, repository: 'https://charts.acme.test', version: 3.2.1}\n"
    found = listed(tmp_path, chart("redis", dependency, values="redis: {replicas: 1}\n"))["redis"]
    assert (found["version"], found["chart"]) == ("3.2.1", "redis")


def test_items_of_an_app_list_have_the_values_of_their_chart_below_their_own(tmp_path: Path) -> None:
    found = listed(
        tmp_path,
        {
            **chart("charts/app", values="image: {repository: acme/app, tag: 1.0.0}\n"),
            "list-qa.yaml": (
                "apps:\n- name: cart\n  helmValues:\n    image: {repository: acme/cart, tag: 2.0.0}\n- name: shop\n"
            ),
            "scenedock.yaml": "apps: [{file: 'list-{environment}.yaml', items: apps, chart: {default: charts/app}}]\n",
        },
    )
    assert (found["cart/qa"]["version"], place(found["cart/qa"])) == ("2.0.0", "list-qa.yaml:4")
    assert (found["shop/qa"]["version"], place(found["shop/qa"])) == ("1.0.0", "charts/app/values.yaml:1")


def test_the_catalog_is_the_same_whatever_the_versions_are(tmp_path: Path) -> None:
    """And so is what is found of it: what is found of versions is told with these."""
    exported, served = set(), set()
    for tag in ("1.0.0", "2.0.0", "latest"):
        values = f"image: {{repository: acme/billing, tag: {tag}}}\n"
        root = plant(tmp_path / tag / "apps", chart("billing", values=values, values_prod_eu="a: 1\n"))
        plant(
            root,
            {
                "billing/values-prod-us.yaml": "image: {tag: 1.0.0}\n",
                "scenedock.yaml": "repository: https://x.test/a/b\n",
            },
        )
        exported.add(CliRunner().invoke(main, ["catalog", "export", str(root)], catch_exceptions=False).output)
        feed = read_feed(build_feed(served_repositories([str(root)], Path()), None, Watch()).kept)
        served.add(repr(feed))
    assert len(exported) == len(served) == 1
    assert "1.0.0" not in exported.pop()


class TestFindings:
    def test_environments_that_settings_or_names_make_equal(self, tmp_path: Path) -> None:
        files = chart("billing", values="image: {repository: acme/billing, tag: 1.0.0}\n", values_prod_eu="a: 1\n")
        files |= {"billing/values-prod-us.yaml": "image: {tag: 1.1.0}\n", "billing/values-qa.yaml": "a: 1\n"}
        found = listed(tmp_path, files)
        assert [each["severity"] for each in found["billing/prod-eu"]["findings"]] == ["info"]
        assert found["billing/qa"]["findings"] == []
        (finding,) = [each for each in found["billing/prod-us"]["findings"] if each["code"] == "environments-differ"]
        assert finding["message"] == (
            "billing differs where it should be the same (by their names): prod-eu 1.0.0, prod-us 1.1.0"
        )
        settings = {"scenedock.yaml": "versions: {equal: [[prod-us, qa]]}\n"}
        chosen = listed(tmp_path / "other", files | settings)
        assert [each["severity"] for each in chosen["billing/qa"]["findings"]] == ["warning"]
        assert chosen["billing/prod-eu"]["findings"] == []

    def test_versions_that_move_or_have_no_order(self, tmp_path: Path) -> None:
        images = {name: f"image: {{repository: acme/{name}, tag: {tag}}}\n" for name, tag in TAGS.items()}
        root = plant(
            tmp_path / "apps",
            {path: text for name in images for path, text in chart(name, values=images[name]).items()},
        )
        text = run("list", root).splitlines()
        assert [line.partition(": nobody")[0] for line in text if ": nobody can tell" in line] == [
            "warning: apps:billing/values.yaml:1: billing has 'latest', which moves",
            "info: apps:cart/values.yaml:1: 2 versions are neither semantic nor numbered builds (4f2a1c9, 9b01de2)",
        ]

    def test_production_ahead_of_all_before_it(self, tmp_path: Path) -> None:
        files = chart("billing", values="image: {repository: acme/billing, tag: 1.0.0}\n", values_qa="a: 1\n")
        for tag, codes in (("2.0.0", ["version-untried"]), ("0.9.0", [])):
            found = listed(tmp_path / tag, files | {"billing/values-production.yaml": f"image: {{tag: {tag}}}\n"})
            assert [each["code"] for each in found["billing/production"]["findings"]] == codes


class TestForms:
    @pytest.fixture
    def apps(self, tmp_path: Path) -> Path:
        files = chart(
            "billing", values="image: {repository: acme/billing, tag: 1.0.0}\n", values_qa="image: {tag: 1.1.0}\n"
        )
        files = {**files, "billing/values-production.yaml": "replicas: 2\n"}
        return plant(tmp_path / "apps", {**files, **chart("jobs"), "jobs/values-qa.yaml": "a: 1\n"})

    def test_text_is_a_matrix_with_the_reasons_below(self, apps: Path) -> None:
        assert run("list", apps).splitlines() == [
            "SERVICE  qa     production",
            "billing  1.1.0  1.0.0 (behind)",
            "jobs     ?      -",
            "",
            "? jobs/qa: its values name no image, and it has no chart from elsewhere",
            "3 deployments: 2 with a version (1 inherited), 1 behind",
        ]

    def test_of_two_repositories_only_the_one_that_is_behind_is_said_to_be(self, apps: Path, tmp_path: Path) -> None:
        other = chart("billing", values="image: {repository: acme/billing}\n", values_qa="a: 1\n")
        plant(tmp_path / "other", {**other, "billing/values-production.yaml": "image: {tag: 9.9.9}\n"})
        assert run("list", apps, tmp_path / "other").splitlines()[1] == "billing  1.1.0, ?  1.0.0 (behind), 9.9.9"

    def test_csv_is_the_matrix(self, apps: Path) -> None:
        plant(apps, {"jobs/values-qa.yaml": "image: {repository: acme/jobs, tag: -1}\n"})
        rows = list(csv.reader(io.StringIO(run("list", apps, "--format", "csv"))))
        assert rows[:2] == [["SERVICE", "qa", "production"], ["billing", "1.1.0", "1.0.0 (behind)"]]

    def test_markdown_is_the_matrix(self, apps: Path) -> None:
        assert run("list", apps, "--format", "markdown").splitlines()[:3] == [
            "| SERVICE | qa | production |",
            "| --- | --- | --- |",
            "| billing | 1.1.0 | 1.0.0 (behind) |",
        ]

    def test_one_service_has_its_lines(self, apps: Path) -> None:
        assert run("show", "billing", apps).splitlines() == [
            "billing/qa: 1.1.0",
            "    apps:billing/values-qa.yaml:1: image.tag of acme/billing",
            "billing/production: 1.0.0",
            "    apps:billing/values.yaml:1: image.tag of acme/billing, inherited",
            "    behind qa, which has 1.1.0 (minor)",
            f"since when isn't known: there is no history: {NO_CLONE}",
        ]

    def test_an_unknown_service_is_wrong_usage(self, apps: Path) -> None:
        done = CliRunner().invoke(main, ["deployments", "show", "biling", str(apps)])
        assert (done.exit_code, done.output) == (
            2,
            "Error: there is no deployment of a service 'biling' (did you mean billing?)\n",
        )


SOPS = "sops: {mac: 'ENC[AES256_GCM,data:x]', version: 3.8.1}\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("image: {tag: 2.0.0}\n bad: [\n", "values-qa.yaml: this is not YAML: "),
        ("$ANSIBLE_VAULT;1.1;AES256\n3031\n", "values-qa.yaml: the file is encrypted with ansible-vault; "),
        ("image: {tag: 'ENC[AES256_GCM,data:x]'}\n" + SOPS, "is no tag (billing/values-qa.yaml:1)"),
        ("image: 'ENC[AES256_GCM,data:x]'\n" + SOPS, "is no tag (billing/values-qa.yaml:1)"),
    ],
)
def test_below_a_file_that_cannot_be_read_no_version_is_a_fact(tmp_path: Path, text: str, reason: str) -> None:
    values = "image: {repository: acme/billing, tag: 1.0.0}\n"
    files = chart("billing", values=values, values_qa=text, values_production="replicas: 2\n")
    found = listed(tmp_path, files)
    assert found["billing/qa"]["version"] is None
    assert reason in found["billing/qa"]["reason"]
    assert ("(billing/values.yaml:1)" in found["billing/qa"]["reason"]) == ("ENC[" not in text)
    assert found["billing/production"]["version"] == "1.0.0"


def test_what_sops_leaves_in_plain_text_is_a_fact(tmp_path: Path) -> None:
    values = "image: {repository: acme/billing, tag: 1.0.0}\n"
    own = "image: {tag: 1.5.0}\npassword: 'ENC[AES256_GCM,data:x]'\n" + SOPS
    found = listed(tmp_path, chart("billing", values=values, values_qa=own))["billing/qa"]
    assert (found["version"], place(found)) == ("1.5.0", "billing/values-qa.yaml:1")


def test_a_file_above_one_that_cannot_be_read_still_says_the_version(tmp_path: Path) -> None:
    files = chart("billing", values="image: [\n", values_qa="image: {repository: acme/billing, tag: 1.0.0}\n")
    assert listed(tmp_path, files)["billing/qa"]["version"] == "1.0.0"


MAIN = "image: {repository: ghcr.io/acme/payments, tag: ''}\n"


@pytest.mark.parametrize(
    ("values", "tag", "line"),
    [
        (MAIN + "initImage: docker.io/busybox:1.36\n", "1.36", 2),
        (MAIN + "proxy: {image: envoyproxy/envoy:v1.29.0}\n", "v1.29.0", 2),
        ("web: {image: {repository: acme/web}}\nproxy: {image: {repository: acme/envoy, tag: 2.0.0}}\n", "2.0.0", 2),
    ],
)
def test_the_tag_of_a_sidecar_is_none_of_a_main_image_without_one(
    tmp_path: Path, values: str, tag: str, line: int
) -> None:
    found = listed(tmp_path, chart("billing", values=values))["billing"]
    assert found["version"] is None
    assert found["reason"] == (
        f"several images may be its own: none (billing/values.yaml:1) and {tag} (billing/values.yaml:{line})"
    )


def test_the_main_image_of_its_name_has_the_app_version_whatever_tags_are_below(tmp_path: Path) -> None:
    values = "image: {repository: acme/billing, tag: ''}\njobs: {options: {image: {class: by-tag, tag: r30}}}\n"
    files = {**chart("billing", "appVersion: 2.0.0\n", values=values), "billing/templates/web.yaml": DEPLOYMENT}
    assert listed(tmp_path, files)["billing"]["version"] == "2.0.0"
