"""What goes with an environment or a deployment in each layout; all other bytes stay, and what is shared is refused."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scenedock.changes.planned import PlannedFile
from scenedock.changes.retirement import BlastRadius, PlannedRetirement, Retirement
from scenedock.doors.cli import main
from scenedock.structs import replace
from scenedock.usecases.changes.ground import Ground
from tests.tools.commits import commit, git
from tests.tools.helm import helm

CHART = "apiVersion: v2\nname: {}\nversion: 1.0.0\n"
SETTINGS = """# ours
locks:
- {environment: qa, service: billing, reason: a test, until: 2020-01-01}
- {environment: production, reason: freeze, until: 2099-01-01}
expires:
  billing: {qa: 2020-01-01, dev: 2099-01-01} # two
  cart: {qa: 2099-01-01}
"""
SET = """apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: billing}
spec:
  generators:
  - list:
      elements: # where it runs
      - env: dev
        ns: billing-dev
      - {env: qa, ns: billing-qa} # soon
      - env: production
        ns: billing
  template:
    metadata: {name: 'billing-{{env}}', labels: {environment: '{{env}}'}}
    spec:
      source: {repoURL: 'https://github.com/acme/apps', path: billing, helm: {valueFiles: ['values-{{env}}.yaml']}}
      destination: {namespace: '{{ns}}'}
"""


def service(name: str, *environments: str, more: str = "") -> dict[str, str]:
    files = {f"{name}/values-{each}.yaml": f"image:\n  tag: 1.0.0\nat: {each}\n{more}" for each in environments}
    return {
        f"{name}/Chart.yaml": CHART.format(name),
        f"{name}/values.yaml": f"image:\n  repository: acme/{name}\n",
        **files,
    }


class Apps:
    """A clone."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, files: Mapping[str, str]) -> None:
        commit(self.root, 1, {".keep": "", **files})
        git(self.root, "remote", "add", "origin", "https://github.com/acme/apps")
        git(self.root, "config", "user.name", "Jane")
        git(self.root, "config", "user.email", "jane@acme.test")

    def run(self, *arguments: str | Path, code: int = 0) -> str:
        done = CliRunner().invoke(main, [*map(str, arguments), str(self.root)], catch_exceptions=False)
        assert done.exit_code == code, done.output
        return done.output

    def retire(self, *where: str, code: int = 0, program: str | Path = "no-helm") -> dict[str, Any]:
        """Retire it, with a commit; in all environments, where none is named."""
        kind = "environments" if len([each for each in where if not each.startswith("--")]) > 1 else "deployments"
        said = self.run(kind, "retire", *where, "--commit", "--helm", program, "--format", "json", code=code)
        return dict(json.loads(said))

    def changed(self) -> dict[str, list[str]]:
        """What the last commit has done, by path: the lines that it took away and added."""
        asked = ["git", "-C", str(self.root), "show", "--format=", "--unified=0", "--no-renames", "HEAD"]
        said = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
        found: dict[str, list[str]] = {}
        for part in said.split("diff --git ")[1:]:
            lines = part.splitlines()
            path = lines[0].split(" b/")[-1]
            shown = [each for each in lines if each[:1] in "+-" and each[:3] not in {"+++", "---"}]
            found[path] = ["gone"] if "deleted file" in part else shown
        return found


@pytest.fixture
def apps(tmp_path: Path) -> Apps:
    return Apps(tmp_path / "apps")


