"""What sets versions besides values files and manifests: it is read, or the version is unknown, with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.usecases.releases.listing import listed, place

SETTINGS = {"scenedock.yaml": "repository: https://git.test/acme/apps\n"}
CHART = {
    **SETTINGS,
    "billing/Chart.yaml": "apiVersion: v2\nname: billing\nversion: 1.0.0\n",
    "billing/values.yaml": "image: {repository: acme/billing, tag: 1.0.0}\n",
    "billing/templates/deployment.yaml": "kind: Deployment\n",
    "billing/env/a.yaml": "image: {tag: 1.2.0}\n",
    "qa/billing.yaml": "image: {tag: 2.0.0}\n",
}
WEB = {
    **SETTINGS,
    "web/deployment.yaml": (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n"
        "      containers:\n        - {name: proxy, image: 'acme/proxy:7.0.0'}\n"
        "        - {name: web, image: 'acme/web:1.0.0'}\n"
    ),
}
IMAGE = "/spec/template/spec/containers/1/image"
OPERATION = f"- {{op: replace, path: {IMAGE}, value: 'acme/web:2.0.0'}}\n"
MOVE = '[{"op": "move", "path": "/-", "from": "/spec/template/spec/containers/0"}]'
FLUX = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: web}
spec:
  path: ./web
  sourceRef: {kind: GitRepository, name: flux-system}
"""
RELEASE = """\
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: billing}
spec:
  chart: {spec: {chart: ./billing, sourceRef: {kind: GitRepository, name: flux-system}}}
"""


def application(source: str, path: str = "billing") -> dict[str, str]:
    head = f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {path}-qa}}\nspec:\n  source:\n"
    return {"argocd.yaml": f"{head}    repoURL: https://git.test/acme/apps\n    path: {path}\n    {source}\n"}


def found(tmp_path: Path, files: dict[str, str], name: str) -> tuple[str | None, str]:
    """The version of a service in its only environment, with its place or the reason."""
    (each,) = (each for key, each in listed(tmp_path, files).items() if key.partition("/")[0] == name)
    return each["version"], each["reason"] or place(each)


@pytest.mark.parametrize(
    ("source", "version", "said"),
    [
        ("helm: {valueFiles: [../qa/billing.yaml]}", "2.0.0", "qa/billing.yaml:1"),
        ("helm: {valueFiles: [/qa/billing.yaml, env/a.yaml]}", "1.2.0", "billing/env/a.yaml:1"),
        ("helm: {releaseName: billing}", "1.0.0", "billing/values.yaml:1"),
        ("helm: {valueFiles: [../qa/replicas.yaml]}", "1.0.0", "billing/values.yaml:1"),
        ("helm: {valueFiles: [values-qa.yaml, values.yaml]}", "1.0.0", "billing/values.yaml:1"),
        ("helm: {valueFiles: [values-qa.yaml, ../qa/replicas.yaml]}", "1.1.0", "billing/values-qa.yaml:1"),
        ("helm: {valueFiles: [../qa/billing.yaml, values-qa.yaml]}", "1.1.0", "billing/values-qa.yaml:1"),
        ("helm: {parameters: [{name: 'hosts[0].name', value: a}]}", "1.0.0", "billing/values.yaml:1"),
        ("helm: {fileParameters: [{name: config, path: a.txt}]}", "1.0.0", "billing/values.yaml:1"),
        ("helm: {valueFiles: ['env/*.yaml']}", None, "argocd.yaml:8: the values files 'env/*.yaml' are a pattern"),
        ("helm: {valueFiles: ['https://a.test/v.yaml']}", None, "'https://a.test/v.yaml' is elsewhere"),
        ("helm: {valueFiles: [$other/v.yaml]}", None, "only Argo CD knows the values file '$other/v.yaml'"),
        ("helm: {parameters: [{name: 'image[0].tag', value: a}]}", None, "what its parameter 'image[0].tag' sets"),
        ("helm: {fileParameters: [{name: image.tag, path: a.txt}]}", None, "a file which isn't a values file sets it"),
        ("plugin: {name: vault}", None, "argocd.yaml:8: a plugin makes what it deploys"),
    ],
)
def test_an_application_of_argo_cd_takes_what_it_names(
    tmp_path: Path, source: str, version: str | None, said: str
) -> None:
    more = {"billing/values-qa.yaml": "image: {tag: 1.1.0}\n", "qa/replicas.yaml": "replicas: 2\n"}
    known, where = found(tmp_path, {**CHART, **more, **application(source)}, "billing")
    assert known == version
    assert said in where


