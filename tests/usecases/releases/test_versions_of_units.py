"""Which version Flux and Kustomize say is where, and in which line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.usecases.releases.listing import listed, place

RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: billing}
spec:
  chart:
    spec:
      chart: billing
      version: 4.1.0
  values:
    redis:
      tag: "7"
    image:
      repository: acme/billing
      tag: 1.0.0 # {"$imagepolicy": "flux-system:billing:tag"}
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: billing}
spec:
  template:
    spec:
      containers:
        - name: main
          image: acme/billing:1.0.0
"""
BASE = {"billing/base/kustomization.yaml": "resources: [deployment.yaml]\n", "billing/base/deployment.yaml": DEPLOYMENT}


def overlay(name: str, text: str, **files: str) -> dict[str, str]:
    more = {f"billing/overlays/{name}/{key}.yaml": content for key, content in files.items()}
    return {f"billing/overlays/{name}/kustomization.yaml": f"resources: [../../base]\n{text}", **more}


def test_the_patch_of_an_environment_that_sets_the_tag_of_a_release_says_it(tmp_path: Path) -> None:
    patch = "kind: HelmRelease\nmetadata: {name: billing}\nspec:\n  values:\n    image:\n      tag: 1.1.0\n"
    operation = "- {op: replace, path: /spec/values/image/tag, value: 1.2.0}\n"
    found = listed(
        tmp_path,
        {
            "apps/base/kustomization.yaml": "resources: [release.yaml]\n",
            "apps/base/release.yaml": RELEASE,
            "apps/dev/kustomization.yaml": "resources: [../base]\npatches: [{path: patch.yaml}]\n",
            "apps/dev/patch.yaml": patch,
            "apps/prod/kustomization.yaml": "resources: [../base]\n",
            "apps/qa/kustomization.yaml": (
                "resources: [../base]\npatches: [{path: patch.yaml, target: {kind: HelmRelease}}]\n"
            ),
            "apps/qa/patch.yaml": operation,
        },
    )
    assert {name: (each["version"], place(each), each["inherited"]) for name, each in found.items()} == {
        "billing/dev": ("1.1.0", "apps/dev/patch.yaml:6", False),
        "billing/prod": ("1.0.0", "apps/base/release.yaml:14", True),
        "billing/qa": ("1.2.0", "apps/qa/patch.yaml:1", False),
    }


@pytest.mark.parametrize(
    ("chart", "version", "line"),
    [
        ("chart: {spec: {chart: billing, version: 4.1.0}}", "4.1.0", "release.yaml:5"),
        ("chartRef: {kind: OCIRepository, name: billing}", "2.0.0", "source.yaml:4"),
        ("chart: {spec: {chart: billing}}", None, "None:None"),
    ],
)
def test_without_an_image_of_its_own_the_chart_of_a_release_says_it(
    tmp_path: Path, chart: str, version: str | None, line: str
) -> None:
    head = RELEASE.partition("  chart:")[0]
    source = (
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: billing}\n"
        "spec: {url: oci://acme.test/charts/billing, ref: {tag: 2.0.0}}\n"
    )
    values = "  values: {redis: {tag: '7'}}\n"
    found = listed(tmp_path, {"release.yaml": f"{head}  {chart}\n{values}", "source.yaml": source})
    deployed = found["billing"]
    assert (deployed["version"], place(deployed)) == (version, line)
    assert (deployed["shape"] == "HelmRelease") is (version is not None)
    assert bool(deployed["reason"]) is (version is None)


def test_values_of_a_generated_config_map_say_it(tmp_path: Path) -> None:
    release = RELEASE.partition("  values:")[0] + "  valuesFrom: [{kind: ConfigMap, name: values}]\n"
    generator = "configMapGenerator: [{name: values, files: [values.yaml]}]\n"
    found = listed(
        tmp_path,
        {
            "apps/kustomization.yaml": f"resources: [release.yaml]\n{generator}",
            "apps/release.yaml": release,
            "apps/values.yaml": "image:\n  repository: acme/billing\n  tag: 1.4.0\n",
        },
    )
    assert (found["billing"]["version"], place(found["billing"])) == ("1.4.0", "apps/values.yaml:3")