def test_an_environment_goes_with_its_file_its_element_and_its_settings_and_nothing_else(apps: Apps) -> None:
    apps.put(
        {
            **service("billing", "dev", "qa", "production"),
            **service("cart", "qa"),
            "sets/billing.yaml": SET,
            "scenedock.yaml": SETTINGS,
        }
    )

    plan = apps.run("environments", "retire", "billing", "qa", "--plan", "--helm", "no-helm")
    assert "apps:billing/values-qa.yaml" in plan
    assert "nothing is written" in plan
    done = apps.retire("billing", "qa")

    assert apps.changed() == {
        "billing/values-qa.yaml": ["gone"],
        "sets/billing.yaml": ["-      - {env: qa, ns: billing-qa} # soon"],
        "scenedock.yaml": [
            "-- {environment: qa, service: billing, reason: a test, until: 2020-01-01}",
            "-  billing: {qa: 2020-01-01, dev: 2099-01-01} # two",
            "+  billing: {dev: 2099-01-01} # two",
        ],
    }
    radius = done["blastRadius"]
    assert radius["namespaces"] == ["billing-qa"]
    assert radius["locks"] == ["billing in qa is locked until 2020-01-01: a test"]
    assert list(radius["notRendered"]) == ["billing/qa"]
    listed = json.loads(apps.run("deployments", "list", "--format", "json"))
    pairs = {(each["service"], each["environment"]) for each in listed}
    assert pairs == {("billing", "dev"), ("billing", "production"), ("cart", "qa")}
    apps.run("environments", "retire", "billing", "qa", code=2)


def test_a_deployment_goes_with_all_elements_of_its_set_at_one_reading(
    apps: Apps, monkeypatch: pytest.MonkeyPatch
) -> None:
    environments = ["dev", "qa", "test", "staging", "production"]
    head, _, rest = SET.replace("path: billing", "path: '{{service}}'").partition("      - env: dev\n")
    tail = rest[rest.index("  template:") :].replace("'billing-{{env}}'", "'{{service}}-{{env}}'", 1)
    of_cart = "      - {env: qa, service: cart, ns: cart-qa} # not ours\n"
    ours = [f"      - {{env: {each}, service: billing, ns: billing-{each}}}\n" for each in environments]
    elements = [*ours[:2], of_cart, *ours[2:]]
    apps.put(
        {
            **service("billing", *environments),
            **service("cart", "qa"),
            "argocd/set.yaml": "".join([head, *elements, tail]),
        }
    )
    readings: list[int] = []
    later = Ground.later

    def counted(ground: Ground, files: Sequence[PlannedFile]) -> Ground:
        readings.append(len(files))
        return later(ground, files)

    monkeypatch.setattr(Ground, "later", counted)

    apps.run("deployments", "retire", "billing", "--write")

    assert (apps.root / "argocd/set.yaml").read_text() == "".join([head, of_cart, tail])
    assert not (apps.root / "billing").exists()
    assert len(readings) <= 2  # not one for each environment


def matrix(second: str) -> str:
    """A set as that of the skeleton `gitops-repository`: each environment of a list with what git has for it."""
    return f"""apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {{name: services}}
spec:
  goTemplate: true
  generators:
  - matrix:
      generators:
      - list: {{elements: [{{environment: dev}}, {{environment: qa}}]}}
      - git:
          repoURL: https://github.com/acme/apps
          {second}
  template:
    metadata: {{name: '{{{{.path.basename}}}}-{{{{.environment}}}}', labels: {{environment: '{{{{.environment}}}}'}}}}
    spec:
      source:
        repoURL: https://github.com/acme/apps
        path: '{{{{.path.path}}}}'
        helm: {{valueFiles: ['values-{{{{.environment}}}}.yaml']}}
      destination: {{namespace: '{{{{.path.basename}}}}-{{{{.environment}}}}'}}
"""


FILES_OF_EACH = "files: [{path: '*/values-{{.environment}}.yaml'}]"


@pytest.mark.parametrize("others", [("dev", "qa"), ("dev",)], ids=["in both", "in dev"])
def test_what_makes_one_deployment_goes_and_the_environments_of_all_stay(apps: Apps, others: tuple[str, ...]) -> None:
    apps.put({**service("billing", "dev", "qa"), **service("cart", *others), "sets/all.yaml": matrix(FILES_OF_EACH)})

    apps.retire("billing", "qa")

    assert apps.changed() == {"billing/values-qa.yaml": ["gone"]}


@pytest.mark.parametrize("second", [FILES_OF_EACH, "directories: [{path: '*'}, {path: sets, exclude: true}]"])
def test_a_deployment_goes_from_a_set_for_all_services(apps: Apps, second: str) -> None:
    names = ("billing", "cart")
    services = {path: text for name in names for path, text in service(name, "dev", "qa").items()}
    apps.put({**services, "sets/all.yaml": matrix(second)})

    apps.retire("billing")

    assert sorted(apps.changed()) == sorted(service("billing", "dev", "qa"))


