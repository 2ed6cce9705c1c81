"""Each shape of an environment, created at the command line: what is written, decided and still lacking."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from scenedock.doors.cli import main
from tests.tools.commits import commit, git

CHART = "apiVersion: v2\nname: billing\nversion: 1.0.0\n"
VALUES = """\
# Only for dev.
image:
  repository: acme/billing
  tag: "1.4.0"  # set by the pipeline
env:
  - name: STAGE
    value: dev
  - name: DB_PASSWORD
    value: hunter2hunter2
host: billing.dev.acme.example   # public
"""


def run(*arguments: str | Path, code: int = 0) -> str:
    done = CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output


def contents(root: Path) -> dict[str, str]:
    paths = (path for path in root.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {str(path.relative_to(root)): path.read_text() for path in paths}


@dataclass(frozen=True)
class Shape:
    """A repository, and the files that `qa` of `billing` has when it was made from `dev`."""

    files: Mapping[str, str]
    made: Mapping[str, str]
    namespace: str = ""
    lacks: tuple[str, ...] = ()


def base(service: str) -> Mapping[str, str]:
    return {
        f"{service}/base/kustomization.yaml": "resources: [deployment.yaml]\n",
        f"{service}/base/deployment.yaml": f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {service}}}\n"
        f"spec: {{template: {{spec: {{containers: [{{name: {service}, image: 'acme/{service}:1.0.0'}}]}}}}}}\n",
    }


def application(name: str, environment: str, path: str = "billing", files: str = "") -> str:
    helm = f"    helm: {{valueFiles: [{files}]}}\n" if files else ""
    return (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\n"
        f"metadata:\n  name: {name}-{environment}  # by hand\n  labels: {{environment: {environment}}}\n"
        f"spec:\n  source:\n    repoURL: https://git.acme.test/apps\n    path: {path}\n{helm}"
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
          # one for each environment
          - service: billing
            env: dev
            cluster: dev-eu
          - {service: orders, env: dev, cluster: dev-eu}
  template:
    metadata: {name: '{{.service}}-{{.env}}', labels: {environment: '{{.env}}'}}
    spec:
      source:
        repoURL: https://git.acme.test/apps
        path: '{{.service}}'
        helm: {valueFiles: ['values-{{.env}}.yaml']}
      destination: {namespace: '{{.service}}-{{.env}}'}
"""

SEALED = """\
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: billing-db, namespace: billing-dev}
spec:
  encryptedData: {password: AgBvA2v==}
"""

