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