def test_an_enabling_list_loses_the_entry_of_one_environment(apps: Apps) -> None:
    names = ("anvil", "billing", "cart", "dowel")
    lists = "".join(f"  {each}: true # {each}\n" for each in names)
    apps.put(
        {
            "fleet/Chart.yaml": CHART.format("fleet"),
            "fleet/templates/all.yaml": "kind: Application\nmetadata: {name: '{{ .Values.x }}'}\n",
            **{f"fleet/values-{each}.yaml": f"apps:\n{lists}" for each in ("dev", "qa")},
            **{path: text for name in names for path, text in service(name, "dev", "qa").items()},
        }
    )

    apps.retire("billing", "qa")
    assert apps.changed() == {
        "billing/values-qa.yaml": ["gone"],
        "fleet/values-qa.yaml": ["-  billing: true # billing"],
    }
    apps.retire("billing")
    assert apps.changed() == {
        "billing/Chart.yaml": ["gone"],
        "billing/values-dev.yaml": ["gone"],
        "billing/values.yaml": ["gone"],
        "fleet/values-dev.yaml": ["-  billing: true # billing"],
    }
    assert not (apps.root / "billing").exists()


def test_an_overlay_goes_with_the_line_that_lists_it_and_a_tag_file_loses_its_entry(apps: Apps) -> None:
    deployment = (
        "kind: Deployment\nmetadata: {name: search}\nspec: {template: {spec: {containers: [{image: a/search}]}}}\n"
    )
    overlay = "resources: [../../base]\nimages: [{name: a/search, newTag: 2.0.0}]\n"
    apps.put(
        {
            "scenedock.yaml": "versions: {file: tags.yaml, path: '{service}.{environment}'}\n"
            "environments: {known: [dev, qa, prod]}\n",
            "tags.yaml": "billing:\n  dev: 1.1.0\n  qa: 1.0.0 # tried\ncart:\n  qa: 2.0.0\n",
            **service("billing", "dev", "qa"),
            **service("cart", "qa"),
            "search/base/kustomization.yaml": "resources: [all.yaml]\n",
            "search/base/all.yaml": f"apiVersion: apps/v1\n{deployment}",
            "search/overlays/qa/kustomization.yaml": overlay,
            "search/overlays/dev/kustomization.yaml": overlay.replace("2.0", "2.1"),
            "qa/kustomization.yaml": "resources:\n- namespace.yaml\n- ../search/overlays/qa # ours\n",
            "qa/namespace.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop-qa}\n",
        }
    )

    apps.retire("billing", "qa")
    assert apps.changed() == {"billing/values-qa.yaml": ["gone"], "tags.yaml": ["-  qa: 1.0.0 # tried"]}
    apps.retire("search", "qa")
    assert apps.changed() == {
        "search/overlays/qa/kustomization.yaml": ["gone"],
        "qa/kustomization.yaml": ["-- ../search/overlays/qa # ours"],
    }


def test_what_others_depend_on_what_is_locked_and_what_is_shared_is_refused_with_its_line(apps: Apps) -> None:
    apps.put(
        {
            **service("billing", "qa", "production"),
            **service("cart", "qa", more="url: http://billing-service\n"),
            **service("late", "production", more="url: http://billing\n"),
            "scenedock.yaml": SETTINGS,
        }
    )

    said = apps.run("environments", "retire", "billing", "qa", "--commit", code=1)
    assert "billing/qa is depended on by component:cart (unknown), apps:cart/values-qa.yaml:4" in said
    assert "component:late" not in said  # it runs elsewhere
    assert "(--force)" in said
    said = apps.run("environments", "retire", "billing", "production", "--force", "--commit", code=1)
    assert "production is locked until 2099-01-01: freeze" in said
    assert "(--pass-lock REASON)" in said
    assert (apps.root / "billing/values-qa.yaml").exists()

    done = apps.retire("billing", "production", "--force", "--pass-lock", "it burns")
    assert [each["code"] for each in done["lifted"]] == ["locked", "depended-on"]
    message = subprocess.run(
        ["git", "-C", str(apps.root), "log", "-1", "--format=%B"], check=True, capture_output=True, text=True
    )
    assert "A lock is passed: it burns" in message.stdout


