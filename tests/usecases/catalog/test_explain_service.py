"""Why an entity is what it is: files and lines, as people ask for them at the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scenedock.doors.cli import main
from tests.scenarios.repositories import plant

FILES: Mapping[str, str] = {
    "scenedock.yaml": "repository: https://github.com/acme/apps\nowner: ops\n",
    "CODEOWNERS": "* @acme/ops\n# services\n/billing/ @acme/payments\n",
    "billing/Chart.yaml": (
        "apiVersion: v2\nname: billing\nversion: 1.0.0\n"
        "sources:\n- https://github.com/acme/lib\n- https://github.com/acme/billing\n"
        "dependencies:\n"
        "- {name: common, repository: 'file://../common', version: 1.0.0}\n"
        "- {name: redis, repository: 'https://charts.acme.test', version: 1.0.0, condition: redis.enabled}\n"
    ),
    "billing/values.yaml": (
        "env:\n  SEARCH_URL: http://search:8080\n  MAIL_HOST: smtp.acme.test\n"
        "service:\n  port: 80\nredis: {enabled: false}\n"
    ),
    "billing/values-qa.yaml": "replicas: 1\n",
    "billing/values-staging.yaml": "replicas: 1\n",
    "billing/templates/deployment.yaml": "# a comment\nkind: Deployment\n",
    "common/Chart.yaml": "apiVersion: v2\nname: common\nversion: 1.0.0\ntype: library\n",
    "search/Chart.yaml": "apiVersion: v2\nname: search\nversion: 1.0.0\n",
    "argo/qa.yaml": (
        "# qa\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: billing-qa}\n"
        "spec:\n  source: {path: billing, helm: {valueFiles: [values-qa.yaml]}}\n  destination: {namespace: billing}\n"
    ),
}


def explain(root: Path, name: str = "billing") -> dict[str, Any]:
    done = CliRunner().invoke(main, ["catalog", "explain", name, str(root), "--format", "json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def place(proof: Mapping[str, Any]) -> str:
    return f"{proof['path']}:{proof['line']}" if proof["line"] else str(proof["path"])


def facts(root: Path, name: str = "billing") -> dict[tuple[str, str], list[str]]:
    """The places that prove each fact."""
    return {
        (fact["name"], fact["value"]): [place(each) for each in fact["evidence"]]
        for fact in explain(root, name)["facts"]
    }


def unused(root: Path, fact: str, name: str = "billing") -> dict[str, str]:
    """The reasons against what was considered for a fact, by place."""
    return {
        place(each): each["reason"]
        for one in explain(root, name)["facts"]
        if one["name"] == fact
        for each in one["unused"]
    }


@pytest.fixture
def apps(tmp_path: Path) -> Path:
    return plant(tmp_path / "apps", FILES)


def test_each_fact_has_the_line_that_proves_it(apps: Path) -> None:
    proven = facts(apps)

    assert proven["environment", "qa"] == ["argo/qa.yaml:2"]
    assert proven["owner", "group:default/payments"] == ["CODEOWNERS:3"]
    assert proven["type", "service"] == ["billing/values.yaml:5"]
    assert proven["lifecycle", "experimental"] == ["argo/qa.yaml:2"]
    assert proven["dependsOn", "component:common"] == ["billing/Chart.yaml:8"]
    assert proven["dependsOn", "component:search"] == ["billing/values.yaml:2"]
    assert proven["source", "https://github.com/acme/billing"] == ["billing/Chart.yaml:6"]
    assert proven["annotation github.com/project-slug", "acme/billing"] == ["billing/Chart.yaml:6"]
    assert proven["annotation argocd/app-name", "billing-qa"] == ["argo/qa.yaml:2"]
    assert proven["annotation scenedock.dev/path", "billing"] == ["billing"]


def test_what_was_considered_and_not_used_has_its_reason(apps: Path) -> None:
    assert unused(apps, "environment") == {
        "billing/values-qa.yaml": "Argo CD's Applications take precedence",
        "billing/values-staging.yaml": "Argo CD's Applications name other values files of this folder",
    }
    assert unused(apps, "owner") == {
        "CODEOWNERS:1": "a later line matches, too",
        "scenedock.yaml:2": "something else takes precedence",
    }
    assert unused(apps, "dependsOn") == {
        "billing/values.yaml:3": "no service of these repositories answers to it",
        "billing/Chart.yaml:9": "its `condition` or `tags` are false in the values",
    }
    assert "billing/Chart.yaml:5" in unused(apps, "source")


def test_corrections_and_hand_written_files_count_more(apps: Path) -> None:
    plant(
        apps,
        {
            "scenedock.yaml": (
                "overrides:\n  billing:\n    type: website\n    environments: [live]\n"
                "    dependsOn: [component:ledger]\n  search:\n    system: shop\n"
                "annotations: {acme.test/team: '{service}'}\n"
            ),
            "billing/catalog-info.yaml": (
                "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: billing}\n"
                "spec:\n  owner: user:jane\n"
            ),
        },
    )
    proven = facts(apps)

    assert proven["type", "website"] == ["scenedock.yaml:3"]
    assert proven["environment", "live"] == ["scenedock.yaml:4"]
    assert proven["dependsOn", "component:ledger"] == ["scenedock.yaml:5"]
    assert proven["annotation acme.test/team", "billing"] == ["scenedock.yaml:8"]
    assert proven["owner", "user:jane"] == ["billing/catalog-info.yaml:5"]
    assert unused(apps, "owner")["CODEOWNERS:3"] == "something else takes precedence"
    assert unused(apps, "environment")["argo/qa.yaml:2"] == "`overrides` in the settings takes precedence"
    assert facts(apps, "search")["system", "shop"] == ["scenedock.yaml:7"]


def test_an_item_of_a_list_is_found_in_it(tmp_path: Path) -> None:
    apps = plant(
        tmp_path / "apps",
        {
            "scenedock.yaml": "apps: [{file: 'list-{environment}.yaml', items: services}]\n",
            "list-qa.yaml": "services:\n- name: cart\n  port: 80\n- name: shop\n  ingress: {host: shop.test}\n",
        },
    )
    proven = facts(apps, "shop")

    assert proven["environment", "qa"] == ["list-qa.yaml:4"]
    assert proven["type", "service"] == ["list-qa.yaml:5"]


def test_an_item_is_found_by_the_key_that_its_list_has_for_it(tmp_path: Path) -> None:
    application = (
        "{{{{ if .Values.apps.{0} }}}}\napiVersion: argoproj.io/v1alpha1\nkind: Application\n"
        "metadata:\n  name: acme-{0}\nspec:\n  source:\n    path: apps/{0}\n{{{{ end }}}}\n"
    )
    services = ("cart", "search", "shop")
    apps = plant(
        tmp_path / "apps",
        {
            "root/Chart.yaml": "apiVersion: v2\nname: root\nversion: 1.0.0\n",
            **{f"root/templates/{each}.yaml": application.format(each) for each in services},
            "root/values-qa.yaml": "port: 80\napps:\n  cart: true\n  search: true\n  shop: true\n",
            **{f"apps/{each}/Chart.yaml": f"apiVersion: v2\nname: {each}\nversion: 1.0.0\n" for each in services},
            "apps/shop/values.yaml": "replicas: 1\nservice:\n  port: 80\n",
        },
    )
    proven = facts(apps, "shop")

    assert proven["environment", "qa"] == ["root/values-qa.yaml:5"]
    assert proven["annotation argocd/app-name", "acme-shop"] == ["root/values-qa.yaml:5"]
    assert proven["type", "service"] == ["apps/shop/values.yaml:3"]


def test_people_read_it_as_lines(apps: Path) -> None:
    done = CliRunner().invoke(main, ["catalog", "explain", "component:billing", str(apps)], catch_exceptions=False)

    lines = done.output.splitlines()
    assert lines[0] == "component:billing (apps:billing)"
    at = lines.index("owner: group:default/payments")
    assert lines[at + 1] == "    apps:CODEOWNERS:3: the last pattern that matches"
    assert lines[at + 2].startswith(
        "    not used: apps:scenedock.yaml:2: `owner` in the settings (group:default/ops): "
    )


def test_the_current_folder_is_the_default(apps: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(apps)
    done = CliRunner().invoke(main, ["catalog", "explain", "search"], catch_exceptions=False)
    assert done.output.startswith("component:search (apps:search)\n")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("biling", "Error: there is no service 'biling' (did you mean billing?)\n"),
        ("tests", "Error: apps:.hidden/tests is not a service: in a folder whose name begins with a dot\n"),
    ],
)
def test_what_is_no_service_is_wrong_usage(apps: Path, name: str, message: str) -> None:
    plant(apps, {".hidden/tests/Chart.yaml": FILES["search/Chart.yaml"]})
    done = CliRunner().invoke(main, ["catalog", "explain", name, str(apps)], catch_exceptions=False)
    assert (done.exit_code, done.output) == (2, message)
