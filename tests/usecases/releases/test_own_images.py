"""Which images are a service's own, by what else than their names says so, and what runs none."""

from __future__ import annotations

from pathlib import Path

from tests.usecases.releases.listing import listed, place


def chart(name: str, values: str, *kinds: str) -> dict[str, str]:
    templates = {f"{name}/templates/{kind.lower()}.yaml": f"kind: {kind}\n" for kind in kinds}
    described = f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n"
    return {f"{name}/Chart.yaml": described, f"{name}/values.yaml": values, **templates}


def test_an_image_under_a_key_with_the_name_of_the_service_is_its_own(tmp_path: Path) -> None:
    deep = "parts:\n  {}:\n    image: {}:1.4.0\n"
    found = listed(
        tmp_path,
        {
            **chart("storage-ui", deep.format("storageUI", "one.test/a/client"), "Deployment"),
            **chart("billing-api", deep.format("billing_api", "two.test/b/server"), "Deployment"),
            **chart("search", deep.format("exporter", "tools/metrics"), "Deployment"),
        },
    )

    assert (found["storage-ui"]["version"], place(found["storage-ui"])) == ("1.4.0", "storage-ui/values.yaml:3")
    assert found["billing-api"]["version"] == "1.4.0"
    assert found["search"]["reason"] == (
        "only images that don't seem to be its own have a tag: metrics (search/values.yaml:3)"
    )


HIDDEN = {
    "templates/a.yaml": '{{ include "billing.deployment" . }}\n',
    "templates/b.yaml": 'kind: {{ .Values.kind | default "Deployment" }}\n',
    "templates/c.yaml": '"kind": Deployment\n',
    "templates/d.yaml": '{"kind": "Deployment"}\n',
    "templates/e.yaml": "kind: ConfigMap\n---\n{{ range .Values.more }}\n---\n{{ toYaml . }}\n{{ end }}\n",
    "templates/f.yaml": 'kind: Secret\n# the rest\n---\n{{ include "billing.deployment" . }}\n',
    "charts/app/Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\n",
}
"""Of a chart with a Secret, what else may run something."""


def test_a_chart_without_workloads_runs_no_image_whatever_its_values_name(tmp_path: Path) -> None:
    leftover = "image: {repository: nginx, tag: 1.27.0}\n"
    tests = {
        "secrets/templates/tests/connection.yaml": "kind: Pod\n",
        "jobs/templates/tests/connection.yaml": "kind: Pod\n",
    }
    hidden = {
        f"hidden{number}/{path}": text
        for number, (name, template) in enumerate(HIDDEN.items())
        for path, text in {
            **{path.partition("/")[2]: text for path, text in chart("secrets", leftover, "Secret").items()},
            name: template,
        }.items()
    }
    found = listed(
        tmp_path,
        {
            **chart("secrets", leftover, "Secret", "ServiceAccount"),
            **chart("jobs", leftover, "CronJob", "ServiceAccount"),
            **chart("operated", leftover, "Kafka"),
            **hidden,
            **tests,
        },
    )

    assert [found[f"hidden{number}"]["version"] for number in range(len(HIDDEN))] == ["1.27.0"] * len(HIDDEN)
    assert found["secrets"]["reason"] == "its chart has no workloads, and it has no chart from elsewhere"
    assert {name: found[name]["version"] for name in ("jobs", "operated")} == {"jobs": "1.27.0", "operated": "1.27.0"}


def test_an_app_of_apps_that_uses_a_library_runs_no_image(tmp_path: Path) -> None:
    files = chart("clusters", "proxy: {image: {repository: acme/proxy, tag: 1.0.0}}\n", "Application")
    files["clusters/Chart.yaml"] += "dependencies:\n- {name: common, version: '*', repository: 'file://../common'}\n"
    library = {"common/Chart.yaml": "apiVersion: v2\nname: common\nversion: 1.0.0\ntype: library\n"}
    found = listed(tmp_path, {**files, **library})

    assert found["clusters"]["reason"] == "its chart only writes Applications, and it has no chart from elsewhere"


def test_the_manifests_in_the_folder_of_an_application_say_the_version(tmp_path: Path) -> None:
    application = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: login}\nspec:\n"
        "  source: {repoURL: 'https://git.test/acme/apps', path: apps/login}\n"
    )
    containers = "containers: [{name: main, image: 'acme/login:2.5.0'}, {name: proxy, image: 'acme/proxy:1.0.0'}]"
    head = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: login}\n"
    deployment = f"{head}spec: {{template: {{spec: {{{containers}}}}}}}\n"
    found = listed(
        tmp_path,
        {
            "scenedock.yaml": "repository: https://git.test/acme/apps\n",
            "argocd/login.yaml": application,
            "apps/login/deployment.yaml": deployment,
        },
    )

    assert (found["login"]["version"], found["login"]["image"]) == ("2.5.0", "acme/login")
    assert place(found["login"]) == "apps/login/deployment.yaml:4"