def test_a_set_whose_elements_make_others_too_is_refused(apps: Apps) -> None:
    text = """apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: all}
spec:
  generators:
  - matrix:
      generators:
      - list: {elements: [{app: billing}, {app: cart}]}
      - list: {elements: [{env: dev}, {env: qa}]}
  template:
    metadata: {name: '{{app}}-{{env}}', labels: {environment: '{{env}}'}}
    spec:
      source: {repoURL: 'https://github.com/acme/apps', path: '{{app}}'}
      destination: {namespace: '{{app}}-{{env}}'}
"""
    apps.put({**service("billing"), **service("cart"), "sets/all.yaml": text})

    said = apps.run("environments", "retire", "billing", "qa", "--commit", code=1)

    assert "the set makes it of several elements, which make others, too (apps:sets/all.yaml:8)" in said


def test_the_blast_radius_has_what_helm_renders_and_says_what_is_kept_and_left(apps: Apps) -> None:
    template = """apiVersion: apps/v1
kind: StatefulSet
metadata: {name: billing}
spec:
  template: {spec: {containers: [{name: a, image: "acme/billing:{{ .Values.image.tag }}"}]}}
  volumeClaimTemplates: [{metadata: {name: data}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: files, annotations: {helm.sh/resource-policy: keep}}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: login, annotations: {argocd.argoproj.io/sync-options: Delete=false}}
spec: {data: [{secretKey: a, remoteRef: {key: billing/qa/login}}]}
"""
    preserving = SET.replace(
        "spec:\n  generators", "spec:\n  syncPolicy: {preserveResourcesOnDeletion: true}\n  generators"
    )
    apps.put(
        {
            **service("billing", "dev", "qa", "production"),
            "billing/templates/a.yaml": template,
            "sets/a.yaml": preserving,
        }
    )

    radius = apps.retire("billing", "qa", program=helm("4"))["blastRadius"]

    assert sorted(radius["resources"]) == [
        "ExternalSecret login",
        "PersistentVolumeClaim files",
        "StatefulSet billing",
    ]
    assert (
        "PersistentVolumeClaim data of StatefulSet billing, which stays, and its volumes"
        in radius["persistentVolumeClaims"]
    )
    assert any("preserveResourcesOnDeletion" in each for each in radius["keeps"])
    assert "PersistentVolumeClaim files: helm.sh/resource-policy: keep" in radius["keeps"]
    assert "ExternalSecret login: Delete=false" in radius["keeps"]
    assert radius["stays"] == [
        "images, such as acme/billing:1.0.0",
        "the secret billing/qa/login in its store (ExternalSecret login)",
    ]
    assert radius["notRendered"] == {}


def test_an_approval_is_for_the_bytes_and_the_data_that_it_was_shown() -> None:
    files = (PlannedFile("apps", "fleet/values.yaml", b"a: 1\nb: 2\n", b"a: 1\n"),)
    plan = PlannedRetirement(Retirement("billing", "qa"), (("apps", "billing", "qa"),), files, BlastRadius())
    others = [
        replace(plan, files=(replace(files[0], after=b"b: 2\n"),)),
        replace(plan, files=(replace(files[0], after=None),)),
        replace(plan, radius=BlastRadius(namespaces=("x",))),
        replace(plan, radius=BlastRadius(claims=("x",))),
        replace(plan, radius=BlastRadius(keeps=("x",))),
        replace(plan, radius=BlastRadius(locks=("x",))),
    ]

    assert len({each.digest for each in (plan, *others)}) == len(others) + 1
    assert replace(plan, files=(replace(files[0], before=None),)).digest == plan.digest


