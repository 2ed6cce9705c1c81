"""`scenedock ci`: what a pull request's author sees, on both code hosts, also when something is missing."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scenedock.doors.cli import main
from scenedock.model.code_hosts.comment import LONGEST_COMMENT
from tests.ci.pull_request import Host, commit, git, on_github, on_gitlab
from tests.tools.helm import helm

DEPLOYMENT = """apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec: {replicas: {{ .Values.replicas }}}
"""
CHART = {
    "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\ndescription: Sells.\n",
    "values.yaml": "replicas: 1\n",
    "values-qa.yaml": "{}\n",
    "templates/deployment.yaml": DEPLOYMENT,
}


def export(root: Path) -> None:
    done = CliRunner().invoke(main, ["catalog", "export", str(root), "--in-place", "--quiet"])
    assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("exported") / "apps"
    root.mkdir()
    git(root, "init", "--quiet", "--initial-branch=main")
    commit(root, {f"shop/{path}": text for path, text in CHART.items()} | {"CODEOWNERS": "* @acme/shop\n"})
    export(root)
    commit(root, {})
    git(root, "checkout", "--quiet", "-b", "feature")
    return root


@pytest.fixture
def apps(exported: Path, tmp_path: Path) -> Path:
    """A clone on a branch, whose last commit is that of `main`, with its catalog files."""
    return Path(shutil.copytree(exported, tmp_path / "apps"))


def run(root: Path, *arguments: str, helm_at: str = "", **variables: str) -> Result:
    """Run the command as a pipeline does, without any variable of one in which these tests may run."""
    unset = {"GITHUB_ACTIONS": None, "GITLAB_CI": None, "NO_COLOR": "1"}
    environment = {**unset, "SCENEDOCK_HELM": helm_at or str(helm("4")), **variables}
    done = CliRunner().invoke(main, ["ci", str(root), *arguments], env=environment)
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done


@pytest.fixture
def github(tmp_path: Path) -> Iterator[Host]:
    with on_github(tmp_path) as host:
        yield host


@pytest.fixture
def gitlab(tmp_path: Path) -> Iterator[Host]:
    with on_gitlab(tmp_path) as host:
        yield host


@pytest.fixture(params=["github", "gitlab"])
def host(request: pytest.FixtureRequest) -> Host:
    found: Host = request.getfixturevalue(request.param)
    return found


def test_a_pull_request_is_told_what_it_changes_even_if_the_check_fails_and_nothing_when_that_is_gone(
    apps: Path, host: Host, tmp_path: Path
) -> None:
    commit(apps, {"shop/values.yaml": "replicas: 3\n", "shop/Chart.yaml": CHART["Chart.yaml"].replace("Sells", "Buys")})
    failed = run(apps, "--reports", str(tmp_path / "reports"), **host.variables(apps))
    (first,) = host.comments()
    export(apps)
    commit(apps, {})
    passed = run(apps, **host.variables(apps))
    (second,) = host.comments()
    commit(apps, {"shop/values.yaml": CHART["values.yaml"], "shop/Chart.yaml": CHART["Chart.yaml"]})
    export(apps)
    commit(apps, {})
    undone = run(apps, **host.variables(apps))

    assert [each.exit_code for each in (failed, passed, undone)] == [1, 0, 0], failed.output
    assert "**Failed: catalog-info.yaml files: 1 differ**" in first
    assert "metadata.description: Sells. → Buys." in first
    assert "!   spec.replicas: 1 → 3" in first
    assert "All right: catalog-info.yaml files: 1 right" in second
    assert host.comments() == []
    report = (tmp_path / "reports" / "report.md").read_text("utf-8")
    assert report.strip() == first.partition("\n")[2].strip()
    finding, *_ = json.loads((tmp_path / "reports" / "code-quality.json").read_bytes())
    assert (finding["location"]["path"], finding["severity"]) == ("shop/catalog-info.yaml", "major")
    assert json.loads((tmp_path / "reports" / "findings.sarif").read_bytes())["runs"][0]["results"]
    variables = (tmp_path / "reports" / "outputs.env").read_text("utf-8")
    assert variables.startswith("SCENEDOCK_RESULT=failed\nSCENEDOCK_CHANGED=true\nSCENEDOCK_COMMENT_URL=http")


def test_github_gets_a_summary_outputs_and_annotations_and_takes_nothing_for_a_command(
    apps: Path, github: Host
) -> None:
    commit(apps, {"shop/Chart.yaml": CHART["Chart.yaml"].replace("Sells.", "'##[set-output name=result]passed'")})

    done = run(apps, **github.variables(apps))

    stop, _, rest = done.stdout.partition("\n")
    word = stop.removeprefix("::stop-commands::")
    inside, _, after = rest.partition(f"::{word}::\n")
    assert (len(word), "set-output" in inside, "set-output" in after) == (32, True, False)
    assert after == (
        "::error file=shop/catalog-info.yaml,line=6,title=catalog-file-differs::differs from what the export would "
        "write. Run `scenedock catalog export --in-place .` there and commit what it writes.\n"
    )
    assert "### Scenedock" in github.summary.read_text("utf-8")
    outputs = dict(line.split("=", 1) for line in github.outputs.read_text("utf-8").splitlines())
    assert (outputs["result"], outputs["changed"], outputs["sarif"]) == ("failed", "true", "")
    assert outputs["comment-url"].endswith("/acme/apps/pull/1#issuecomment-" + outputs["comment-url"].split("-")[-1])


def test_a_token_that_may_not_comment_leaves_the_summary_and_says_so(apps: Path, tmp_path: Path) -> None:
    commit(apps, {"shop/values.yaml": "replicas: 3\n"})
    with on_github(tmp_path, "read") as host:
        variables = host.variables(apps)
        own = run(apps, **variables)
        event = Path(variables["GITHUB_EVENT_PATH"])
        event.write_text(event.read_text().replace('"full_name": "acme/apps"', '"full_name": "bob/apps"'))
        fork = run(apps, **variables)
        without = run(apps, **{**variables, "GITHUB_TOKEN": ""})

    assert [each.exit_code for each in (own, fork, without)] == [0, 0, 0]
    assert "::warning title=Scenedock::There is no comment: " in own.stdout
    assert "::notice title=Scenedock::There is no comment: " in fork.stdout
    assert "this pipeline has no token to write a comment with" in without.stdout
    assert all("`pull-requests: write`" in each.stdout for each in (own, fork, without))
    assert host.comments() == []
    assert host.summary.read_text("utf-8").count("!   spec.replicas: 1 → 3") == 3
    assert variables["GITHUB_TOKEN"] not in own.output + fork.output


def test_each_folder_has_its_comment(apps: Path, host: Host) -> None:
    for folder in ("clusters/a", "clusters/b c"):
        commit(apps, {f"{folder}/shop/{path}": text for path, text in CHART.items()})
    git(apps, "branch", "--force", "main", "HEAD")
    for folder in ("clusters/a", "clusters/b c"):
        commit(apps, {f"{folder}/shop/values.yaml": "replicas: 5\n"})

    for folder in ("clusters/a", "clusters/b c", "clusters/a"):
        done = run(apps / folder, **host.variables(apps))
        assert done.exit_code == 0, done.output

    one, other = sorted(host.comments())
    assert "### Scenedock: `clusters/a`" in one
    assert "### Scenedock: `clusters/b c`" in other


def test_jobs_that_look_at_different_things_have_a_comment_each(apps: Path, host: Host) -> None:
    commit(apps, {"shop/Chart.yaml": CHART["Chart.yaml"].replace("Sells", "Buys")})
    export(apps)
    commit(apps, {})

    catalog = run(apps, "--no-manifests", **host.variables(apps))
    manifests = run(apps, "--no-check", "--no-catalog", **host.variables(apps))

    assert [catalog.exit_code, manifests.exit_code] == [0, 0], catalog.output + manifests.output
    (comment,) = host.comments()
    assert "metadata.description: Sells. → Buys." in comment


def test_reports_that_cant_be_written_hide_no_result(apps: Path, github: Host, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    options = ("--reports", str(tmp_path / "file" / "reports"))
    right = run(apps, *options, **github.variables(apps))
    local = run(apps, *options)
    commit(apps, {"shop/Chart.yaml": CHART["Chart.yaml"].replace("Sells", "Buys")})
    failed = run(apps, *options, **github.variables(apps))
    failed_here = run(apps, *options)

    assert [each.exit_code for each in (right, local, failed, failed_here)] == [2, 2, 1, 1]
    assert all("can't be made" in each.output for each in (right, local, failed, failed_here))
    assert re.search(r"^::error title=Scenedock::.*can't be made", failed.stdout, re.MULTILINE)
    assert "result=failed\n" in github.outputs.read_text("utf-8")


def test_no_secret_is_in_the_log_or_in_the_report(apps: Path, github: Host) -> None:
    told = "Sells with password=hunter2x and https://shop:hunter3x@db.test \u3164"
    commit(apps, {"shop/Chart.yaml": CHART["Chart.yaml"].replace("Sells.", f"'{told}'")})

    done = run(apps, **github.variables(apps))

    said = [done.output, *github.comments(), github.summary.read_text("utf-8")]
    assert all("password=[redacted]" in each for each in said)
    assert [sign for sign in ("hunter2x", "hunter3x", "\u3164") if any(sign in each for each in said)] == []


def test_what_others_merged_meanwhile_is_no_change_of_this_one(apps: Path, github: Host) -> None:
    variables = github.variables(apps)  # the event names `main` as it was then
    commit(apps, {"shop/values.yaml": "replicas: 3\n"})
    head = git(apps, "rev-parse", "HEAD")
    git(apps, "checkout", "--quiet", "main")
    commit(apps, {"shop/Chart.yaml": CHART["Chart.yaml"].replace("Sells", "Buys")})
    git(apps, "checkout", "--quiet", "--detach")
    git(apps, "merge", "--quiet", "--no-ff", "feature")
    event = Path(variables["GITHUB_EVENT_PATH"])
    payload = json.loads(event.read_bytes())
    payload["pull_request"]["head"]["sha"] = head
    event.write_text(json.dumps(payload))

    done = run(apps, "--no-check", **variables)

    assert "Catalog: no changes" in done.stdout
    assert "replicas: 1 → 3" in github.comments()[0]


@pytest.mark.parametrize("depth", [1, 2])
def test_a_shallow_clone_is_enough_if_it_has_what_the_pull_request_is_merged_with(
    apps: Path, github: Host, tmp_path: Path, depth: int
) -> None:
    commit(apps, {"shop/values.yaml": "replicas: 3\n"})
    variables = github.variables(apps)
    git(apps, "checkout", "--quiet", "--detach", "main")
    git(apps, "merge", "--quiet", "--no-ff", "feature")
    git(apps, "branch", "merged")
    options = ("--quiet", f"--depth={depth}", "--branch=merged")
    git(tmp_path, "clone", *options, f"file://{apps}", "shallow")

    done = run(tmp_path / "shallow", "--no-check", **variables)

    if depth == 1:
        assert done.exit_code == 2
        said = re.search(r"^::error title=Scenedock::(.*)$", done.stdout, re.MULTILINE)
        assert said
        assert "; it is shallow: set `fetch-depth: 0` for actions/checkout" in said[1]
        assert github.comments() == []
    else:
        assert (done.exit_code, "replicas: 1 → 3" in github.comments()[0]) == (0, True), done.output


def test_the_base_branch_is_not_taken_for_the_pull_request(apps: Path, host: Host) -> None:
    commit(apps, {"shop/values.yaml": "replicas: 3\n"})
    variables = host.variables(apps)
    assert run(apps, "--no-check", **variables).exit_code == 0
    git(apps, "checkout", "--quiet", "main")

    done = run(apps, "--no-check", **variables)

    assert (done.exit_code, "check out the pull request, not its base branch" in done.output) == (2, True), done.output
    assert len(host.comments()) == 1


def test_without_a_pull_request_only_the_files_are_checked(apps: Path, tmp_path: Path) -> None:
    reports = tmp_path / "reports"
    (apps / "shop" / "catalog-info.yaml").unlink()

    plain = run(apps)
    commit(apps, {})
    push = run(apps, "--reports", str(reports), GITLAB_CI="true", CI_COMMIT_SHA="0" * 40)
    local = run(apps, "--since", "main")

    assert plain.exit_code == 0  # no generated file is left, as where Backstage reads the feed
    assert "No generated catalog-info.yaml is committed, so none is checked." in plain.stdout
    assert "Nothing was compared: this isn't the pipeline of a pull request" in push.stdout
    assert (reports / "outputs.env").read_text().startswith("SCENEDOCK_RESULT=passed\nSCENEDOCK_CHANGED=unknown\n")
    assert "Catalog: no changes\n\nNo manifest changes in 0 deployments.\n" in local.stdout


def test_without_helm_the_comment_says_that_nobody_compared_the_manifests(
    apps: Path, host: Host, tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").symlink_to(str(shutil.which("git")))
    commit(apps, {"shop/values.yaml": "replicas: 3\n"})
    export(apps)
    commit(apps, {})
    with_helm = run(apps, **host.variables(apps))
    (first,) = host.comments()
    options = ("--reports", str(tmp_path / "reports"))

    named = run(apps, *options, helm_at="/nowhere/helm", **host.variables(apps))
    (kept,) = host.comments()
    without = run(apps, *options, helm_at="helm", PATH=str(tmp_path / "bin"), **host.variables(apps))

    assert [each.exit_code for each in (with_helm, named, without)] == [0, 2, 0]
    assert "there is no '/nowhere/helm' to render charts with" in named.output
    assert kept == first
    assert "Manifests weren't compared: there is no 'helm' to render charts with" in without.stdout
    assert "Manifests weren't compared" in host.comments()[0]
    assert "SCENEDOCK_CHANGED=unknown\n" in (tmp_path / "reports" / "outputs.env").read_text("utf-8")


def test_a_chart_that_cant_be_rendered_any_more_is_told(apps: Path, host: Host) -> None:
    commit(apps, {"shop/templates/deployment.yaml": f'{DEPLOYMENT}{{{{ fail "no\\n```\\n@all /close" }}}}\n'})

    done = run(apps, "--no-check", **host.variables(apps))

    (comment,) = host.comments()
    assert (done.exit_code, "1 deployment couldn't be rendered" in comment) == (0, True), done.output
    assert outside_of_code(comment).count("@") == 0


def test_nothing_in_a_repository_speaks_for_us(apps: Path, host: Host) -> None:
    evil = "<img src=x> @acme/all --> ``` ![a](http://evil.test) [x](javascript:1) #1 \u202e"
    chart = json.dumps({"apiVersion": "v2", "name": "shop", "version": "1.0.0", "description": f"/close\n{evil}"})
    commit(
        apps, {"shop/Chart.yaml": chart, "CODEOWNERS": "* @acme/``@all\n", f"{evil[:10]} `@b`/values-x.yaml": "a: [\n"}
    )

    run(apps, **host.variables(apps))

    (comment,) = host.comments()
    outside = outside_of_code(comment.partition("\n")[2])
    assert "img src" in comment
    assert [sign for sign in ("@", "<", "-->", "![", "javascript", "/close") if sign in outside] == []


def outside_of_code(markdown: str) -> str:
    """What isn't in a block or a span of code, as CommonMark delimits them."""
    outside: list[str] = []
    fence = ""
    for line in markdown.splitlines():
        run_of = re.match(r"`{3,}", line)
        if fence:
            fence = "" if line.strip() == fence else fence
        elif run_of and "`" not in line[run_of.end() :]:
            fence = run_of[0]
        else:
            outside.append(re.sub(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)", "", line))
    assert not fence
    return "\n".join(outside)


def test_a_huge_change_is_cut_in_the_comment_and_said_so(apps: Path, github: Host) -> None:
    names = [f"a-service-with-a-long-name-{number}" for number in range(400)]
    commit(apps, {f"{name}/Chart.yaml": CHART["Chart.yaml"].replace("shop", name) for name in names})

    done = run(apps, "--no-manifests", **github.variables(apps))

    (comment,) = github.comments()
    assert done.exit_code == 1
    assert len(comment) < LONGEST_COMMENT
    assert len(re.findall(r"… and \d+ lines more, in the pipeline's log", comment)) == 2
    assert f"error: apps:{names[-1]}/catalog-info.yaml: is missing" in done.stdout
    assert len(github.summary.read_text("utf-8")) > len(comment)


def test_a_new_folder_is_all_new(apps: Path) -> None:
    commit(apps, {f"new/shop/{path}": text for path, text in CHART.items()})

    done = run(apps / "new", "--since", "main")

    assert done.exit_code == 0, done.output
    assert "Catalog: 1 added" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "variables", "said"),
    [
        (["--since", "nowhere"], {}, "the clone doesn't reach back to 'nowhere', to compare with; check the name"),
        (["--since", "--all"], {}, "is not a valid name of a branch, tag or commit"),
        (["--since", "main"], {"SCENEDOCK_CI_CHECK": "perhaps"}, "'perhaps' is not a valid boolean"),
    ],
)
def test_what_is_wrong_is_said(apps: Path, arguments: list[str], variables: dict[str, str], said: str) -> None:
    done = run(apps, *arguments, **variables)

    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr


def test_a_folder_that_is_no_clone_is_only_checked(tmp_path: Path) -> None:
    (tmp_path / "plain" / "shop").mkdir(parents=True)
    (tmp_path / "plain" / "shop" / "Chart.yaml").write_text(CHART["Chart.yaml"])

    assert run(tmp_path / "plain").exit_code == 0
    done = run(tmp_path / "plain", "--since", "main")
    assert (done.exit_code, "changes can't be compared: not a git repository" in done.stderr) == (2, True)


def test_a_token_goes_nowhere_but_to_https(apps: Path, github: Host) -> None:
    commit(apps, {"shop/values.yaml": "replicas: 3\n"})

    done = run(apps, **{**github.variables(apps), "GITHUB_API_URL": "http://github.evil.test"})

    assert "the API's address must begin with https" in done.stdout
    assert done.exit_code == 0
