"""A service that is deployed several times in one environment has the version that all of them have, or none."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.usecases.releases.listing import listed, place

SETTINGS: Final = {"scenedock.yaml": "repository: https://git.test/acme/apps\n"}
WEB: Final = {
    **SETTINGS,
    "web/kustomization.yaml": "resources: [deployment.yaml]\n",
    "web/deployment.yaml": (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
        "spec: {template: {spec: {containers: [{name: web, image: 'acme/web:1.0.0'}]}}}\n"
    ),
}
RELEASE: Final = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: base-dns}
spec:
  chart:
    spec:
      chart: dns
      version: 1.0.0
      sourceRef: {kind: HelmRepository, name: acme}
"""
PATCH: Final = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: NAME}
spec:
  values: {image: {repository: acme/dns, tag: TAG}}
"""


def application(name: str, source: str, labels: str = "") -> str:
    return (
        f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, labels: {{{labels}}}}}\n"
        f"spec:\n  source:\n    repoURL: https://git.test/acme/apps\n    {source}\n  destination: {{namespace: web}}\n"
    )


def flux(cluster: str) -> str:
    return (
        f"apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: apps-{cluster}}}\n"
        f"spec:\n  path: ./sites/{cluster}\n  sourceRef: {{kind: GitRepository, name: flux-system}}\n"
    )


def sites(names: dict[str, tuple[str, str]], options: str = "") -> dict[str, str]:
    """A release of a base in several sites, each with the name and the tag that its patch has."""
    files = {**SETTINGS, "base/dns/release.yaml": RELEASE, "base/dns/kustomization.yaml": "resources: [release.yaml]\n"}
    for site, (name, tag) in names.items():
        patches = f"patches:\n- {{path: patch.yaml, target: {{kind: HelmRelease}}{options}}}\n"
        files |= {
            f"clusters/{site}.yaml": flux(site),
            f"sites/{site}/dns/kustomization.yaml": f"resources: [../../../base/dns]\n{patches}",
            f"sites/{site}/dns/patch.yaml": PATCH.replace("NAME", name).replace("TAG", tag),
        }
    return files


def test_clusters_of_one_environment_with_different_versions_have_none_together(tmp_path: Path) -> None:
    found = listed(tmp_path, sites({"north": ("base-dns", "1.1.0"), "south": ("base-dns", "1.2.0")}))
    assert [each["version"] for each in found.values()] == [None]
    assert found["base-dns"]["reason"] == (
        "it is deployed several times, in different versions: 1.1.0 (sites/north/dns/patch.yaml:5) "
        "and 1.2.0 (sites/south/dns/patch.yaml:5)"
    )


def test_clusters_of_one_environment_with_the_same_version_have_it(tmp_path: Path) -> None:
    found = listed(tmp_path, sites({"north": ("base-dns", "1.1.0"), "south": ("base-dns", "1.1.0")}))
    assert (found["base-dns"]["version"], place(found["base-dns"])) == ("1.1.0", "sites/north/dns/patch.yaml:5")


def test_a_base_that_patches_rename_is_several_releases(tmp_path: Path) -> None:
    names = {"north": ("names", "1.1.0"), "south": ("lookup", "1.2.0")}
    found = listed(tmp_path, sites(names, ", options: {allowNameChange: true}"))
    assert {name: each["version"] for name, each in found.items()} == {"names": "1.1.0", "lookup": "1.2.0"}


def test_a_patch_renames_nothing_unless_it_says_so(tmp_path: Path) -> None:
    names = {"north": ("names", "1.1.0"), "south": ("lookup", "1.1.0")}
    assert {name: each["version"] for name, each in listed(tmp_path, sites(names)).items()} == {"base-dns": "1.1.0"}


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (("environment: qa", "environment: production"), {"web/qa": "2.0.0", "web/production": "3.0.0"}),
        (("environment: qa", "environment: qa"), {"web/qa": None}),
        (("", ""), {"web": None}),
    ],
)
def test_each_application_of_a_kustomization_counts(
    tmp_path: Path, labels: tuple[str, str], expected: dict[str, str | None]
) -> None:
    manifests = {
        f"argo/{number}.yaml": application(
            f"web{number}", f"path: web\n    kustomize: {{images: ['acme/web:{number}.0.0']}}", label
        )
        for number, label in zip((2, 3), labels, strict=True)
    }
    found = listed(tmp_path, {**WEB, **manifests})
    assert {name: each["version"] for name, each in found.items()} == expected
    for each in found.values():
        assert each["version"] or "2.0.0 (argo/2.yaml:8) and 3.0.0 (argo/3.yaml:8)" in each["reason"]


@pytest.mark.parametrize(
    ("source", "version", "said"),
    [
        ("path: all/qa\n    targetRevision: next", None, "its Application deploys the revision next"),
        ("path: all/qa\n    kustomize: {images: ['acme/web:2.0.0']}", "2.0.0", "argo.yaml:8"),
        ("path: all/qa", "1.0.0", "web/deployment.yaml:4"),
    ],
)
def test_an_application_of_many_services_changes_each_of_them(
    tmp_path: Path, source: str, version: str | None, said: str
) -> None:
    shop = WEB["web/deployment.yaml"].replace("name: web", "name: shop").replace("acme/web", "acme/shop")
    files = {
        **WEB,
        "shop/kustomization.yaml": "resources: [deployment.yaml]\n",
        "shop/deployment.yaml": shop,
        "all/qa/kustomization.yaml": "resources: [../../web, ../../shop]\n",
        "argo.yaml": application("all-qa", source),
    }
    found = listed(tmp_path, files)["web/qa"]
    assert found["version"] == version, found["reason"]
    assert said in (found["reason"] or place(found))


def test_one_deployment_whose_version_is_unknown_hides_that_of_the_other(tmp_path: Path) -> None:
    files = {
        **WEB,
        "argo/a.yaml": application("weba", "path: web"),
        "argo/b.yaml": application("webb", "path: web\n    targetRevision: next"),
    }
    found = listed(tmp_path, files)["web"]
    assert found["version"] is None
    assert found["reason"].startswith(
        "it is deployed several times: once in 1.0.0 (web/deployment.yaml:4), and once where argo/b.yaml:8: its "
        "Application deploys the revision next"
    )


SHOP: Final = {
    "shop/kustomization.yaml": "resources: [deployment.yaml]\n",
    "shop/deployment.yaml": WEB["web/deployment.yaml"].replace("web", "shop"),
}
BOTH: Final = "resources: [../../web, ../../shop]\n"
IMAGES: Final = "images: [{name: acme/web, newTag: TAG}]\n"


def site(name: str, tag: str = "", above: str | None = None) -> dict[str, str]:
    """A kustomization of both services, with its own tag, and an Application of it, which may set one above."""
    files = {f"sites/{name}/kustomization.yaml": BOTH + (IMAGES.replace("TAG", tag) if tag else "")}
    if above is not None:
        images = f"\n    kustomize: {{images: ['acme/web:{above}']}}" if above else ""
        files[f"argo/{name}.yaml"] = application(f"all-{name}", f"path: sites/{name}{images}")
    return files


def own(above: str) -> dict[str, str]:
    return {"argo/web.yaml": application("web", f"path: web\n    kustomize: {{images: ['acme/web:{above}']}}")}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (site("eu", above="5.0.0") | site("us", above="6.0.0"), "5.0.0 (argo/eu.yaml:8) and 6.0.0 (argo/us.yaml:8)"),
        (
            site("eu", above="5.0.0") | site("us", "9.0.0", above=""),
            "5.0.0 (argo/eu.yaml:8) and 9.0.0 (sites/us/kustomization.yaml:2)",
        ),
        (site("eu", above="5.0.0") | site("us", above=""), "5.0.0 (argo/eu.yaml:8) and 1.0.0 (web/deployment.yaml:4)"),
        (site("eu") | site("us", "9.0.0"), "1.0.0 (web/deployment.yaml:4) and 9.0.0 (sites/us/kustomization.yaml:2)"),
        (site("eu", above="5.0.0") | own("6.0.0"), "6.0.0 (argo/web.yaml:8) and 5.0.0 (argo/eu.yaml:8)"),
        (
            site("eu", above="5.0.0") | {"argo/2.yaml": application("two", "path: sites/eu")},
            "1.0.0 (web/deployment.yaml:4) and 5.0.0 (argo/eu.yaml:8)",
        ),
    ],
)
def test_each_kustomization_that_takes_a_service_and_each_application_of_one_counts(
    tmp_path: Path, files: dict[str, str], said: str
) -> None:
    found = listed(tmp_path, {**WEB, **SHOP, **files})
    assert found["web"]["reason"] == f"it is deployed several times, in different versions: {said}"
    assert found["shop"]["version"] == "1.0.0"


def test_an_application_of_a_folder_does_not_get_what_a_kustomization_above_sets(tmp_path: Path) -> None:
    files = {**WEB, **SHOP, **site("eu", "9.0.0"), "argo/web.yaml": application("web", "path: web")}
    found = listed(tmp_path, files)["web"]
    assert found["version"] is None
    assert "its Application deploys web without what sites/eu/kustomization.yaml changes" in found["reason"]


def overlays(**tags: str) -> dict[str, str]:
    return {
        f"web/production/{name}/kustomization.yaml": "resources: [../../base]\n" + IMAGES.replace("TAG", tag)
        for name, tag in tags.items()
    }


BASE: Final = {**SETTINGS, **{path.replace("web/", "web/base/"): text for path, text in WEB.items() if "web/" in path}}


@pytest.mark.parametrize("with_applications", [True, False])
def test_overlays_of_one_environment_are_deployments_of_it(tmp_path: Path, *, with_applications: bool) -> None:
    files = {**BASE, **overlays(a="1.0.0", b="2.0.0")}
    if with_applications:
        files |= {f"argo/{name}.yaml": application(f"web-{name}", f"path: web/production/{name}") for name in "ab"}
    found = listed(tmp_path, files)["web/production"]
    assert found["reason"] == (
        "it is deployed several times, in different versions: 1.0.0 (web/production/a/kustomization.yaml:2) "
        "and 2.0.0 (web/production/b/kustomization.yaml:2)"
    )


def test_an_overlay_of_a_part_alone_is_no_other_deployment(tmp_path: Path) -> None:
    """Its image isn't the service's because it is the only one there."""
    worker = WEB["web/deployment.yaml"].replace("name: web", "name: worker").replace("acme/web:1", "acme/worker:7")
    files = {
        **BASE,
        "web/base/kustomization.yaml": "resources: [deployment.yaml, worker.yaml]\n",
        "web/base/worker.yaml": worker,
        **overlays(a="1.2.0"),
        "web/production/b/kustomization.yaml": "resources: [worker.yaml]\n",
        "web/production/b/worker.yaml": worker,
    }
    assert listed(tmp_path, files)["web/production"]["version"] == "1.2.0"


def test_of_backing_services_alone_none_is_the_service(tmp_path: Path) -> None:
    charts = "".join(
        f"- {{name: {name}, repo: https://charts.test, version: {version}}}\n"
        for name, version in {"postgresql": "12.0.0", "redis": "18.0.0"}.items()
    )
    found = listed(tmp_path, {**SETTINGS, "services/data/kustomization.yaml": f"helmCharts:\n{charts}"})["data"]
    assert found["version"] is None
    assert "several charts from elsewhere: postgresql 12.0.0, redis 18.0.0" in found["reason"]