def test_the_end_of_an_environment_is_an_annotation_and_is_moved_in_place(apps: Apps) -> None:
    apps.put({**service("billing", "dev", "qa"), "scenedock.yaml": SETTINGS})

    extend = ("environments", "extend", "billing", "qa", "--until", "2099-03-01")
    shown = apps.run(*extend)
    assert '      +  billing: {qa: "2099-03-01", dev: 2099-01-01} # two' in shown
    assert shown.endswith("nothing is written; add --write, or --commit\n")
    assert (apps.root / "scenedock.yaml").read_text("utf-8") == SETTINGS
    assert "with --plan nothing can be written" in apps.run(*extend, "--plan", "--write", code=2)
    assert "committed in apps: " in apps.run(*extend, "--commit")
    assert apps.run(*extend, "--commit").endswith("nothing to change\n")

    assert apps.changed() == {
        "scenedock.yaml": [
            "-  billing: {qa: 2020-01-01, dev: 2099-01-01} # two",
            '+  billing: {qa: "2099-03-01", dev: 2099-01-01} # two',
        ]
    }
    exported = apps.run("catalog", "export")
    assert "scenedock.dev/expires: dev=2099-01-01,qa=2099-03-01" in exported
    assert "must be a day" in apps.run("environments", "extend", "billing", "qa", "--until", "soon", code=2)
    extended = apps.run("environments", "extend", "billing", "qa", "--for-good", "--write")
    assert extended.endswith("written: apps:scenedock.yaml\n")
    assert "qa=" not in apps.run("catalog", "export")


def application(service: str, environment: str) -> str:
    return f"""apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {service}-{environment}}}
spec:
  destination: {{namespace: {service}, name: {environment}}}
  source:
    repoURL: https://github.com/acme/apps
    path: {service}
    helm: {{valueFiles: [values-{environment}.yaml]}}
"""


def test_of_several_documents_and_elements_of_one_file_only_the_services_own_go(apps: Apps) -> None:
    project = "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: shop}\n"
    rest = f"{project}---\n{application('cart', 'dev')}"
    elements = "".join(
        f"      - {{service: {name}, env: {each}}}\n"
        for name, each in (("billing", "stage"), ("billing", "test"), ("ingress-nginx", "test"), ("cart", "test"))
    )
    generated = f"""apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {{name: all}}
spec:
  generators:
  - list:
      elements:
{elements}  template:
    metadata: {{name: '{{{{service}}}}-{{{{env}}}}'}}
    spec:
      source: {{repoURL: 'https://github.com/acme/apps', path: '{{{{service}}}}'}}
      destination: {{namespace: '{{{{service}}}}', name: '{{{{env}}}}'}}
"""
    own = "---\n".join(application("billing", each) for each in ("dev", "qa", "prod"))
    apps.put(
        {
            **service("billing", "dev", "qa", "prod", "stage", "test"),
            **service("cart", "dev", "test"),
            "apps.yaml": f"# Licence\n\n{own}---\n{rest}",
            "set.yaml": generated,
        }
    )

    apps.retire("billing", "qa")
    left = "---\n".join(application("billing", each) for each in ("dev", "prod"))
    assert (apps.root / "apps.yaml").read_text() == f"# Licence\n\n{left}---\n{rest}"
    apps.retire("billing")

    assert (apps.root / "apps.yaml").read_text() == f"# Licence\n\n{rest}"
    assert apps.changed()["set.yaml"] == [
        "-      - {service: billing, env: stage}",
        "-      - {service: billing, env: test}",
    ]


def test_a_manifest_that_cannot_be_told_from_others_in_its_file_is_refused(apps: Apps) -> None:
    both = f"{application('billing', 'qa')}--- {{kind: List}}\n---\n{application('billing', 'dev')}"
    apps.put({**service("billing", "dev", "qa"), "apps.yaml": both})

    said = apps.run("environments", "retire", "billing", "qa", "--commit", code=1)

    assert "apps:apps.yaml:1: the manifest can't be taken out of its file without others; remove it by hand" in said