def test_values_files_that_replace_those_of_an_application_are_not_followed(tmp_path: Path) -> None:
    override = {"billing/.argocd-source.yaml": "helm:\n  valueFiles: [env/a.yaml]\n"}
    known, where = found(tmp_path, {**CHART, **override, **application("helm: {releaseName: billing}")}, "billing")
    assert known is None
    assert "billing/.argocd-source.yaml:2: its values files count instead" in where


def test_values_files_of_another_source_count_where_it_is_the_same_repository(tmp_path: Path) -> None:
    source = "repoURL: https://git.test/acme/{}, ref: values"
    for name, version in {"apps": "2.0.0", "other": None}.items():
        own = "repoURL: https://git.test/acme/apps, path: billing, helm: {valueFiles: [$values/qa/billing.yaml]}"
        text = application("")["argocd.yaml"].partition("  source:")[0]
        manifest = {"argocd.yaml": f"{text}  sources:\n  - {{{own}}}\n  - {{{source.format(name)}}}\n"}
        known, where = found(tmp_path / name, {**CHART, **manifest}, "billing")
        assert known == version, where
        assert version or "is in another repository" in where


def test_the_template_of_a_generator_is_not_evaluated(tmp_path: Path) -> None:
    head = application("")["argocd.yaml"].replace("kind: Application", "kind: ApplicationSet").partition("spec:")[0]
    source = "source: {repoURL: https://git.test/acme/apps, path: billing}"
    own = "template: {metadata: {}, spec: {source: {helm: {parameters: [{name: image.tag, value: 3.0.0}]}}}}"
    template = f"  template:\n    metadata: {{name: 'billing-{{{{env}}}}'}}\n    spec: {{{source}}}\n"
    text = f"{head}spec:\n  generators:\n  - list: {{elements: [{{env: qa}}], {own}}}\n{template}"
    known, where = found(tmp_path, {**CHART, "argocd.yaml": text}, "billing")
    assert known is None
    assert "argocd.yaml:6: the template of its generator changes its source" in where


@pytest.mark.parametrize("source", ["patches: [{patch: '- {path: /spec/image}'}]", "components: [../extra]"])
def test_what_an_application_adds_to_a_kustomization_hides_its_images(tmp_path: Path, source: str) -> None:
    files = {**WEB, "web/kustomization.yaml": "resources: [deployment.yaml]\n"}
    known, where = found(tmp_path, {**files, **application(f"kustomize: {{{source}}}", "web")}, "web")
    assert known is None
    assert "of its Application may change its image" in where


@pytest.mark.parametrize(
    ("text", "version", "said"),
    [
        (f"patches:\n- target: {{kind: Deployment}}\n  patch: |\n    {OPERATION}", "2.0.0", "web/kustomization.yaml:5"),
        ("patchesJson6902:\n- {target: {kind: Deployment, name: web}, path: p.yaml}\n", "2.0.0", "web/p.yaml:1"),
        ("patches:\n- target: {kind: Deployment}\n  path: labels.yaml\n", "1.0.0", "web/deployment.yaml:9"),
        ("patches:\n- {target: {kind: Deployment}, path: gone.yaml}\n", None, "a patch changes its containers"),
        (
            "patches:\n- {target: {kind: Deployment}, path: open.yaml}\n",
            None,
            "what sets the tag of its image is no tag (web/open.yaml:9)",
        ),
        ("images: [{name: acme/web, tagSuffix: -slim}]\n", "1.0.0-slim", "web/kustomization.yaml:2"),
        ("replacements: [{targets: [{fieldPaths: [a.image]}]}]\n", None, "web/kustomization.yaml:1: a replacement or"),
        ("transformers: [image.yaml]\n", None, "a transformer may change its image"),
        ("transformers: [name.yaml]\n", "1.0.0", "web/deployment.yaml:9"),
        (
            f"patches: [{{target: {{kind: Deployment}}, patch: '{MOVE}'}}]\n",
            None,
            "a patch changes its containers",
        ),
        (
            f'patches: [{{target: {{kind: Deployment}}, patch: \'[{{"op": [1], "path": "{IMAGE}"}}]\'}}]\n',
            None,
            "a patch",
        ),
        ("components: [https://git.test/acme/parts]\n", None, "isn't read, which only Kustomize can tell"),
    ],
)
def test_what_a_kustomization_makes_of_images_is_read_or_unknown(
    tmp_path: Path, text: str, version: str | None, said: str
) -> None:
    strategic = WEB["web/deployment.yaml"].replace("acme/web:1.0.0", "acme/web:${TAG}")
    files = {
        **WEB,
        "web/kustomization.yaml": f"resources: [deployment.yaml]\n{text}",
        "web/p.yaml": OPERATION,
        "web/labels.yaml": "- {op: add, path: /metadata/labels/a, value: b}\n",
        "web/gone.yaml": "- {op: remove, path: /spec/template/spec/containers/0}\n",
        "web/open.yaml": strategic,
        "web/image.yaml": "kind: ImageTagTransformer\n",
        "web/name.yaml": "kind: PrefixTransformer\n",
    }
    known, where = found(tmp_path, files, "web")
    assert known == version, where
    assert said in where