RELEASES = """\
releases:
  - name: billing
    namespace: billing
    chart: ./billing
    values: ['billing/values-{{ .Environment.Name }}.yaml']
"""
SHAPES = {
    "values file, ApplicationSet with elements": Shape(
        {
            "billing/Chart.yaml": CHART,
            "billing/values.yaml": "port: 8000\n",
            "billing/values-dev.yaml": VALUES,
            "orders/Chart.yaml": CHART.replace("billing", "orders"),
            "orders/values-dev.yaml": "port: 1\n",
            "argocd/set.yaml": SET,
        },
        {
            "billing/values-qa.yaml": VALUES.replace("value: dev", "value: qa")
            .replace("  - name: DB_PASSWORD\n    value: hunter2hunter2\n", "")
            .replace("billing.dev.", "billing.qa."),
            "argocd/set.yaml": SET.replace(
                "          - {service: orders, env: dev, cluster: dev-eu}\n",
                "          - {service: orders, env: dev, cluster: dev-eu}\n"
                "          - service: billing\n            env: qa\n            cluster: qa-eu\n",
            ),
        },
        "billing-qa",
        ("value: env[name=DB_PASSWORD].value: it is a secret",),
    ),
    "overlay with a SealedSecret, Applications in one file": Shape(
        {
            **base("billing"),
            "billing/overlays/dev/kustomization.yaml": "namespace: billing-dev\nresources:\n  - ../../base\n"
            "  - sealed.yaml\n  - external.yaml\n",
            "billing/overlays/dev/sealed.yaml": SEALED,
            "billing/overlays/dev/external.yaml": "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\n"
            "metadata: {name: billing-api}\nspec:\n  secretStoreRef: {name: vault}\n  data:\n"
            "    - secretKey: token\n      remoteRef: {key: dev/billing/api}\n",
            "argocd/apps.yaml": "---\n".join(
                [application("billing", "dev", "billing/overlays/dev"), application("orders", "dev", "orders")]
            ),
        },
        {
            "billing/overlays/qa/kustomization.yaml": "namespace: billing-qa\nresources:\n  - ../../base\n"
            "  - external.yaml\n",
            "billing/overlays/qa/external.yaml": "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\n"
            "metadata: {name: billing-api}\nspec:\n  secretStoreRef: {name: vault}\n  data:\n"
            "    - secretKey: token\n      remoteRef: {key: qa/billing/api}\n",
            "argocd/apps.yaml": "---\n".join(
                [
                    application("billing", "dev", "billing/overlays/dev"),
                    application("orders", "dev", "orders"),
                    application("billing", "qa", "billing/overlays/qa"),
                ]
            ),
        },
        "billing-qa",
        (
            "sealed secret: billing-db in namespace billing-qa",
            "secrets seal billing KEY --environment qa --name billing-db --namespace billing-qa",
            "qa/billing/api in vault",
        ),
    ),
    "folder for the environment, a file for its Application": Shape(
        {
            "dev/billing/Chart.yaml": CHART,
            "dev/billing/values.yaml": "host: billing.dev.acme.example\n",
            "dev/billing/templates/a.yaml": "kind: Deployment\n",
            "argocd/billing-dev.yaml": application("billing", "dev", "dev/billing"),
        },
        {
            "qa/billing/Chart.yaml": CHART,
            "qa/billing/values.yaml": "host: billing.qa.acme.example\n",
            "qa/billing/templates/a.yaml": "kind: Deployment\n",
            "argocd/billing-qa.yaml": application("billing", "qa", "qa/billing"),
        },
        "billing-qa",
    ),
    "item of an app list, tag file": Shape(
        {
            "scenedock.yaml": "apps:\n  - file: config/values-{environment}.yaml\n    items: applications\n"
            "versions: {file: 'tags/{environment}/{service}', path: image_tag}\n",
            "config/Chart.yaml": CHART.replace("billing", "config"),
            "config/values-dev.yaml": "defaults: &d {a: 1}\napplications:\n  - name: billing\n    helmValues:\n"
            "      # by ada\n      stage: dev\n      all: *d\n  - name: orders\n",
            "config/values-qa.yaml": "defaults: &d {a: 2}\napplications:\n- name: orders\n",
            "tags/dev/billing": "image_tag: 1.4.0\n",
        },
        {
            "config/values-qa.yaml": "defaults: &d {a: 2}\napplications:\n- name: orders\n- name: billing\n"
            "  helmValues:\n    # by ada\n    stage: qa\n    all: *d\n",
            "tags/qa/billing": "image_tag: 1.4.0\n",
        },
    ),
    "helmfile": Shape(
        {
            "helmfile.yaml": f"environments:\n  dev:\n    values: [env/dev.yaml]\n---\n{RELEASES}",
            "billing/Chart.yaml": CHART,
            "billing/values-dev.yaml": "stage: dev\n",
            "env/dev.yaml": "x: 1\n",
        },
        {
            "helmfile.yaml": "environments:\n  dev:\n    values: [env/dev.yaml]\n  qa:\n    values: [env/qa.yaml]\n"
            f"---\n{RELEASES}",
            "billing/values-qa.yaml": "stage: qa\n",
        },
        "billing",
        ("file: env/qa.yaml, which environments.dev.values.0 names",),
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_an_environment_of_this_shape_is_created(name: str, tmp_path: Path) -> None:
    shape, root = SHAPES[name], tmp_path / "apps"
    commit(root, 1, shape.files)
    git(root, "config", "user.name", "Ada")
    git(root, "config", "user.email", "ada@acme.test")
    before = contents(root)
    arguments = ("environments", "create", "billing", "qa", "--from", "dev", root)
    plan = json.loads(run(*arguments, "--plan", "--format", "json"))
    assert contents(root) == before
    keep = [each for key in plan["decisions"] if key["open"] for each in ("--keep", key["key"])]
    printed = run(*arguments, *keep, "--commit")
    assert contents(root) == {**before, **shape.made}, printed
    assert plan["namespace"] == shape.namespace
    for each in shape.lacks:
        assert each in printed
    assert "hunter2" not in printed + json.dumps(plan)
    git(root, "diff", "--exit-code", "HEAD")
    listed = json.loads(run("deployments", "list", root, "--format", "json"))
    assert any(each["environment"] == "qa" for each in listed if each["service"] == "billing")
    run(*arguments, code=4)


def test_what_cannot_be_created_is_refused(tmp_path: Path) -> None:
    root = tmp_path / "apps"
    commit(
        root,
        1,
        {
            "billing/Chart.yaml": CHART,
            "billing/values-dev.yaml": VALUES,
            "billing/values-production.yaml": "host: billing.acme.example\n",
        },
    )

    def create(*more: str, new: str = "qa", old: str = "dev", code: int = 2) -> str:
        return run("environments", "create", "billing", new, "--from", old, root, *more, code=code)

    before = contents(root)
    asked = create("--write")
    assert "apps:billing/values-dev.yaml:10" not in asked
    assert (
        "image.repository (apps:billing/values-dev.yaml:3): production has no such key; it has acme/billing; " in asked
    )
    assert "answer `image.repository=VALUE`" in asked
    assert "isn't deployed in 'test'; its environments are: dev, production" in create(old="test")
    assert "deployed in 'production' already" in create(new="production", code=4)
    assert "can't be the name of an environment" in create(new="Q A")
    assert "there is no key 'hosts' to answer (did you mean host?)" in create("--answer", "hosts=x")
    assert "is left out (it is a secret, as its name says)" in create("--answer", "env[name=DB_PASSWORD].value=x")
    assert "matches no key that is asked; the plan lists all" in create("--keep", "resources.*")
    assert contents(root) == before


def test_what_follows_from_the_copy_is_not_asked(tmp_path: Path) -> None:
    root = tmp_path / "apps"
    commit(root, 1, SHAPES["overlay with a SealedSecret, Applications in one file"].files)
    plan = json.loads(run("environments", "create", "billing", "production", "--from", "dev", root, "--format", "json"))
    decided = {each["key"].rpartition(":")[2]: (each["outcome"], each["new"]) for each in plan["decisions"]}
    assert decided["resources.0"] == ("copied", "../../base")
    assert decided["resources.2"] == ("copied", "external.yaml")
    assert decided["apiVersion"] == ("copied", "argoproj.io/v1alpha1")
    assert decided["spec.source.path"] == ("replaced", "billing/overlays/production")
    assert decided["namespace"] == ("asked", None)  # names in production often leave the environment out


HIDDEN = "Pr0dPassw0rd1"


def test_no_secret_is_copied_or_shown(tmp_path: Path) -> None:
    root, overlay = tmp_path / "apps", "billing/overlays/prod"
    manifest = "apiVersion: v1\n    kind: Secret\n    metadata: {name: x}\n    data: {license: UHIwZFBhc3N3MHJkMQ==}\n"
    commit(
        root,
        1,
        {
            **base("billing"),
            f"{overlay}/kustomization.yaml": "resources: [../../base, list.yaml, cm.yaml]\nsecretGenerator:\n"
            f"  - name: db\n    literals: [user=billing, word={HIDDEN}]\n  - name: files\n    envs: [some.env]\n"
            "    files: [word=word.txt]\n",
            f"{overlay}/some.env": f"DB={HIDDEN}\n",
            f"{overlay}/word.txt": HIDDEN,
            f"{overlay}/list.yaml": f"apiVersion: v1\nkind: List\nitems:\n  - {manifest}  - {{apiVersion: v1, "
            "kind: Namespace, metadata: {name: billing-prod}}\n",
            f"{overlay}/cm.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata:\n"
            f"  brokers: amqp://app:{HIDDEN}@rabbit/prod\n  arguments: --user=app --password={HIDDEN}\n"
            f"  DB_PW: {HIDDEN}\n  tokens: [{HIDDEN}, ci]\n  passwords:\n    - {HIDDEN}\n"
            f"  apiKeys:\n    - name: mail\n      value: {HIDDEN}\n  maxTokens: 4096\n"
            "  secretName: billing-db\n  code: https://acme@dev.azure.com/acme/_git/apps\n",
            f"{overlay}/db.yaml": f"password: {HIDDEN}\ntoken: {HIDDEN}{HIDDEN}\n",
            "argocd/billing.yaml": application("billing", "prod", overlay),
        },
    )
    create = ("environments", "create", "billing", "demo", "--from", "prod", root)
    shown = run(*create, "--format", "json")
    assert HIDDEN not in shown
    assert "UHIw" not in shown
    printed = run(*create, "--keep", "*", "--write")
    lacks = [line.strip() for line in printed.splitlines() if "isn't made" in line]
    (lack,) = lacks
    assert "billing/overlays/demo/db.yaml isn't made: it is a secret, as its name says (apps:billing/overlays" in lack
    made = {path.name: path.read_text() for path in (root / "billing/overlays/demo").iterdir()}
    assert made == {
        "kustomization.yaml": "resources: [../../base, list.yaml, cm.yaml]\n",
        "list.yaml": "apiVersion: v1\nkind: List\nitems:\n  - {apiVersion: v1, kind: Namespace, "
        "metadata: {name: billing-demo}}\n",
        "cm.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata:\n  tokens: [ci]\n"
        "  maxTokens: 4096\n  secretName: billing-db\n"
        "  code: https://acme@dev.azure.com/acme/_git/apps\n  apiKeys: []\n  passwords: []\n",
    }


def test_one_other_service_decides_no_version_and_no_size(tmp_path: Path) -> None:
    def overlay(service: str, tag: str, replicas: int) -> str:
        image = f"resources: [../../base]\nimages:\n  - name: acme/{service}\n    newTag: {tag}\n"
        return f"{image}replicas:\n  - {{name: web, count: {replicas}}}\n"

    files = {
        f"{service}/overlays/{environment}/kustomization.yaml": overlay(service, tag, replicas)
        for service, environment, tag, replicas in (
            ("billing", "dev", "1.0.0", 1),
            ("checkout", "dev", "1.0.0", 1),
            ("checkout", "qa", "7.7.7", 40),
        )
    }
    root = tmp_path / "apps"
    commit(root, 1, {**files, **base("billing"), **base("checkout")})
    created = json.loads(run("environments", "create", "billing", "qa", "--from", "dev", root, "--format", "json"))
    decided = {each["key"]: (each["outcome"], each["new"], each["suggestion"]) for each in created["decisions"]}
    assert decided["images[name=acme/billing].newTag"] == ("copied", "1.0.0", None)
    assert decided["replicas[name=web].count"] == ("asked", None, 40)


def test_neither_other_environments_with_such_a_name_nor_nested_services_are_copied(tmp_path: Path) -> None:
    root = tmp_path / "apps"
    pairs = [(service, env) for service in ("billing", "billing/worker") for env in ("dev", "prod", "eu-prod")]
    elements = "".join(
        f"          - {{service: {path.rpartition('/')[2]}, path: {path}, env: {env}}}\n" for path, env in pairs
    )
    argo = SET.replace("path: '{{.service}}'", "path: '{{.path}}'")
    before, after = argo.index("          # one"), argo.index("  template:")
    files = {
        f"{path}/values-{env}.yaml": f"host: {path.rpartition('/')[2]}.{env}.acme.example\n" for path, env in pairs
    }
    charts = {"billing/Chart.yaml": CHART, "billing/worker/Chart.yaml": CHART.replace("billing", "worker")}
    there = {"argocd/set.yaml": argo[:before] + elements + argo[after:], ".gitignore": "*-demo.yaml\n"}
    commit(root, 1, {**files, **charts, **there})

    def create(new: str, *more: str, code: int = 0) -> str:
        answers = ("--keep", "*", "--accept", "*")
        return run("environments", "create", "billing", new, "--from", "prod", root, *answers, *more, code=code)

    was = contents(root)
    assert "git ignores billing/values-demo.yaml" in create("demo", "--write", code=4)
    assert contents(root) == was
    assert "written: apps:billing/values-qa.yaml\n" in create("qa", "--write")
    now = contents(root)
    assert {path for path in now if now[path] != was.get(path)} == {"billing/values-qa.yaml", "argocd/set.yaml"}
    new = "          - {service: billing, path: billing, env: qa}\n"
    assert now["argocd/set.yaml"].replace(new, "", 1) == was["argocd/set.yaml"]
    (root / "billing/values-test.yaml").write_text("host: test.acme.example\n")
    assert "billing/values-test.yaml is there already and stays as it is" in create("test")


def test_links_are_told_and_what_is_behind_them_is_told_once(tmp_path: Path) -> None:
    root = tmp_path / "apps"
    overlay = "resources: [../../base]\nimages: [{name: acme/billing, newTag: 1.0.0}]\n"
    files = {
        f"billing/envs/{name}/{path}": text
        for name in ("dev", "prod")
        for path, text in {"kustomization.yaml": overlay, "limits.yaml": f"cpu: {name}1\n"}.items()
    }
    settings = "settings:\n  DB_PASSWORD: hunter2hunter2\n  level: info\n"
    commit(root, 1, {**base("billing"), **files, "billing/envs/dev/settings.yaml": settings, "shared/a.yaml": "a: 1\n"})
    dev = root / "billing" / "envs" / "dev"
    (dev / "again.yaml").symlink_to("settings.yaml")
    (dev / "prod.yaml").symlink_to("../prod/limits.yaml")
    (dev / "shared").symlink_to("../../../shared")
    commit(root, 2, {"billing/NOTES": "."})

    plan = json.loads(run("environments", "create", "billing", "qa", "--from", "dev", root, "--format", "json"))

    lacks = [each["what"] for each in plan["lacks"]]
    assert [each for each in lacks if "PASSWORD" in each] == [
        "billing/envs/qa/settings.yaml:settings.DB_PASSWORD: it is a secret, as its name says"
    ]
    assert (
        "billing/envs/qa/shared isn't made: billing/envs/dev/shared is a link to a folder, or out of the repository"
    ) in lacks
    assert "billing/envs/qa/prod.yaml is a link to billing/envs/prod/limits.yaml, which is no copy" in plan["notes"]