def test_what_stays_and_reads_what_goes_is_refused_with_its_line(apps: Apps) -> None:
    workload = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {0}}}\n"
    workload += "spec: {{template: {{spec: {{containers: [{{image: 'a/{0}:1.0.0'}}]}}}}}}\n"
    overlay = "resources: [../../base]\nimages: [{{name: a/{0}, newTag: 2.0.0}}]\n"
    kustomized = {
        path: text.format(name)
        for name in ("search", "mail")
        for path, text in {
            f"{name}/base/kustomization.yaml": "resources: [all.yaml]\n",
            f"{name}/base/all.yaml": workload,
            f"{name}/overlays/dev/kustomization.yaml": overlay,
            f"{name}/overlays/prod/kustomization.yaml": overlay,
        }.items()
    }
    apps.put(
        {
            **service("billing", "qa"),
            **service("cart", "qa"),
            "billing/common.yaml": "a: 1\n",
            "billing/lib/Chart.yaml": CHART.format("lib"),
            "cart/Chart.yaml": CHART.format("cart")
            + "dependencies:\n- {name: lib, version: 1.0.0, repository: file://../billing/lib}\n",
            "apps.yaml": application("cart", "qa").replace("[values", "[../billing/common.yaml, values"),
            **kustomized,
            "search/overlays/prod-eu/kustomization.yaml": "resources:\n- ../prod\n",
            "search/policy/patch.yaml": workload.format("mail"),
            "mail/overlays/prod/kustomization.yaml": "resources:\n- ../../base\n- ../../../search/base\n"
            "patches:\n- path: ../../../search/policy/patch.yaml\n",
        }
    )
    (apps.root / "linked.yaml").symlink_to("billing/common.yaml")
    (apps.root / "linked").symlink_to("billing/lib")

    said = apps.run("deployments", "retire", "billing", "--commit", code=1)
    for line in ("apps.yaml:9", "cart/Chart.yaml:5", "linked", "linked.yaml"):
        assert f", which would go (apps:{line})" in said
    said = apps.run("deployments", "retire", "search", "--commit", code=1)
    for number in (3, 5):
        assert f", which would go (apps:mail/overlays/prod/kustomization.yaml:{number})" in said
    assert "~ apps:mail" not in said
    said = apps.run("environments", "retire", "search", "prod", "--commit", code=1)
    assert "which is built on it (apps:search/overlays/prod-eu/kustomization.yaml:2)" in said


def test_a_kustomization_of_flux_goes_with_its_folder_and_one_that_takes_more_keeps_it(apps: Apps) -> None:
    flux = """apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: {0}, namespace: flux-system}}
spec: {{path: {1}, sourceRef: {{kind: GitRepository, name: flux-system}}}}
"""
    workload = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: billing}\nspec: {template: {spec: {containers: []}}}\n"
    )
    apps.put(
        {
            "clusters/qa/all.yaml": "---\n".join(
                [flux.format("billing", "./apps/billing/qa"), flux.format("more", "./more")]
            ),
            "clusters/prod/billing.yaml": flux.format("billing", "./apps/billing/prod"),
            "apps/billing/base/kustomization.yaml": "resources: [all.yaml]\n",
            "apps/billing/base/all.yaml": workload,
            **{f"apps/billing/{each}/kustomization.yaml": "resources: [../base]\n" for each in ("qa", "prod")},
        }
    )

    apps.retire("billing", "qa")
    left = (apps.root / "clusters/qa/all.yaml").read_text("utf-8")
    (apps.root / "clusters/qa/all.yaml").write_text(flux.format("more", "./apps/billing"), encoding="utf-8")
    said = apps.run("deployments", "retire", "billing", "--commit", code=1)

    assert left == flux.format("more", "./more")
    assert "reads apps/billing, which would go (apps:clusters/qa/all.yaml:4)" in said