def test_an_overlay_says_the_tag_of_an_image(tmp_path: Path) -> None:
    patch = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: billing}\nspec:\n  template:\n    spec:\n"
        "      containers:\n        - {name: main, image: 'acme/billing:1.3.0'}\n"
    )
    found = listed(
        tmp_path,
        {
            **BASE,
            **overlay("dev", "images:\n  - name: acme/billing\n    newName: mirror/billing\n    newTag: 1.10\n"),
            **overlay("prod", ""),
            **overlay("qa", "patchesStrategicMerge: [version.yaml]\n", version=patch),
        },
    )
    said = {name: (each["version"], each["image"], each["shape"], place(each)) for name, each in found.items()}
    assert said == {
        "billing/dev": ("1.1", "mirror/billing", "newTag", "billing/overlays/dev/kustomization.yaml:5"),
        "billing/prod": ("1.0.0", "acme/billing", "image: repo:tag", "billing/base/deployment.yaml:9"),
        "billing/qa": ("1.3.0", "acme/billing", "image: repo:tag", "billing/overlays/qa/version.yaml:8"),
    }


def test_the_chart_of_a_kustomization_says_it(tmp_path: Path) -> None:
    text = "helmCharts:\n  - name: search\n    repo: https://charts.acme.test\n    version: 3.0.0\n"
    found = listed(tmp_path, {"search/kustomization.yaml": text})
    assert (found["search"]["version"], found["search"]["shape"]) == ("3.0.0", "helmCharts")
    assert place(found["search"]) == "search/kustomization.yaml:4"


@pytest.mark.parametrize("head", ["", "helmDefaults: {wait: {{ .Values.wait }}}\n"], ids=["plain", "template"])
def test_files_that_a_helmfile_names_by_its_release_say_the_version(tmp_path: Path, head: str) -> None:
    helmfile = (
        "environments: {qa: {}, production: {}}\n---\n"
        + head
        + "releases:\n"
        + "  - name: billing\n    chart: acme/webapp\n    values:\n      - values.yaml\n"
        + "      - 'values-{{`{{ .Release.Name }}`}}.yaml'\n"
        + "      - 'values-{{ `{{ .Release.Name }}` }}-{{ .Environment.Name }}.yaml'\n"
    )
    found = listed(
        tmp_path,
        {
            "billing/helmfile.yaml": helmfile,
            "billing/values.yaml": "image: {repository: acme/billing, tag: 1.0.0}\n",
            "billing/values-billing.yaml": "image: {tag: 1.1.0}\n",
            "billing/values-billing-production.yaml": "image: {tag: 1.2.0}\n",
        },
    )

    assert {name: (each["version"], place(each)) for name, each in found.items()} == {
        "billing/qa": ("1.1.0", "billing/values-billing.yaml:1"),
        "billing/production": ("1.2.0", "billing/values-billing-production.yaml:1"),
    }


@pytest.mark.parametrize(
    ("settings", "expected"),
    [("{}\n", (None, "")), ("charts: {acme: charts}\n", ("2.1.0", "acme/billing"))],
    ids=["without", "with"],
)
def test_a_setting_says_where_the_charts_of_an_alias_are(
    tmp_path: Path, settings: str, expected: tuple[str | None, str]
) -> None:
    found = listed(
        tmp_path,
        {
            "scenedock.yaml": settings,
            "charts/webapp/Chart.yaml": "name: webapp\nversion: 1.0.0\n",
            "charts/webapp/values.yaml": (
                "app: {image: acme/billing, version: latest}\nsidecar: {image: acme/envoy, version: 1.35.9}\n"
            ),
            "deploy/helmfile.yaml": (
                "environments: {qa: {}}\nreleases:\n"
                "  - {name: billing, chart: acme/webapp, values: [values.yaml]}\n"
                "  - {name: search, chart: other/webapp, values: [values.yaml]}\n"
            ),
            "deploy/values.yaml": "app: {version: 2.1.0}\n",
        },
    )

    assert (found["billing/qa"]["version"], found["billing/qa"]["image"] or "") == expected
    assert found["search/qa"]["version"] is None
    if expected[0]:
        assert place(found["billing/qa"]) == "deploy/values.yaml:1"