@pytest.mark.parametrize(
    ("target", "labels", "version"),
    [
        ("name: 'w[a-z]+'", "", None),
        ("name: 'a[a-z]+'", "", "1.0.0"),
        ("kind: 'Deploy(ment)?'", "", None),
        ("labelSelector: app in (web)", "", None),
        ("labelSelector: app=web", "commonLabels: {app: web}", None),
        ("labelSelector: app=web", "", "1.0.0"),
        ("annotationSelector: a=b", "commonAnnotations: {a: b}", None),
    ],
)
def test_a_patch_whose_target_is_not_understood_hides_the_images(
    tmp_path: Path, target: str, labels: str, version: str | None
) -> None:
    patch = f"patches: [{{target: {{{target}}}, path: p.yaml}}]\n"
    files = {
        **WEB,
        "web/kustomization.yaml": f"resources: [base]\n{patch}",
        "web/base/kustomization.yaml": f"resources: [../deployment.yaml]\n{labels}\n",
        "web/p.yaml": OPERATION,
    }
    known, where = found(tmp_path, files, "web")
    assert known == version, where
    assert version or "web/kustomization.yaml" in where or "web/p.yaml:1: a patch by a pattern" in where


@pytest.mark.parametrize(
    "text",
    [
        "patches: [{path: 'https://git.test/p.yaml'}]",
        "patchesStrategicMerge: ['https://git.test/p.yaml']",
        "patches: [{target: {kind: Deployment}, patch: '[{'}]",
    ],
)
def test_a_patch_that_cannot_be_read_hides_the_images(tmp_path: Path, text: str) -> None:
    known, where = found(tmp_path, {**WEB, "web/kustomization.yaml": f"resources: [deployment.yaml]\n{text}\n"}, "web")
    assert known is None
    assert "web/kustomization.yaml:1: a patch that can't be read may change its image" in where


def test_a_patch_in_one_line_is_read(tmp_path: Path) -> None:
    containers = "containers: [{name: web, image: acme/web:1.5.0}]"
    patch = f"kind: Deployment, metadata: {{name: web}}, spec: {{template: {{spec: {{{containers}}}}}}}"
    text = f"resources: [deployment.yaml]\npatchesStrategicMerge: ['{{apiVersion: apps/v1, {patch}}}']\n"
    assert found(tmp_path, {**WEB, "web/kustomization.yaml": text}, "web")[0] == "1.5.0"


@pytest.mark.parametrize("said", ["containers: null", "containers: [{name: new, image: 'acme/web:3.0.0'}]"])
def test_a_patch_that_adds_the_same_image_or_removes_all_hides_the_images(tmp_path: Path, said: str) -> None:
    patch = f"{{target: {{kind: Deployment}}, patch: '{{spec: {{template: {{spec: {{{said}}}}}}}}}'}}".replace(
        "''", '"'
    )
    patch = patch.replace("'acme/web:3.0.0'", "acme/web:3.0.0")
    files = {**WEB, "web/kustomization.yaml": f"resources: [deployment.yaml]\npatches: [{patch}]\n"}
    known, where = found(tmp_path, files, "web")
    assert known is None
    assert "a patch changes its containers" in where