def test_a_patch_of_what_goes_is_refused_where_it_would_have_nothing_to_patch(apps: Apps) -> None:
    release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: {0}, namespace: {0}}}\n"
    chart = "spec: {{chart: {{spec: {{chart: {0}, version: 6.0.0, sourceRef: {{kind: HelmRepository, name: a}}}}}}}}\n"
    apps.put(
        {
            **{f"apps/base/{each}/release.yaml": (release + chart).format(each) for each in ("podinfo", "nginx")},
            **{f"apps/base/{each}/kustomization.yaml": "resources: [release.yaml]\n" for each in ("podinfo", "nginx")},
            "apps/staging/kustomization.yaml": "resources: [../base/podinfo, ../base/nginx]\n"
            "patches:\n- path: podinfo.yaml\n",
            "apps/staging/podinfo.yaml": f"{release.format('podinfo')}spec: {{values: {{replicas: 2}}}}\n",
            "clusters/staging/apps.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
            "metadata: {name: apps}\nspec: {path: ./apps/staging, sourceRef: {kind: GitRepository, name: a}}\n",
        }
    )

    said = apps.run("deployments", "retire", "podinfo", "--commit", code=1)
    assert "nothing to patch, and so nothing could be built (apps:apps/staging/kustomization.yaml:3)" in said
    apps.retire("nginx")
    assert apps.changed()["apps/staging/kustomization.yaml"] == [
        "-resources: [../base/podinfo, ../base/nginx]",
        "+resources: [../base/podinfo]",
    ]


def test_a_file_of_versions_goes_only_if_nothing_else_is_in_it(apps: Apps) -> None:
    apps.put(
        {
            **service("billing", "dev", "qa"),
            "scenedock.yaml": "versions: {file: 'tags/{environment}.env', path: TAG}\n",
            "tags/dev.env": "# read by all\nTAG=1.0.0\nCLUSTER=abc\n",
            "tags/qa.env": "TAG=1.0.0\n",
        }
    )

    apps.retire("billing")

    changed = apps.changed()
    assert changed["tags/dev.env"] == ["-TAG=1.0.0"]
    assert changed["tags/qa.env"] == ["gone"]


def test_what_corrections_hide_but_a_list_or_set_still_names_is_refused(apps: Apps) -> None:
    names = ("anvil", "billing", "cart", "dowel")
    listed = "apps:\n" + "".join(f"  {each}: true\n" for each in names)
    apps.put(
        {
            "fleet/Chart.yaml": CHART.format("fleet"),
            "fleet/templates/all.yaml": "kind: Application\nmetadata: {name: '{{ .Values.x }}'}\n",
            **{f"fleet/values-{each}.yaml": listed for each in ("dev", "qa")},
            **{path: text for name in names for path, text in service(name, "dev", "qa").items()},
            "late.yaml": application("cart", "dev"),
            "scenedock.yaml": "overrides:\n  billing: {environments: [qa]}\n  cart: {environments: [qa]}\n",
        }
    )

    said = apps.run("deployments", "retire", "billing", "--commit", code=1)
    assert "fleet/values-dev.yaml reads billing, which would go (apps:fleet/values-dev.yaml:3)" in said
    said = apps.run("deployments", "retire", "cart", "--commit", code=1)
    assert "late.yaml reads cart, which would go (apps:late.yaml:1)" in said


NAMING = """apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: {name}}}
spec:
  source: {{repoURL: 'https://github.com/acme/apps', path: {folder}, helm: {{valueFiles: ['{file}']}}}}
  destination: {{namespace: {environment}}}
"""


@pytest.mark.parametrize("environment", ["qa", "qa-eu"])
@pytest.mark.parametrize(
    "taken", ["../values/{}/*.yaml", "../values/{}/billing.yaml", "../values/{{{{env}}}}/billing.yaml"]
)
def test_values_outside_of_the_chart_stay_and_are_named(apps: Apps, environment: str, taken: str) -> None:
    path = f"values/{environment}/billing.yaml"

    def naming(name: str, where: str, file: str) -> str:
        return NAMING.format(name=f"{name}-{where}", folder=name, file=file, environment=where)

    apps.put(
        {
            **service("billing"),
            **service("cart"),
            path: "image: {tag: 2.0.0}\n",
            f"argocd/{environment}/billing.yaml": naming("billing", environment, f"../{path}"),
            f"argocd/{environment}/cart.yaml": naming("cart", environment, taken.format(environment)),
            "argocd/production/billing.yaml": naming("billing", "production", "values.yaml"),
        }
    )

    done = apps.retire("billing", environment)

    assert apps.changed() == {f"argocd/{environment}/billing.yaml": ["gone"]}
    said = f"apps:{path}, which others may use"
    assert (said in done["blastRadius"]["stays"]) == (taken != "../values/{}/billing.yaml")
