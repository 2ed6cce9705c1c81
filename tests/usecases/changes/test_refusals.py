"""What refuses a change of a version at the command line, and the one option that lifts each refusal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from scenedock.doors.cli import main
from tests.tools.commits import commit, git

CHART = "apiVersion: v2\nname: billing\nversion: 1.0.0\n"
IMAGE = "image:\n  repository: acme/billing\n"


def run(*arguments: str | Path, code: int = 0) -> str:
    done = CliRunner().invoke(main, ["deployments", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == code, done.output
    return done.output


def planned(root: Path, *arguments: str, code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*arguments, "--service", "billing", root, "--format", "json", code=code))
    return found


@pytest.fixture
def apps(tmp_path: Path) -> Path:
    """Dev has 1.3.0-rc.1, QA 1.2.0 and production 1.1.0, each in a file of its own."""
    root = tmp_path / "apps"
    tags = {"dev": "1.3.0-rc.1", "qa": "1.2.0", "production": "1.1.0"}
    own = {f"billing/values-{name}.yaml": f"image:\n  tag: {tag}\n" for name, tag in tags.items()}
    commit(root, 1, {"billing/Chart.yaml": CHART, "billing/values.yaml": IMAGE, **own})
    git(root, "config", "user.name", "Jane")
    git(root, "config", "user.email", "jane@acme.test")
    return root


def settings(root: Path, text: str) -> None:
    commit(root, 2, {"scenedock.yaml": text})


def test_a_tag_that_no_image_can_have_is_refused_for_that(apps: Path) -> None:
    found = planned(apps, "set-version", "--environment", "qa", "--version", "1.2.3+build", "--untried-version", code=1)

    assert [each["code"] for each in found["refusals"]] == ["not-editable"]
    assert found["refusals"][0]["message"] == "no image can have the tag 1.2.3+build, as `+` is no sign of tags"


LOCKED = "locks:\n  - {environment: production, reason: Release freeze, until: '2999-12-01', by: ada}\n"


@pytest.mark.parametrize(
    ("environment", "version", "code", "option"),
    [
        ("qa", "1.1.9", "downgrade", ["--downgrade", "--untried-version"]),
        ("production", "1.3.0-rc.1", "pre-release", ["--pre-release", "--untried-version"]),
        ("production", "1.2.1", "untried-version", ["--untried-version"]),
    ],
)
def test_an_option_lifts_only_its_refusal(
    apps: Path, environment: str, version: str, code: str, option: list[str]
) -> None:
    asked = ("set-version", "--environment", environment, "--version", version)
    refused = planned(apps, *asked, *option[1:], code=1)
    assert [each["code"] for each in refused["refusals"]] == [code]
    assert refused["refusals"][0]["liftable"]
    allowed = planned(apps, *asked, *option)
    assert allowed["refusals"] == []
    assert code in [each["code"] for each in allowed["lifted"]]
    assert f"{code}: " in allowed["body"], "who reads the pull request sees what was allowed"


def test_the_version_of_the_environment_before_needs_no_option(apps: Path) -> None:
    found = planned(apps, "promote", "--from", "qa", "--to", "production")
    assert found["title"] == "Promote billing 1.2.0 to production"
    assert [(each["old"], each["new"], each["step"]) for each in found["changes"]] == [("1.1.0", "1.2.0", "feature")]


def test_a_lock_is_passed_with_a_reason_which_the_text_has(apps: Path) -> None:
    settings(apps, LOCKED)
    asked = ("promote", "--from", "qa", "--to", "production")
    (refusal,) = planned(apps, *asked, code=1)["refusals"]
    assert refusal["message"] == "production is locked until 2999-12-01: Release freeze (ada)"
    assert refusal["place"] == "apps/scenedock.yaml:2"
    passed = planned(apps, *asked, "--pass-lock", "The fix of incident 12")
    assert "The fix of incident 12" in passed["body"]


def test_a_lock_counts_for_its_service_and_until_its_end(apps: Path) -> None:
    for text in (
        LOCKED.replace("2999-12-01", "2020-12-01T08:00:00Z"),
        LOCKED.replace("environment: production", "environment: production, service: search"),
    ):
        settings(apps, text)
        assert planned(apps, "promote", "--from", "qa", "--to", "production")["refusals"] == []
    settings(apps, LOCKED.replace("2999-12-01", "2020-12-01"))
    assert "info: apps/scenedock.yaml:2: a lock of production ended: 2020-12-01. Remove it." in run("list", apps)


def test_a_lock_that_never_ends_is_no_setting(apps: Path) -> None:
    settings(apps, LOCKED.replace("2999-12-01", "Monday"))
    assert "must be a day (2026-12-01) or a time" in run("list", apps, code=2)


@pytest.mark.parametrize(
    ("line", "by"),
    [
        ('  tag: 1.1.0 # {"$imagepolicy": "flux-system:billing:tag"}\n', "Flux's image automation"),
        ("  # renovate: datasource=docker depName=acme/billing\n  tag: 1.1.0\n", "Renovate"),
    ],
)
def test_a_line_that_an_automation_writes_is_named_and_left_alone(apps: Path, line: str, by: str) -> None:
    commit(apps, 2, {"billing/values-production.yaml": f"image:\n{line}"})
    asked = ("promote", "--from", "qa", "--to", "production")
    (refusal,) = planned(apps, *asked, code=1)["refusals"]
    assert (refusal["code"], by in refusal["message"]) == ("automated-line", True)
    assert planned(apps, *asked, "--automated-line")["refusals"] == []


def test_the_line_of_an_anchor_that_an_automation_writes_is_left_alone(apps: Path) -> None:
    text = 'x: &tag 1.1.0 # {"$imagepolicy": "flux-system:billing:tag"}\nimage: {tag: *tag}\n'
    commit(apps, 2, {"billing/values-production.yaml": text})
    asked = ("promote", "--from", "qa", "--to", "production")
    (refusal,) = planned(apps, *asked, code=1)["refusals"]
    assert (refusal["code"], "Flux's image automation" in refusal["message"]) == ("automated-line", True)
    assert planned(apps, *asked, "--automated-line")["refusals"] == []


def test_what_image_updater_writes_is_left_alone(apps: Path) -> None:
    manifest = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: billing-production\n  annotations:\n"
        "    argocd-image-updater.argoproj.io/image-list: main=acme/billing:~1\nspec:\n"
        "  source: {repoURL: https://git.acme.test/apps, path: billing, helm: {valueFiles: [values-production.yaml]}}\n"
        "  destination: {namespace: billing-production}\n"
    )
    commit(apps, 2, {"argocd/billing.yaml": manifest})
    asked = ("set-version", "--environment", "production", "--version", "1.1.1")
    (refusal,) = planned(apps, *asked, code=1)["refusals"]
    assert "Argo CD Image Updater" in refusal["message"]


def test_a_line_that_an_automation_writes_is_found_below_an_insertion(apps: Path) -> None:
    values = {"search": "replicas: 1", "billing": 'image: {tag: 1.1.0}  # {"$imagepolicy": "flux-system:billing:tag"}'}
    manifests = [
        f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: {name}-live\nspec:\n  source:\n"
        f"    repoURL: https://git.acme.test/apps\n    path: {name}\n    helm:\n      valuesObject:\n        {text}\n"
        f"  destination: {{namespace: {name}-live}}\n"
        for name, text in values.items()
    ]
    charts = {
        f"{name}/{file}": text.replace("billing", name)
        for name in values
        for file, text in {"Chart.yaml": CHART, "values.yaml": f"{IMAGE}  tag: 1.1.0\n"}.items()
    }
    git(apps, "rm", "-rq", "billing")
    commit(apps, 2, {**charts, "argocd/live.yaml": "---\n".join(manifests)})
    asked = ("set-version", "--environment", "live", "--version", "1.1.1", "--service", "search")
    found = planned(apps, *asked, "--automated-line")
    assert [(each["service"], each["inserted"]) for each in found["changes"]] == [("search", True), ("billing", False)]
    (refusal,) = planned(apps, *asked, code=1)["refusals"]
    assert (refusal["code"], refusal["deployment"]) == ("automated-line", "billing/live")


def test_a_digest_pins_the_tag(apps: Path) -> None:
    commit(apps, 2, {"billing/values-production.yaml": f"image:\n  tag: 1.1.0@sha256:{'a' * 64}\n"})
    (refusal,) = planned(apps, "promote", "--from", "qa", "--to", "production", code=1)["refusals"]
    assert (refusal["code"], refusal["liftable"]) == ("pinned-digest", False)


def test_a_tag_is_not_changed_where_a_digest_beside_it_says_what_runs(apps: Path, tmp_path: Path) -> None:
    digest = f"sha256:{64 * 'a'}"
    commit(apps, 2, {"billing/values-qa.yaml": f"image:\n  tag: 1.2.0\n  digest: {digest}\n"})
    asked = ("set-version", "--environment", "qa", "--version", "1.3.0-rc.1", "--pre-release")
    refused = planned(apps, *asked, code=1)["refusals"]
    assert [each["message"] for each in refused] == [
        "beside apps:billing/values-qa.yaml:2 a digest says which image runs (apps:billing/values-qa.yaml:3)"
    ]

    root = tmp_path / "kustomized"
    images = f"images:\n  - name: acme/billing\n    newTag: 1.2.0\n    digest: {digest}\n"
    workload = "kind: Deployment\nspec: {template: {spec: {containers: [{name: a, image: acme/billing}]}}}\n"
    files = {
        "billing/base/kustomization.yaml": "resources: [deployment.yaml]\n",
        "billing/base/deployment.yaml": f"apiVersion: apps/v1\nmetadata: {{name: billing}}\n{workload}",
        "billing/overlays/qa/kustomization.yaml": f"resources: [../../base]\n{images}",
    }
    commit(root, 1, files)
    (release,) = json.loads(run("list", root, "--format", "json"))
    assert release["version"] == f"1.2.0@{digest}"
    refused = planned(root, *asked[:-1], code=1)["refusals"]
    place = "kustomized:billing/overlays/qa/kustomization.yaml"
    assert f"beside {place}:4 a digest says which image runs ({place}:5)" in [each["message"] for each in refused]


def test_an_unknown_version_is_refused_with_both_lines(apps: Path) -> None:
    two = "a:\n  image: {repository: acme/billing, tag: 1.0.0}\nb:\n  image: {repository: acme/billing, tag: 2.0.0}\n"
    own = {f"billing/values-{name}.yaml": two for name in ("qa", "production")}
    commit(apps, 2, {"billing/values.yaml": "replicas: 1\n", **own})
    (source,) = planned(apps, "promote", "--from", "qa", "--to", "dev", "--helm", "none", code=1)["refusals"]
    (target,) = planned(apps, "promote", "--from", "dev", "--to", "qa", "--helm", "none", code=1)["refusals"]
    assert (source["code"], target["code"]) == ("unknown-source", "unknown-version")
    for refusal in (source, target):
        assert "values-qa.yaml:2" in refusal["message"]
        assert "values-qa.yaml:4" in refusal["message"]


def test_a_line_of_others_is_refused_with_what_would_have_to_be_there(apps: Path) -> None:
    chart = f"{CHART}dependencies:\n  - {{name: billing, version: 1.0.0, repository: 'https://charts.acme.test'}}\n"
    commit(
        apps, 2, {"billing/Chart.yaml": chart, "billing/values.yaml": "", "billing/Chart.lock": "dependencies: []\n"}
    )
    git(apps, "rm", "-rq", "billing/values-dev.yaml")
    commit(apps, 3, {f"billing/values-{name}.yaml": "replicas: 1\n" for name in ("qa", "production")})
    asked = ("set-version", "--environment", "qa", "--version", "2.0.0")
    shared, stale, untried = planned(apps, *asked, code=1)["refusals"]
    assert shared["message"].endswith("deploys to 2 environments at once: also to billing/production")
    assert "billing/Chart.yaml would have to be one of this environment alone" in shared["remedy"]
    assert stale["code"] == "stale-chart-lock"
    assert (untried["code"], untried["deployment"]) == ("untried-version", "billing/production")
    found = planned(apps, *asked, "--shared", "--stale-chart-lock", "--untried-version")
    assert {each["environment"]: each["asked"] for each in found["changes"]} == {"qa": True, "production": False}
    assert "**The same line deploys to 2 deployments at once**, also to billing/production." in found["body"]


def test_several_images_that_are_its_own_change_together(apps: Path) -> None:
    both = "".join(f"{part}:\n  image: {{repository: acme/billing-{part}, tag: 1.0.0}}\n" for part in ("api", "worker"))
    own = {f"billing/values-{name}.yaml": both for name in ("qa", "production")}
    commit(apps, 2, {"billing/values.yaml": "replicas: 1\n", **own})
    found = planned(apps, "set-version", "--environment", "qa", "--version", "1.0.1", "--untried-version")
    assert [line["line"] for line in found["files"][0]["lines"]] == [2, 4]


def test_images_of_others_with_the_same_tag_are_not_changed_by_chance(apps: Path) -> None:
    both = "a:\n  image: {repository: acme/tube, tag: main}\nb:\n  image: {repository: acme/spark, tag: main}\n"
    commit(apps, 2, {"billing/values.yaml": "replicas: 1\n", "billing/values-qa.yaml": both})
    asked = ("set-version", "--environment", "qa", "--version", "1.0.1", "--untried-version")
    (refusal,) = planned(apps, *asked, code=1)["refusals"]
    lines = "acme/tube (apps:billing/values-qa.yaml:2) and acme/spark (apps:billing/values-qa.yaml:4)"
    assert refusal["message"].endswith(lines)


def test_a_file_with_other_changes_is_not_written(apps: Path) -> None:
    file = apps / "billing/values-production.yaml"
    file.write_text("image:\n  tag: 1.1.0\nreplicas: 5\n")
    asked = ("promote", "--from", "qa", "--to", "production", "--service", "billing", apps)
    assert "has changes that aren't committed" in run(*asked, "--write", code=4)
    assert file.read_text() == "image:\n  tag: 1.1.0\nreplicas: 5\n"


def test_a_link_is_edited_where_it_leads_to(apps: Path) -> None:
    commit(apps, 2, {"shared/production.yaml": "image:\n  tag: 1.1.0\n"})
    file = apps / "billing/values-production.yaml"
    file.unlink()
    file.symlink_to("../shared/production.yaml")
    commit(apps, 3, {})
    asked = ("promote", "--from", "qa", "--to", "production", "--service", "billing", apps)
    run(*asked, "--write")
    assert file.is_symlink()
    assert (apps / "shared/production.yaml").read_text() == "image:\n  tag: 1.2.0\n"


def test_write_writes_and_commits_nothing(apps: Path) -> None:
    run("promote", "--from", "qa", "--to", "production", "--service", "billing", apps, "--write")
    assert (apps / "billing/values-production.yaml").read_text() == "image:\n  tag: 1.2.0\n"
    said = run("roll-back", "--environment", "production", "--service", "billing", apps, code=4)
    assert "apps:billing/values-production.yaml:2 isn't committed yet" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from", "qa", "--to", "qa"], "from qa to itself"),
        (["--from", "qa", "--to", "live"], "isn't deployed in 'live'"),
        (["--to", "qa", "--version", "1.0.0\nSigned-off-by: eve"], "is not a version"),
        (["--to", "qa"], "give either the environment"),
        (["--from", "qa", "--to", "production", "--version", "1"], "give either"),
        (["--from", "qa", "--to", "production", "--ref", "main", "--write"], "with --ref nothing can be written"),
    ],
)
def test_a_wrong_wish_is_answered_with_what_to_do(apps: Path, arguments: list[str], said: str) -> None:
    assert said in run("promote", *arguments, "--service", "billing", apps, code=2)


def test_a_link_takes_other_environments_along_and_says_so(apps: Path) -> None:
    file = apps / "billing/values-production.yaml"
    file.unlink()
    file.symlink_to("values-qa.yaml")
    commit(apps, 2, {})
    for environment, other in (("qa", "production"), ("production", "qa")):
        for ref in ([], ["--ref", "main"]):
            asked = ("set-version", "--environment", environment, "--version", "1.2.1", "--untried-version", *ref)
            (refusal,) = planned(apps, *asked, code=1)["refusals"]
            assert (refusal["code"], f"also to billing/{other}" in refusal["message"]) == ("shared-line", True)
            both = planned(apps, *asked, "--shared")
            assert {each["environment"] for each in both["changes"]} == {"qa", "production"}
            assert [each["path"] for each in both["files"]] == ["billing/values-qa.yaml"]


def test_a_line_is_shared_with_an_environment_whose_version_is_not_known(apps: Path) -> None:
    head = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: billing-{0}\nspec:\n"
    source = "  source: {{repoURL: https://git.acme.test/apps, path: billing, helm: {{valueFiles: [{1}]}}}}\n"
    text = head + source + "  destination: {{namespace: {0}}}\n"
    git(apps, "rm", "-rq", *(f"billing/values-{name}.yaml" for name in ("dev", "qa", "production")))
    files = {
        "billing/values.yaml": f"{IMAGE}  tag: 1.0.0\n",
        "argocd/qa.yaml": text.format("qa", "values.yaml, secrets-qa.yaml"),
        "argocd/production.yaml": text.format("production", "values.yaml"),
        "billing/secrets-qa.yaml": "\0GITCRYPT\0abc",
        "scenedock.yaml": "locks: [{environment: qa, reason: Freeze, until: '2999-12-01'}]\n",
    }
    commit(apps, 2, files)
    asked = ("set-version", "--environment", "production", "--version", "1.0.1", "--untried-version")
    shared, locked = planned(apps, *asked, code=1)["refusals"]
    assert (shared["code"], shared["message"].endswith("also to billing/qa")) == ("shared-line", True)
    assert (locked["code"], locked["deployment"]) == ("locked", "billing/qa")
    found = planned(apps, *asked, "--shared", "--pass-lock", "Both of them")
    assert [each["environment"] for each in found["changes"]] == ["production"]
    assert found["notes"] == ["billing/qa has the line apps:billing/values.yaml:3, too, and its version isn't known"]


def test_what_follows_an_anchor_is_named(apps: Path) -> None:
    text = "image:\n  tag: &t 1.2.0\nsidecar: {image: acme/proxy, tag: *t}\n"
    commit(apps, 2, {"billing/values-qa.yaml": text})
    asked = ("set-version", "--environment", "qa", "--version", "1.3.0-rc.1")
    found = planned(apps, *asked)
    assert found["notes"] == ["in apps:billing/values-qa.yaml change, too, by an anchor: sidecar.tag"]
    assert found["notes"][0] in found["body"]
    run(*asked, "billing", apps, "--commit")
    back = planned(apps, "roll-back", "--environment", "qa")
    assert back["notes"] == found["notes"]


def test_the_service_is_an_argument_or_named_by_an_option(apps: Path) -> None:
    asked = ("--from", "qa", "--to", "production", "--format", "json")
    told = {run("promote", *asked, *named) for named in (("billing", apps), ("--service", "billing", apps))}
    assert len(told) == 1
    assert "Missing argument 'SERVICE'" in run("promote", "--to", "production", code=2)


def test_the_version_that_is_there_already_is_nothing_to_change(apps: Path) -> None:
    settings(apps, LOCKED)
    commit(apps, 3, {"billing/values-production.yaml": "image:\n  tag: 9.9.9-rc.1\n"})
    asked = ("set-version", "--environment", "production", "--version", "9.9.9-rc.1")
    assert planned(apps, *asked)["refusals"] == []
    assert "nothing to change" in run(*asked, "--service", "billing", apps)


def test_other_settings_pass_no_lock(apps: Path, tmp_path: Path) -> None:
    settings(apps, LOCKED)
    other = tmp_path / "settings.yaml"
    other.write_text("owner: group:all\n")
    asked = ("promote", "--from", "qa", "--to", "production", "--catalog-settings", str(other))
    assert [each["code"] for each in planned(apps, *asked, code=1)["refusals"]] == ["locked"]


@pytest.mark.parametrize(
    ("lock", "said"),
    [
        ("environment: prod", "a lock of prod protects nothing: nothing is deployed in an environment of this name"),
        ("environment: Production", "of this name (did you mean production?)"),
        ("environment: production, service: Billing", "Billing isn't deployed there (did you mean billing?)"),
    ],
)
def test_a_lock_that_protects_nothing_is_a_warning(apps: Path, lock: str, said: str) -> None:
    settings(apps, LOCKED.replace("environment: production", lock))
    listed = run("list", apps)
    assert "warning: apps/scenedock.yaml:2: a lock of" in listed
    assert said in listed
    (note,) = planned(apps, "promote", "--from", "qa", "--to", "production")["notes"]
    assert said in note


def test_advice_fits_what_was_asked(apps: Path) -> None:
    without = run("set-version", "--version", "1.2.1", "--service", "billing", apps, code=2)
    assert "name the environment of 'billing': dev, production, qa" in without
    merged = "base: &base\n  tag: 1.1.0\nimage:\n  <<: *base\n"
    commit(apps, 2, {"billing/values-production.yaml": merged})
    (refusal,) = planned(apps, "promote", "--from", "qa", "--to", "production", code=1)["refusals"]
    assert refusal["message"].endswith("edit it there")


def test_why_the_tag_of_a_base_gets_no_item_in_the_overlay_is_said(tmp_path: Path) -> None:
    container = "      containers: [{name: billing, image: acme/billing}]\n"
    head = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: billing}\nspec:\n  template:\n    spec:\n"
    images = "resources: [deployment.yaml]\nimages: [{name: acme/billing, newTag: 1.0.0}]\n"
    own = {
        f"billing/overlays/{name}/kustomization.yaml": f"resources: [../../base]\nimages: {images}\n"
        for name, images in (("qa", "none"), ("production", "[]"))
    }
    base = {"billing/base/kustomization.yaml": images, "billing/base/deployment.yaml": head + container}
    commit(tmp_path / "apps", 1, {**base, **own})
    asked = ("set-version", "--environment", "qa", "--version", "1.0.1", "--untried-version")
    (refusal,) = planned(tmp_path / "apps", *asked, code=1)["refusals"]
    assert "the kustomization.yaml of qa needs an item of its own in `images`" in refusal["remedy"]
    assert "billing/overlays/qa/kustomization.yaml:2: images is a single value" in refusal["remedy"]


def test_a_version_that_yaml_would_read_as_a_number_is_not_written_to_a_gap_without_quotes(tmp_path: Path) -> None:
    helmfile = (
        "environments: {qa: {values: [qa.yaml]}}\n---\n"
        "releases: [{name: billing, chart: ./billing, values: [v.yaml.gotmpl]}]\n"
    )
    files = {"billing/Chart.yaml": CHART, "billing/values.yaml": IMAGE, "qa.yaml": 'tag: "1.9"\n'}
    asked = ("set-version", "--environment", "qa", "--version", "1.10", "--untried-version")
    for number, (gap, code) in enumerate({"{{ .Values.tag }}": 1, '"{{ .Values.tag }}"': 0}.items()):
        root = tmp_path / str(number) / "apps"
        commit(root, 1, {**files, "helmfile.yaml": helmfile, "v.yaml.gotmpl": f"image:\n  tag: {gap}\n"})
        said = run(*asked, "--service", "billing", root, code=code)
        assert ("billing/qa would have 1.1 instead of 1.10" in said) is (code == 1), said
        assert '+tag: "1.10"' in said


TWIN = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: billing-NAME, annotations: {ANNOTATIONS}}
spec:
  source:
    repoURL: https://git.test/acme/twins
    path: billing
    helm:
      valuesObject: {image: {tag: 1.0.0DIGEST}}
  destination: {namespace: billing}
"""