def test_the_digest_of_an_image_is_no_tag_of_it(tmp_path: Path) -> None:
    digest = f"@sha256:{'0f' * 32}"
    kustomization = "resources: [deployment.yaml]\nimages: [{name: acme/web, tagSuffix: -slim}]\n"
    for written, version in {"acme/web:1.0.0": "1.0.0-slim", "${HOST}/web": None}.items():
        deployment = WEB["web/deployment.yaml"].replace("acme/web:1.0.0", f"{written}{digest}")
        deployment = deployment.replace("        - {name: proxy, image: 'acme/proxy:7.0.0'}\n", "")
        files = {**WEB, "web/deployment.yaml": deployment, "web/kustomization.yaml": kustomization}
        assert found(tmp_path / str(version), files, "web")[0] == version


def test_a_patch_of_a_release_by_a_pattern_hides_its_version(tmp_path: Path) -> None:
    patch = "{op: replace, path: /spec/values/image/tag, value: 2.0.0}"
    files = {
        **CHART,
        "releases/billing.yaml": f"{RELEASE}  values: {{image: {{tag: 1.5.0}}}}\n",
        "releases/kustomization.yaml": (
            f"resources: [billing.yaml]\npatches: [{{target: {{name: 'b[a-z]+'}}, patch: '[{patch}]'}}]\n"
        ),
    }
    known, where = found(tmp_path, files, "billing")
    assert known is None
    assert "a patch by a pattern or by labels may change its image" in where


@pytest.mark.parametrize(("key", "version"), [("version", None), ("interval", "4.1.0")])
def test_a_patch_of_the_version_of_a_chart_by_a_pattern_hides_it(tmp_path: Path, key: str, version: str | None) -> None:
    patch = f"{{op: replace, path: /spec/chart/spec/{key}, value: 5.0.0}}"
    chart = "{chart: billing, version: 4.1.0, sourceRef: {kind: HelmRepository, name: acme}}"
    files = {
        "releases/billing.yaml": f"{RELEASE.partition('  chart:')[0]}  chart: {{spec: {chart}}}\n",
        "releases/kustomization.yaml": (
            f"resources: [billing.yaml]\npatches: [{{target: {{name: 'b[a-z]+'}}, patch: '[{patch}]'}}]\n"
        ),
    }
    known, where = found(tmp_path, {**SETTINGS, **files}, "billing")
    assert known == version, where
    assert version or "a patch by a pattern or by labels may change its image" in where


def test_a_container_that_a_patch_takes_out_is_no_version(tmp_path: Path) -> None:
    patch = WEB["web/deployment.yaml"].partition("        - {name: proxy")[0]
    patch += "        - {name: proxy, $patch: delete}\n        - {name: web, image: 'acme/web:1.5.0'}\n"
    text = "resources: [deployment.yaml]\npatches: [{path: p.yaml}]\n"
    files = {**WEB, "web/kustomization.yaml": text, "web/p.yaml": patch}
    assert found(tmp_path, files, "web") == ("1.5.0", "web/p.yaml:9")


def test_the_images_of_fluxs_kustomization_have_their_own_lines(tmp_path: Path) -> None:
    files = {**WEB, "web/kustomization.yaml": "resources: [deployment.yaml]\n"}
    for said in ("newTag: 2.0.0", f"digest: sha256:{'0f' * 32}"):
        flux = {"clusters/qa/web.yaml": f"---\n# web\n---\n{FLUX}  images:\n  - name: acme/web\n    {said}\n"}
        known, where = found(tmp_path / said[:6], {**files, **flux}, "web")
        assert (known, where) == (said.partition(": ")[2], "clusters/qa/web.yaml:12")


