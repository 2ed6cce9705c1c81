"""Each shape of a deployment, created at the command line from a neighbour: what is written, decided and lacking."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.tools.commits import commit, git
from tests.usecases.environments.test_create_shapes import contents, run

CHART = "apiVersion: v2\nname: {0}\nversion: 1.0.0 # the chart\ndescription: {1}\n"
HIDDEN = "hunter2hunter2"


@dataclass(frozen=True)
class Shape:
    """A repository, and the files that `orders` has when it was made from `billing`; what isn't answered is kept."""

    files: Mapping[str, str]
    made: Mapping[str, str]
    answers: tuple[str, ...] = ()
    releases: tuple[tuple[str | None, str], ...] = ()
    lacks: tuple[str, ...] = ()


def chart(service: str, about: str, *environments: str, more: str = "") -> dict[str, str]:
    """A service with a values file for each environment."""
    return {
        f"{service}/Chart.yaml": CHART.format(service, about),
        f"{service}/templates/all.yaml": f'{{{{ define "{service}.name" }}}}{{{{ end }}}}\nkind: Deployment\n',
        f"{service}/values.yaml": "# of all\nport: 8000\n",
        **{
            f"{service}/values-{each}.yaml": f"image:\n  tag: 1.{len(service)}.0 # of {each}\n"
            f"host: {service}.{each}.acme.example # public\n{more}"
            for each in environments
        },
    }


def application(name: str, environment: str, path: str) -> str:
    return (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\n"
        f"metadata:\n  name: {name}-{environment}  # by hand\n  labels: {{environment: {environment}}}\n"
        f"spec:\n  source:\n    repoURL: https://git.acme.test/apps\n    path: {path}\n"
        f"  destination: {{namespace: {name}-{environment}}}\n"
    )


SET = """\
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: apps}
spec:
  goTemplate: true
  generators:
    - list:
        elements:
          # one for each
          - {service: search, env: qa, cluster: eu}
          - {service: billing, env: qa, cluster: eu}
          - service: billing # ours
            env: production
            cluster: eu
  template:
    metadata: {name: '{{.service}}-{{.env}}', labels: {environment: '{{.env}}'}}
    spec:
      source:
        repoURL: https://git.acme.test/apps
        path: '{{.service}}'
        helm: {valueFiles: ['values-{{.env}}.yaml']}
      destination: {namespace: '{{.service}}-{{.env}}'}
"""
SECRETS = f"env:\n  - name: DB_PASSWORD\n    value: {HIDDEN}\n  - name: STAGE\n    value: qa\n"


def overlay(service: str) -> dict[str, str]:
    deployment = f"{{name: {service}, image: 'acme/{service}:1.0.0'}}"
    return {
        f"apps/{service}/base/kustomization.yaml": "resources: [deployment.yaml]\n",
        f"apps/{service}/base/deployment.yaml": f"apiVersion: apps/v1\nkind: Deployment\n"
        f"metadata: {{name: {service}}}\nspec: {{template: {{spec: {{containers: [{deployment}]}}}}}}\n",
        f"apps/{service}/overlays/dev/kustomization.yaml": f"namespace: {service}-dev\nresources:\n  - ../../base\n"
        "  - sealed.yaml\n  - external.yaml\n",
        f"apps/{service}/overlays/dev/sealed.yaml": "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\n"
        f"metadata: {{name: {service}-db, namespace: {service}-dev}}\nspec:\n  encryptedData: {{a: AgBvA2v==}}\n",
        f"apps/{service}/overlays/dev/external.yaml": "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\n"
        f"metadata: {{name: {service}-api}}\nspec:\n  secretStoreRef: {{name: vault}}\n  data:\n"
        f"    - secretKey: token\n      remoteRef: {{key: dev/{service}/api}}\n",
    }


def without_secret(files: Mapping[str, str]) -> dict[str, str]:
    return {
        path: text.replace("  - sealed.yaml\n", "") for path, text in files.items() if not path.endswith("/sealed.yaml")
    }