def of_git(name: str, image: str) -> str:
    """A release of a chart in a git repository of others, with an image."""
    return (
        f"apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: {name}}}\nspec:\n"
        f"  chart:\n    spec:\n      chart: ./stable/{name}\n      sourceRef: {{kind: GitRepository, name: charts}}\n"
        f"  values:\n    java:\n      image: {image}\n"
    )


def test_where_the_chart_has_no_version_the_image_says_it(tmp_path: Path) -> None:
    found = listed(
        tmp_path,
        {
            "shop/api.yaml": of_git("shop-api", "acme.test/shop/api:prod-1a2b3c4"),
            "shop/cron.yaml": of_git("shop-cron", "acme.test/shop/tasks:prod-5d6e7f8"),
            "tools/slack.yaml": of_git("slack", "'{{ .Values.image }}'"),
        },
    )

    assert {name: (each["version"], place(each)) for name, each in found.items()} == {
        "shop-api": ("prod-1a2b3c4", "shop/api.yaml:11"),
        "shop-cron": ("prod-5d6e7f8", "shop/cron.yaml:11"),
        "slack": (None, "None:None"),
    }
    reason = "its chart comes from another git repository, at no version (tools/slack.yaml:7)"
    assert found["slack"]["reason"] == reason


def test_an_image_called_like_the_service_counts_for_more_than_the_version_of_its_chart(tmp_path: Path) -> None:
    release = RELEASE.partition("  values:")[0].replace("name: billing", "name: shop-billing")
    images = "  values: {java: {image: 'acme.test/shop/billing:1.0.0'}, redis: {image: 'acme.test/shop/redis:7'}}\n"
    found = listed(tmp_path, {"shop/release.yaml": release + images})

    assert (found["shop-billing"]["version"], found["shop-billing"]["image"]) == ("1.0.0", "acme.test/shop/billing")


def test_what_flux_fills_in_or_patches_elsewhere_leaves_the_line_of_the_version(tmp_path: Path) -> None:
    release = RELEASE.replace("tag: 1.0.0", 'tag: "${BILLING}"').replace('tag: "7"', 'tag: "7"\n    host: ${HOST}')
    kustomization = (
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}}}\nspec:\n"
        "  path: ./apps/{name}\n  sourceRef: {{kind: GitRepository, name: flux-system}}\n"
        "  postBuild: {{substitute: {{BILLING: 1.2.0, HOST: {name}.test}}}}\n"
        "  patches:\n  - patch: |\n      kind: HelmRelease\n      metadata: {{name: billing}}\n"
        "      spec: {{values: {{global: {{zone: {name}}}}}}}\n    target: {{kind: HelmRelease}}\n"
    )
    taken = "resources: [../base]\n"
    found = listed(
        tmp_path,
        {
            "clusters/qa/apps.yaml": kustomization.format(name="qa"),
            "clusters/prod/apps.yaml": kustomization.format(name="prod"),
            "apps/qa/kustomization.yaml": taken,
            "apps/prod/kustomization.yaml": taken,
            "apps/base/kustomization.yaml": "resources: [release.yaml]\n",
            "apps/base/release.yaml": release,
        },
    )

    assert {name: (each["version"], place(each)) for name, each in found.items()} == {
        "billing/qa": ("1.2.0", "apps/base/release.yaml:15"),
        "billing/prod": ("1.2.0", "apps/base/release.yaml:15"),
    }


def test_the_line_of_a_digest_is_its_own(tmp_path: Path) -> None:
    digest = f"sha256:{'0f' * 32}"
    images = f"images:\n  - name: acme/billing\n    newName: mirror/billing\n    digest: {digest}\n"
    found = listed(tmp_path, {**BASE, **overlay("qa", images)})

    assert (found["billing/qa"]["version"], place(found["billing/qa"])) == (
        digest,
        "billing/overlays/qa/kustomization.yaml:5",
    )