def test_a_component_that_flux_adds_hides_the_images_that_it_changes(tmp_path: Path) -> None:
    for text, version in {"images: [{name: acme/web, newTag: 2.0.0}]": None, "namePrefix: a-": "1.0.0"}.items():
        files = {
            **WEB,
            "web/kustomization.yaml": "resources: [deployment.yaml]\n",
            "parts/kustomization.yaml": f"kind: Component\n{text}\n",
            "clusters/qa/web.yaml": f"{FLUX}  components: [../parts]\n",
        }
        known, where = found(tmp_path / text[:6], files, "web")
        assert known == version, where
        assert version or "Flux adds the component 'parts' to 'web'" in where


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("postRenderers: [{kustomize: {images: [{name: acme/billing, newTag: 2.0.0}]}}]", "its postRenderers may"),
        ("valuesFrom: [{kind: Secret, name: s, targetPath: image.tag}]", "Secret 's' sets 'image.tag' in a cluster"),
        ("valuesFrom: [{kind: Secret, name: s, targetPath: password}]", ""),
        ("postRenderers: [{kustomize: {patches: [{patch: '- {path: /metadata/labels/a}'}]}}]", ""),
    ],
)
def test_what_flux_changes_after_rendering_hides_the_version_of_a_release(tmp_path: Path, more: str, said: str) -> None:
    known, where = found(tmp_path, {**CHART, "releases/billing.yaml": f"{RELEASE}  {more}\n"}, "billing")
    assert known == (None if said else "1.0.0"), where
    assert said in where


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("valuesFiles: [./billing/values.yaml, qa/billing.yaml]", "2.0.0"),
        ("valuesFiles: [qa/billing.yaml, billing/values.yaml]", None),
        ("valuesFiles: [qa/billing.yaml]", None),
        ("valuesFiles: [billing/values.yaml, qa/gone.yaml]", None),
        ("valuesFiles: [billing/values.yaml, qa/gone.yaml], ignoreMissingValuesFiles: true", "1.0.0"),
        ("valuesFile: qa/billing.yaml", None),
    ],
)
def test_the_values_files_of_fluxs_chart_replace_its_own(tmp_path: Path, said: str, version: str | None) -> None:
    release = RELEASE.replace("chart: ./billing,", f"chart: ./billing, {said},")
    known, where = found(tmp_path, {**CHART, "releases/billing.yaml": release}, "billing")
    assert known == version, where
    assert version or where.startswith("releases/billing.yaml:1: its values files may count"), where


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("secrets: [s.yaml]", "what sets the tag of its image is no tag (s.yaml:2)"),
        ("secrets: [password.yaml]", ""),
        ("secrets: [ref+vault://a]", "its secrets are known to helmfile alone"),
        ("jsonPatches: [{target: {version: v1}, patch: [{op: add, path: /metadata/labels/a, value: b}]}]", ""),
        (f"jsonPatches: [{{target: {{}}, patch: [{OPERATION[2:-1]}]}}]", "its jsonPatches may change its image"),
        ("strategicMergePatches: [elsewhere.yaml]", "its strategicMergePatches may change its image"),
        ("transformers: [{kind: ImageTagTransformer}]", "its transformers may change its image"),
        ("postRenderer: ./change.sh", "a program changes what it renders"),
    ],
)
def test_what_helmfile_changes_hides_the_version_of_a_release(tmp_path: Path, more: str, said: str) -> None:
    files = {
        **CHART,
        "helmfile.yaml": f"releases:\n- name: billing\n  chart: ./billing\n  values: [v.yaml]\n  {more}\n",
        "v.yaml": "image: {tag: 3.0.0}\n",
        "s.yaml": "image:\n  tag: ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str]\nsops: {version: 3.9.0}\n",
        "password.yaml": "password: ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str]\nsops: {version: 3.9.0}\n",
    }
    known, where = found(tmp_path, files, "billing")
    assert known == (None if said else "3.0.0"), where
    assert said in where


@pytest.mark.parametrize("path", ["https://git.test/v.yaml", "git::https://git.test/a@v.yaml", "../outside/v.yaml"])
def test_values_that_a_helmfile_takes_from_elsewhere_hide_the_version(tmp_path: Path, path: str) -> None:
    text = f"releases:\n- {{name: billing, chart: ./billing, values: ['{path}']}}\n"
    known, where = found(tmp_path, {**CHART, "helmfile.yaml": text}, "billing")
    assert known is None
    assert f"the values {path!r} are known to helmfile alone" in where


def test_a_release_has_the_values_of_its_template_and_its_own(tmp_path: Path) -> None:
    for inherit, version in {"{template: all}": "3.0.0", "{template: all, except: [values]}": "1.0.0"}.items():
        release = f"- {{name: billing, chart: ./billing, inherit: [{inherit}], values: [w.yaml]}}"
        text = f"templates: {{all: {{values: [v.yaml]}}}}\nreleases:\n{release}\n"
        files = {**CHART, "helmfile.yaml": text, "v.yaml": "image: {tag: 3.0.0}\n", "w.yaml": "replicas: 2\n"}
        assert found(tmp_path / str(len(inherit)), files, "billing")[0] == version
