"""Deployments from a skeleton: which answers the services tell that it made, and what is written and lacking."""

from __future__ import annotations

import json
from pathlib import Path

from tests.tools.commits import commit
from tests.usecases.deployments.test_create_shapes import CHART, SET
from tests.usecases.environments.test_create_shapes import run

QUESTIONS = """{"service": "billing", "owner": "group:default/platform", "image": "acme/{{ cookiecutter.service }}",
"port": "8000", "environment_qa": true, "environment_dev": true,
"_scenedock": {"questions": {"service": {"required": true}}}}
"""
SKELETON = {
    "cookiecutter.json": QUESTIONS,
    "{{ cookiecutter.service }}/Chart.yaml": CHART.format("{{ cookiecutter.service }}", "A service"),
    "{{ cookiecutter.service }}/values.yaml": "image: {repository: '{{ cookiecutter.image }}'}\n"
    "port: {{ cookiecutter.port }}\n",
    **{
        "{{ cookiecutter.service }}/{% if cookiecutter.environment_" + each + f" %}}values-{each}.yaml{{% endif %}}": (
            "image: {tag: 1.0.0}\n"
        )
        for each in ("dev", "qa")
    },
}


def test_a_skeleton_is_answered_by_the_services_that_it_made(tmp_path: Path) -> None:
    root, shipped = tmp_path / "apps", tmp_path / "shipped"
    for path, text in SKELETON.items():
        (shipped / "small" / path).parent.mkdir(parents=True, exist_ok=True)
        (shipped / "small" / path).write_text(text)
    commit(root, 0, {"README.md": "Apps"})
    options = ("--skeleton", "small", "--shipped", shipped)
    for name, owner in (("billing", "payments"), ("search", "platform")):
        run(
            *("skeletons", "bake", "small", "--shipped", shipped, "--output", root / "apps", f"service={name}"),
            *(f"owner=group:default/{owner}", f"image=reg.acme.test/{name}", "port=80", "environment_dev=false"),
        )
    commit(
        root, 1, {"argocd/set.yaml": SET.replace("'{{.service}}'\n        helm", "'apps/{{.service}}'\n        helm")}
    )
    commit(root, 2, {"CODEOWNERS": "/apps/billing/ @acme/payments\n/apps/search/ @acme/platform\n"})

    create = ("deployments", "create", "orders", *options, root)
    plan = json.loads(run(*create, "--format", "json"))
    keys = {each["key"]: (each["outcome"], each["new"], each["reason"]) for each in plan["decisions"]}
    assert keys["service"] == ("replaced", "orders", "it is the name of the service")
    assert keys["image"] == ("replaced", "reg.acme.test/orders", "billing and search have the same")
    assert keys["port"] == ("replaced", "80", "billing and search have the same")
    assert keys["environment_dev"] == ("replaced", False, "billing and search have the same")
    assert keys["environment_qa"][0] == "copied"
    assert keys["owner"] == ("asked", None, "it is different in billing")
    run(*create, "--write", code=2)
    assert not (root / "apps/orders").exists()
    printed = run(*create, "--answer", "owner=group:default/sales", "--keep", "*", "--write")
    made = {path.name: path.read_text() for path in (root / "apps/orders").iterdir() if path.is_file()}
    assert made == {
        "Chart.yaml": CHART.format("orders", "A service"),
        "values.yaml": "image: {repository: 'reg.acme.test/orders'}\nport: 80\n",
        "values-qa.yaml": "image: {tag: 1.0.0}\n",
    }
    assert "- {service: orders, env: qa, cluster: eu}" in (root / "argocd/set.yaml").read_text()
    assert "qa: namespace orders-qa" in printed
    assert "written: apps:apps/orders/values-qa.yaml\n" in printed
    assert "image: reg.acme.test/orders:1.0.0" in printed
    assert "owners: CODEOWNERS has no line for /apps/orders/" in printed