def twin(name: str, annotations: str = "", digest: str = "") -> dict[str, str]:
    text = TWIN.replace("NAME", name).replace("ANNOTATIONS", annotations).replace("DIGEST", digest)
    return {f"argo/{name}.yaml": text}


@pytest.mark.parametrize(
    ("second", "code", "said"),
    [
        (twin("b"), None, ""),
        (
            twin("b", digest=f", digest: 'sha256:{64 * 'a'}'"),
            "not-editable",
            "beside twins:argo/a.yaml:9 a digest says which image runs (twins:argo/b.yaml:9)",
        ),
        (
            twin("b", "argocd-image-updater.argoproj.io/image-list: main=acme/billing"),
            "automated-line",
            (
                "the line twins:argo/a.yaml:9 is written by Argo CD Image Updater, "
                "as the annotation argocd-image-updater.argoproj.io/image-list says"
            ),
        ),
    ],
)
def test_what_refuses_a_change_of_any_deployment_refuses_that_of_all(
    tmp_path: Path, second: dict[str, str], code: str | None, said: str
) -> None:
    root = tmp_path / "twins"
    settings = {"scenedock.yaml": "repository: https://git.test/acme/twins\n"}
    commit(root, 1, {**settings, "billing/Chart.yaml": CHART, "billing/values.yaml": IMAGE, **twin("a"), **second})
    found = planned(root, "set-version", "--version", "1.1.0", code=1 if code else 0)
    assert [(each["code"], each["message"]) for each in found["refusals"]] == ([(code, said)] if code else [])