FLEET = "".join(f"  {each}: true # {each}\n" for each in ("anvil", "billing", "cart", "dowel"))
ALL = "kind: Application\nmetadata: {name: '{{ .Values.x }}'}\n"
RELEASE = (
    "  - name: {0}\n    namespace: {0}\n    chart: ./{0}\n    values: ['{0}/values-{{{{ .Environment.Name }}}}.yaml']\n"
)
SHAPES = {
    "values files, elements of an ApplicationSet, CODEOWNERS, a secret": Shape(
        {
            **chart("billing", "Sends invoices", "production", "qa", more=SECRETS),
            **chart("search", "Finds things", "qa", more="env:\n  - name: STAGE\n    value: qa\n"),
            "argocd/set.yaml": SET,
            "CODEOWNERS": "/search/   @acme/storefront\n/billing/  @acme/payments # money\n* @acme/all\n",
        },
        {
            **chart("orders", '"Takes orders"', "production", "qa", more="env:\n  - name: STAGE\n    value: qa\n"),
            "argocd/set.yaml": SET.replace(
                "            cluster: eu\n  template",
                "            cluster: eu\n          - {service: orders, env: qa, cluster: eu}\n"
                "          - service: orders # ours\n            env: production\n            cluster: eu\n  template",
            ),
            "CODEOWNERS": "/search/   @acme/storefront\n/billing/  @acme/payments # money\n/orders/  @acme/sales\n"
            "* @acme/all\n",
        },
        ("description=Takes orders", "owners of /billing/=@acme/sales", "--version=1.6.0"),
        (("qa", "orders-qa"), ("production", "orders-production")),
        ("value: orders/values-qa.yaml:env[name=DB_PASSWORD].value: it is a secret",),
    ),
    "an overlay with secrets, listed by a kustomization, Applications in one file": Shape(
        {
            **overlay("billing"),
            **overlay("search"),
            "apps/kustomization.yaml": "resources:\n  - billing/overlays/dev # first\n  - search/overlays/dev\n",
            "argocd/apps.yaml": "---\n".join(
                application(each, "dev", f"apps/{each}/overlays/dev") for each in ("billing", "search")
            ),
        },
        {
            **without_secret(overlay("orders")),
            "apps/kustomization.yaml": "resources:\n  - billing/overlays/dev # first\n  - search/overlays/dev\n"
            "  - orders/overlays/dev # first\n",
            "argocd/apps.yaml": "---\n".join(
                application(each, "dev", f"apps/{each}/overlays/dev") for each in ("billing", "search", "orders")
            ),
        },
        ("--version=acme/orders:1.0.0",),
        (("dev", "orders-dev"),),
        (
            "sealed secret: orders-db in namespace orders-dev",
            "secrets seal orders KEY --environment dev --name orders-db --namespace orders-dev",
            "dev/orders/api in vault",
            "image: acme/orders:1.0.0",
        ),
    ),
    "a folder for each environment, a file for each Application": Shape(
        {
            **{
                f"{environment}/billing/{name}": text
                for environment in ("dev", "qa")
                for name, text in {
                    "Chart.yaml": CHART.format("billing", "Sends"),
                    "values.yaml": f"host: billing.{environment}.acme.example\n",
                    "templates/billing.yaml": "kind: Deployment\n",
                }.items()
            },
            **{
                f"argocd/billing-{each}.yaml": application("billing", each, f"{each}/billing") for each in ("dev", "qa")
            },
        },
        {
            **{
                f"{environment}/orders/{name}": text
                for environment in ("dev", "qa")
                for name, text in {
                    "Chart.yaml": CHART.format("orders", "Sends"),
                    "values.yaml": f"host: orders.{environment}.acme.example\n",
                    "templates/orders.yaml": "kind: Deployment\n",
                }.items()
            },
            **{f"argocd/orders-{each}.yaml": application("orders", each, f"{each}/orders") for each in ("dev", "qa")},
        },
        (),
        (("dev", "orders-dev"), ("qa", "orders-qa")),
    ),
    "items of app lists, files of tags": Shape(
        {
            "scenedock.yaml": "apps:\n  - file: config/values-{environment}.yaml\n    items: applications\n"
            "versions: {file: 'tags/{environment}/{service}', path: image_tag}\n",
            "config/Chart.yaml": CHART.format("config", "All"),
            "config/values-dev.yaml": "applications:\n  - name: billing\n    helmValues:\n      # by ada\n"
            "      arch: arm64\n  - name: search\n    helmValues:\n      arch: arm64\n",
            "tags/dev/billing": "image_tag: 1.4.0\n",
            "tags/dev/search": "image_tag: 1.5.0\n",
        },
        {
            "config/values-dev.yaml": "applications:\n  - name: billing\n    helmValues:\n      # by ada\n"
            "      arch: arm64\n  - name: search\n    helmValues:\n      arch: arm64\n"
            "  - name: orders\n    helmValues:\n      # by ada\n      arch: arm64\n",
            "tags/dev/orders": "image_tag: 0.1.0\n",
        },
        ("--version=0.1.0",),
        (("dev", ""),),
    ),
    "entries of enabling lists": Shape(
        {
            "fleet/Chart.yaml": CHART.format("fleet", "All"),
            "fleet/templates/all.yaml": ALL,
            **{f"fleet/values-{each}.yaml": f"apps:\n{FLEET}" for each in ("dev", "qa")},
            **{
                path: text
                for name in ("anvil", "billing", "cart", "dowel")
                for path, text in chart(name, "A", "dev", "qa").items()
            },
        },
        {
            **chart("orders", "A", "dev", "qa"),
            **{f"fleet/values-{each}.yaml": f"apps:\n{FLEET}  orders: true # billing\n" for each in ("dev", "qa")},
        },
        ("--version=1.6.0",),
        (("dev", ""), ("qa", "")),
    ),
    "a release of a helmfile": Shape(
        {
            "helmfile.yaml": f"environments:\n  dev: {{}}\n---\nreleases:\n{RELEASE.format('billing')}"
            f"{RELEASE.format('search')}",
            **chart("billing", "A", "dev"),
            **chart("search", "A", "dev"),
        },
        {
            "helmfile.yaml": f"environments:\n  dev: {{}}\n---\nreleases:\n{RELEASE.format('billing')}"
            f"{RELEASE.format('search')}{RELEASE.format('orders')}",
            **chart("orders", "A", "dev"),
        },
        ("--version=1.6.0",),
        (("dev", "orders"),),
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_deployment_of_this_shape_is_created(name: str, tmp_path: Path) -> None:
    shape, root = SHAPES[name], tmp_path / "apps"
    commit(root, 1, shape.files)
    git(root, "config", "user.name", "Ada")
    git(root, "config", "user.email", "ada@acme.test")
    before = contents(root)
    answers = [each if each.startswith("--") else f"--answer={each}" for each in shape.answers]
    arguments = ["deployments", "create", "orders", "--from", "billing", *answers, str(root)]
    plan = json.loads(run(*arguments, "--plan", "--format", "json"))
    assert contents(root) == before
    printed = run(*arguments, "--keep", "*", "--commit")
    assert contents(root) == {**before, **shape.made}, printed
    assert tuple((each["environment"], each["namespace"]) for each in plan["releases"]) == shape.releases
    for each in shape.lacks:
        assert each in printed
    assert "nothing in the repository says" not in printed
    assert HIDDEN not in printed + json.dumps(plan)
    git(root, "diff", "--exit-code", "HEAD")
    run(*arguments, code=4)


def test_what_follows_from_the_copy_is_not_asked(tmp_path: Path) -> None:
    root = tmp_path / "apps"
    shape = SHAPES["an overlay with secrets, listed by a kustomization, Applications in one file"]
    listed = "".join(
        f"          - {{service: {name}, path: apps/{folder}/overlays/dev, env: dev}}\n"
        for name, folder in (("find", "search"), ("billing", "billing"))
    )
    start, end = SET.index("          # one for each"), SET.index("  template:")
    template = SET[end:].replace("'{{.service}}'", "'{{.path}}'").partition("        helm:")
    made = SET[:start] + listed + template[0] + template[2].partition("\n")[2]
    commit(root, 1, {**shape.files, "argocd/apps.yaml": made})
    plan = json.loads(run("deployments", "create", "orders", "--from", "billing", root, "--plan", "--format", "json"))

    decided = {each["key"].rpartition(":")[2]: each for each in plan["decisions"]}
    asked = {name for name, each in decided.items() if each["outcome"] == "asked"}
    assert not [name for name in asked if "resources" in name or name.endswith(("apiVersion", "service", "path"))]
    assert decided["spec.generators.0.list.elements.1.service"]["new"] == "orders"
    assert decided["spec.generators.0.list.elements.1.path"]["new"] == "apps/orders/overlays/dev"
    assert decided["resources.2"]["reason"] == "what it leads to is copied, too"


SCHEMA = """{"type": "object", "properties": {"image": {"properties": {"tag": {"pattern": "^[0-9.]+$"}}},
"port": {"maximum": 65535}, "global": {}}, "additionalProperties": false}
"""


def library(*services: str) -> dict[str, str]:
    """A library chart with a schema, and services that use it."""
    return {
        "lib/Chart.yaml": CHART.format("lib", "All") + "type: library\n",
        "lib/values.schema.json": SCHEMA,
        **{
            path: text
            for name in services
            for path, text in {
                f"{name}/Chart.yaml": CHART.format(name, f"About {name}")
                + "dependencies:\n  - {name: lib, alias: workload, version: 1.0.0, repository: 'file://../lib'}\n",
                f"{name}/values-qa.yaml": "workload:\n  image:\n    tag: 1.4.0\n  port: 80\n",
            }.items()
        },
    }


def test_what_cannot_be_created_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "apps"
    commit(root, 1, library("billing", "search", "billing-worker"))

    def create(*more: str, new: str = "orders", old: str = "billing", code: int = 2) -> str:
        return run("deployments", "create", new, "--from", old, root, *more, code=code)

    before = contents(root)
    asked = create("--write")
    assert "must be answered for orders, " in asked
    assert (
        "workload.image.tag (apps:billing/values-qa.yaml:3): it is the version of billing, and of no other image"
        in asked
    )
    assert "isn't deployed in test; its environments are: qa" in create("--environment", "test")
    assert "there is no deployment of a service 'biling' (did you mean billing?)" in create(old="biling")
    assert "search is deployed already" in create(new="search", code=4)
    assert "can't be the name of a service" in create(new="Orders")
    assert "can't be made from itself" in create(new="billing")
    assert "'resources.*' matches no key" in create("--drop", "resources.*")
    wrong = create("--keep", "*", "--answer", "workload.image.tag=v1", "--answer", "workload.port=70000", "--write")
    assert "the values of orders in qa aren't as their schema wants" in wrong
    assert "workload.image.tag (apps:orders/values-qa.yaml:3): 'v1' does not match" in wrong
    assert "workload.port (apps:orders/values-qa.yaml:4): 70000 is greater than the maximum" in wrong
    assert contents(root) == before
    commit(root, 2, {"orders/values-qa.yaml": "a: 1\n"})
    assert "orders/values-qa.yaml is there already" in create(code=4)


def test_a_service_with_the_name_in_its_own_is_another_one(tmp_path: Path) -> None:
    root = tmp_path / "apps"
    commit(root, 1, library("billing", "search", "billing-worker"))
    commit(
        root,
        2,
        {
            "billing/values-qa.yaml": "workload:\n  image:\n    tag: 1.4.0\n  port: 80\nworker: http://billing-worker.qa\n"
            "own: http://billing.qa\nodd: mybilling\n"
        },
    )
    plan = json.loads(run("deployments", "create", "orders", "--from", "billing", root, "--format", "json"))
    keys = {each["key"]: (each["outcome"], each["new"], each["reason"]) for each in plan["decisions"]}
    assert keys["own"] == ("replaced", "http://orders.qa", "it names billing")
    assert keys["worker"][0] == "asked"
    assert keys["odd"] == ("asked", None, "it has 'billing' in it, but not as a word of its own")