def test_a_line_that_one_of_several_deployments_of_another_service_reads_is_shared(tmp_path: Path) -> None:
    """Also where this is not the first one, and its version isn't known: no version would show what a change does."""
    root = tmp_path / "twins"
    first = twin("a")["argo/a.yaml"].replace("tag: 1.0.0", "tag: 2.0.0")
    second = twin("b")["argo/b.yaml"].replace("valuesObject: {image: {tag: 1.0.0}}", "valueFiles: [../all.yaml]")
    other = second.replace("path: billing", "path: search").replace("billing-b", "search")
    charts = {
        f"{name}/{file}": text.replace("billing", name)
        for name in ("billing", "search")
        for file, text in {"Chart.yaml": CHART, "values.yaml": IMAGE}.items()
    }
    manifests = {"argo/a.yaml": first, "argo/b.yaml": second, "argo/c.yaml": other}
    settings = {"scenedock.yaml": "repository: https://git.test/acme/twins\n"}
    commit(root, 1, {**settings, **charts, **manifests, "all.yaml": "image: {tag: 1.0.0}\n"})
    asked = ("set-version", "--service", "search", "--version", "1.1.0", root, "--format", "json")
    (refusal,) = json.loads(run(*asked, code=1))["refusals"]
    assert refusal["code"] == "shared-line"
    assert "also to billing" in refusal["message"]
