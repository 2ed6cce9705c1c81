"""A change becomes a branch, one commit and a pull request, with all that git keeps of files."""

from __future__ import annotations

import base64
import re

import pytest

from scenedock.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from scenedock.skeletons.rendering.output import BakedFile, BakedTree
from scenedock.structs import replace
from tests.fakes.shared.bare import Entry, Signature
from tests.fakes.shared.messages import Answer
from tests.publishing.acme import Acme
from tests.publishing.company import APPS, Company

APPS_URL = "apps"
ADA = Signature("Ada", "ada@example.org", "1700000000 +0000")
NEW_TAG = {
    "repoUrl": APPS_URL,
    "title": "billing 1.4.0",
    "edits": [{"path": "billing/values.yaml", "set": {"image.tag": "1.4.0"}}],
}


def test_a_new_tag_is_one_commit_whose_message_says_for_whom_and_by_which_task(company: Company) -> None:
    made = company.run(
        "propose-change", {**NEW_TAG, "body": "Built by CI.", "labels": ["deploy"], "reviewers": ["bob"]}
    )

    apps = company.repository("apps")
    (commit, before) = apps.git.commits(made["branch"])
    assert (made["changed"], made["number"], made["state"]) == (True, 1, "open")
    assert re.fullmatch(r"scenedock/billing-1-4-0-[0-9a-f]{10}", made["branch"])
    assert commit.message == "billing 1.4.0\n\nRequested-by: user:default/jane\nScenedock-Task: task-1/step-1"
    assert (commit.sha, commit.parents) == (made["commitHash"], (before.sha,))
    expected = APPS["billing/values.yaml"].replace("'1.3.0'", "'1.4.0'").encode()
    assert apps.files(made["branch"])["billing/values.yaml"] == ("100644", expected)
    pull = company.pulls()[1]
    assert (pull.title, pull.base, sorted(pull.labels)) == ("billing 1.4.0", "main", ["deploy"])
    assert pull.body == "Built by CI.\n\n---\nRequested-by: user:default/jane\nScenedock-Task: task-1/step-1"
    assert made["pullRequestUrl"] == company.pull_url(1)


def test_what_is_missing_is_added_and_a_document_named_and_who_follows_is_in_the_log(company: Company) -> None:
    files = {
        "apps.yaml": "# Ours\nkind: AppProject\n---\nkind: Application\nmetadata: {name: billing}\n"
        "spec:\n  tag: v1 # now\n",
        "anchors.yaml": "tag: &tag v1\nweb: {tag: *tag}\n",
    }
    company.commit("main", files)
    memory = {"path": "billing/values.yaml", "add": {"resources.limits.memory": "1Gi", "args.-": "--verbose"}}
    application = {"path": "apps.yaml", "document": "Application/billing", "set": {"spec.tag": "v2"}}
    project = {"path": "apps.yaml", "document": 1, "add": {"spec": {"sourceRepos": ["*"]}}}
    anchor = {"path": "anchors.yaml", "set": {"tag": "v2"}}

    made = company.run("propose-change", {**NEW_TAG, "edits": [memory, application, project, anchor]})

    changed = {path: data.decode() for path, (_, data) in company.repository("apps").files(made["branch"]).items()}
    added = 'resources:\n  limits:\n    memory: 1Gi\nargs:\n  - "--verbose"\n'
    assert changed["billing/values.yaml"] == APPS["billing/values.yaml"] + added
    assert changed["apps.yaml"] == files["apps.yaml"].replace("v1", "v2").replace(
        "AppProject\n", 'AppProject\nspec:\n  sourceRepos:\n    - "*"\n'
    )
    assert changed["anchors.yaml"] == "tag: &tag v2\nweb: {tag: *tag}\n"
    assert "anchors.yaml: with tag change, by its anchor: web.tag" in company.logged


def test_an_edit_without_a_value_is_refused(company: Company) -> None:
    with pytest.raises(InputError, match=r"the edit of 'a.yaml' has neither `set` nor `add`"):
        company.run("propose-change", {**NEW_TAG, "edits": [{"path": "a.yaml"}]})


def test_a_baked_folder_goes_below_a_path_with_its_bits_and_binaries(company: Company) -> None:
    files = (BakedFile("ledger/Chart.yaml", b"name: ledger\n"), BakedFile("ledger/logo.png", b"\x89PNG\0\xff"))
    script = BakedFile("ledger/hooks/run.sh", "#!/bin/sh\necho é\r\n".encode(), 0o755)
    tree = BakedTree("ledger", (files[0], script, files[1]), {"ledger": None, "ledger/hooks": None})
    folder = company.effects.results.keep(tree)

    made = company.run(
        "propose-change", {"repoUrl": APPS_URL, "title": "Add", "folder": folder, "targetPath": "ledger"}
    )

    assert company.repository("apps").files(made["branch"]) == {
        **{path: ("100644", text.encode()) for path, text in APPS.items()},
        "ledger/Chart.yaml": ("100644", b"name: ledger\n"),
        "ledger/hooks/run.sh": ("100755", "#!/bin/sh\necho é\r\n".encode()),
        "ledger/logo.png": ("100644", b"\x89PNG\0\xff"),
    }


def test_links_of_a_baked_folder_are_links_in_the_commit_and_may_replace_such(company: Company) -> None:
    files = (
        BakedFile("ledger/1.txt", b"1"),
        BakedFile("ledger/2.txt", b"2"),
        BakedFile("ledger/x", b"1.txt", link=True),
    )
    later = (*files[:2], replace(files[2], content=b"2.txt"))
    trees = [BakedTree("ledger", each, {"ledger": None}) for each in (files, later)]
    folders = [company.effects.results.keep(tree) for tree in trees]
    given = {"repoUrl": APPS_URL, "commitMessage": "Add", "targetPath": "ledger"}

    company.run("commit-change", {**given, "folder": folders[0]})
    first = company.repository("apps").files("main")["ledger/x"]
    company.run("commit-change", {**given, "folder": folders[1], "overwrite": True}, task="task-2")

    assert (first, company.repository("apps").files("main")["ledger/x"]) == (("120000", b"1.txt"), ("120000", b"2.txt"))


def test_files_are_written_deleted_and_renamed_in_one_commit(company: Company) -> None:
    binary = base64.b64encode(b"\0\1").decode()
    first = company.run(
        "propose-change",
        {
            "repoUrl": APPS_URL,
            "title": "Rework",
            "files": [
                {"path": "billing/run.sh", "content": "#!/bin/sh\nexit\n", "executable": True},
                {"path": "logo", "content": binary, "encoding": "base64"},
            ],
            "delete": ["NOTES.md"],
            "rename": [{"from": "billing/qa.yaml", "to": "qa/billing.yaml"}],
        },
    )

    apps = company.repository("apps")
    assert apps.files(first["branch"]) == {
        "README.md": ("100644", APPS["README.md"].encode()),
        "billing/run.sh": ("100755", b"#!/bin/sh\nexit\n"),
        "billing/values.yaml": ("100644", APPS["billing/values.yaml"].encode()),
        "logo": ("100644", b"\0\1"),
        "qa/billing.yaml": ("100644", APPS["billing/qa.yaml"].encode()),
    }
    again = {
        "repoUrl": APPS_URL,
        "title": "Move the folder",
        "baseBranch": first["branch"],
        "files": [{"path": "logo", "content": "text"}],
        "rename": [{"from": "billing", "to": "deployments/billing"}],
    }
    second = company.run("propose-change", again, task="task-2")
    files = apps.files(second["branch"])
    assert files["deployments/billing/run.sh"] == ("100755", b"#!/bin/sh\nexit\n")
    assert sorted(files) == [
        "README.md",
        "deployments/billing/run.sh",
        "deployments/billing/values.yaml",
        "logo",
        "qa/billing.yaml",
    ]


def test_what_changes_nothing_makes_neither_branch_nor_pull_request(company: Company) -> None:
    made = company.run(
        "propose-change", {"repoUrl": APPS_URL, "title": "Same", "files": [{"path": "NOTES.md", "content": "old\n"}]}
    )

    apps = company.repository("apps")
    assert (made["changed"], made["branch"], made["pullRequestUrl"]) == (False, "main", None)
    assert made["commitHash"] == apps.branch("main")
    assert (company.pulls(), list(apps.git.refs())) == ({}, ["refs/heads/main"])


@pytest.mark.parametrize(
    ("more", "error", "said"),
    [
        ({}, InputError, "the request changes nothing"),
        ({"delete": ["gone"]}, NotFoundError, "no file or folder 'gone'"),
        ({"rename": [{"from": "NOTES.md", "to": "README.md"}]}, ConflictError, "already in the repository: README.md"),
        ({"edits": [{"path": "no.yaml", "set": {"a": 1}}]}, NotFoundError, "no file 'no.yaml'"),
        (
            {"edits": [{"path": "billing/values.yaml", "set": {"image.tg": 1}}]},
            InputError,
            r"billing/values.yaml:2: .*tg",
        ),
        ({"files": [{"path": "a", "content": ""}] * 2}, InputError, "'a' is changed twice"),
        (
            {"files": [{"path": "x/y", "content": ""}, {"path": "x", "content": ""}]},
            InputError,
            "'x' would be both a file",
        ),
        ({"files": [{"path": "README.md/x", "content": ""}], "delete": ["NOTES.md"]}, ConflictError, "is a file"),
        ({"files": [{"path": "billing", "content": ""}], "delete": ["NOTES.md"]}, ConflictError, "is a folder"),
        ({"baseBranch": "no", "delete": ["NOTES.md"]}, NotFoundError, "no branch 'no'"),
        ({"folder": "0" * 32}, NotFoundError, "no such folder"),
        ({"delete": ["NOTES.md"], "body": "x\nScenedock-Task: a/b"}, InputError, "Scenedock writes these"),
        ({"repoUrl": "none", "delete": ["a"]}, NotFoundError, "doesn't exist"),
        ({"repoUrl": "HOST/other/none", "delete": ["a"]}, NotAllowedError, "only repositories of acme, ada"),
    ],
)
def test_what_cannot_be_changed_is_refused_and_nothing_is_made(
    company: Company, more: dict[str, object], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        company.run("propose-change", {"repoUrl": APPS_URL, "title": "x", **more})

    assert (list(company.repository("apps").git.refs()), company.pulls()) == (["refs/heads/main"], {})


def test_a_folder_replaces_files_only_if_told_to(company: Company) -> None:
    tree = BakedTree("billing", (BakedFile("billing/values.yaml", b"a: 1\n"),), {"billing": None})
    given = {"repoUrl": APPS_URL, "title": "x", "folder": company.effects.results.keep(tree), "targetPath": "billing"}

    with pytest.raises(ConflictError, match=r"already in the repository: billing/values.yaml; .*`overwrite`"):
        company.run("propose-change", given)
    made = company.run("propose-change", {**given, "overwrite": True})

    assert company.repository("apps").files(made["branch"])["billing/values.yaml"] == ("100644", b"a: 1\n")


def test_a_branch_that_somebody_else_made_stays_as_it_is(company: Company) -> None:
    theirs = company.commit("main", {"a": "b"})
    company.repository("apps").git.move("refs/heads/feature", theirs)

    for again in (False, True):
        with pytest.raises(ConflictError, match="a branch 'feature' that isn't only an earlier change of"):
            company.run("propose-change", {**NEW_TAG, "branch": "feature"}, again=again)

    assert company.repository("apps").branch("feature") == theirs
    assert company.pulls() == {}


def test_a_later_change_with_the_same_branch_updates_the_pull_request_of_the_first(company: Company) -> None:
    company.run("propose-change", {**NEW_TAG, "branch": "bump", "body": "First."})
    company.edit_text(1, f"Ada: after Monday.\n\n{company.pulls()[1].body}")
    company.commit("main", {"NOTES.md": "moved\n"})
    later = {
        "repoUrl": APPS_URL,
        "title": "billing 1.5.0",
        "body": "Second.",
        "branch": "bump",
        "edits": [{"path": "billing/values.yaml", "set": {"image.tag": "1.5.0"}}],
    }

    second = company.run("propose-change", later, task="task-2")
    retried = company.run("propose-change", later, task="task-2", again=True)
    with pytest.raises(ConflictError, match="a later change has replaced this one"):
        company.run("propose-change", {**NEW_TAG, "branch": "bump"}, again=True)

    apps = company.repository("apps")
    assert (second["number"], second["state"], retried, len(company.pulls())) == (1, "open", second, 1)
    assert company.pulls()[1].title == "billing 1.5.0"
    text = str(company.pulls()[1].body)
    assert (text.startswith("Ada: after Monday."), "First." in text) == (True, False)
    assert "Scenedock-Task: task-2/step-1" in text
    assert (len(apps.git.commits("main..bump")), apps.files("bump")["NOTES.md"][1]) == (1, b"moved\n")
    assert b"tag: '1.5.0'" in apps.files("bump")["billing/values.yaml"][1]


@pytest.mark.parametrize(
    ("more", "said"), [({}, "isn't only an earlier change"), ({"baseBranch": "next"}, "for 'main'")]
)
def test_a_branch_of_ours_is_not_replaced_if_others_work_on_it_or_it_is_for_another_base(
    company: Company, more: dict[str, str], said: str
) -> None:
    first = company.run("propose-change", {**NEW_TAG, "branch": "bump"})
    apps = company.repository("apps")
    if more:
        apps.git.move("refs/heads/next", apps.branch("main") or "")
    else:
        company.commit("bump", {"more": "by a person"})
    before = apps.branch("bump")

    with pytest.raises(ConflictError, match=said):
        company.run("propose-change", {**NEW_TAG, "title": "Other", "branch": "bump", **more}, task="task-2")

    assert (apps.branch("bump"), first["number"], len(company.pulls())) == (before, 1, 1)


@pytest.mark.parametrize("branch", ["scenedock/deploy/billing/dev", "scenedock/lock/production", "scenedock/deploy"])
def test_the_branches_of_deployments_and_locks_are_not_for_other_changes(acme: Acme, branch: str) -> None:
    with pytest.raises(InputError, match="whose branches Scenedock names itself"):
        acme.run("propose-change", {**NEW_TAG, "branch": branch})
    with pytest.raises(InputError, match="whose branches Scenedock names itself"):
        acme.run(
            "commit-change", {"repoUrl": "apps", "commitMessage": "x", "edits": NEW_TAG["edits"], "branch": branch}
        )

    assert acme.writes() == []


def test_the_same_step_finds_its_pull_request_again_also_when_it_is_merged_and_its_branch_gone(
    company: Company,
) -> None:
    first = company.run("propose-change", NEW_TAG)
    apps = company.repository("apps")
    assert company.run("propose-change", NEW_TAG, again=True) == first
    company.merge(1)
    apps.git.run("update-ref", "-d", f"refs/heads/{first['branch']}")

    again = company.run("propose-change", NEW_TAG, again=True)

    assert (again["number"], again["state"], len(company.pulls())) == (1, "merged", 1)


def test_a_pull_request_whose_text_was_edited_is_found_by_its_branch(company: Company) -> None:
    first = company.run("propose-change", NEW_TAG)
    company.edit_text(1, "edited")
    company.commit(first["branch"], {"more": "by a person"})

    again = company.run("propose-change", NEW_TAG, again=True)

    assert (again["number"], len(company.pulls())) == (1, 1)


def test_another_task_with_the_same_title_has_a_branch_of_its_own(company: Company) -> None:
    first, second = company.run("propose-change", NEW_TAG), company.run("propose-change", NEW_TAG, task="task-2")

    assert first["branch"] != second["branch"]
    assert (first["number"], second["number"]) == (1, 2)


def test_reviewers_that_github_refuses_are_told_and_the_pull_request_stays(acme: Acme) -> None:
    made = acme.run("propose-change", {**NEW_TAG, "reviewers": ["nobody"]})

    assert (made["number"], made["state"]) == (1, "open")
    assert [line for line in acme.logged if "the pull request is open, but" in line]


def test_a_repository_with_more_files_than_github_lists_is_looked_at_where_it_matters(acme: Acme) -> None:
    acme.github.world.commit("acme/apps", "main", {"other/deep/down/x": "y"})
    tree = {"sha": "0" * 40, "url": "https://api.github.com/", "tree": [], "truncated": True}
    acme.github.faults.add("GET .*/git/trees/", before=lambda: Answer(200, tree))

    made = acme.run("propose-change", {**NEW_TAG, "rename": [{"from": "billing/run.sh", "to": "bin/run.sh"}]})

    files = acme.repository("apps").files(made["branch"])
    assert ("bin/run.sh" in files, "billing/run.sh" in files, "other/deep/down/x" in files) == (True, False, True)
    assert len([call for call in acme.calls() if "GET /repos/acme/apps/git/trees/" in call]) == 3


def test_a_file_that_is_written_anew_stays_executable_unless_told_otherwise(company: Company) -> None:
    git = company.repository("apps").git
    tree = git.write_tree([Entry("run.sh", "100755", "blob", git.write_blob(b"old\n"))], git.resolve("main", "tree"))
    git.move("refs/heads/main", git.write_commit(tree, [git.refs()["refs/heads/main"]], "x", ADA, ADA))
    given = {"repoUrl": APPS_URL, "title": "x", "files": [{"path": "run.sh", "content": "new\n"}]}

    kept = company.run("propose-change", given)
    told = company.run(
        "propose-change", {**given, "files": [{"path": "run.sh", "content": "", "executable": False}]}, task="task-2"
    )

    files = company.repository("apps").files
    assert (files(kept["branch"])["run.sh"], files(told["branch"])["run.sh"]) == (("100755", b"new\n"), ("100644", b""))


def test_a_file_never_takes_the_place_of_a_folder(company: Company) -> None:
    with pytest.raises(ConflictError, match="'billing' is a folder in the repository"):
        company.run(
            "propose-change", {"repoUrl": APPS_URL, "title": "x", "files": [{"path": "billing", "content": "all gone"}]}
        )


@pytest.mark.parametrize(
    "change",
    [
        {"files": [{"path": "link.yaml", "content": "a: 1"}]},
        {"edits": [{"path": "link.yaml", "set": {"image.tag": "2"}}]},
    ],
)
def test_a_symbolic_link_is_not_written_through(company: Company, change: dict[str, object]) -> None:
    git = company.repository("apps").git
    link = Entry("link.yaml", "120000", "blob", git.write_blob(b"billing/values.yaml"))
    tree = git.write_tree([link], git.resolve("main", "tree"))
    git.move("refs/heads/main", git.write_commit(tree, [git.refs()["refs/heads/main"]], "x", ADA, ADA))

    with pytest.raises(ConflictError, match=r"'link\.yaml' is a symbolic link in the repository"):
        company.run("propose-change", {"repoUrl": APPS_URL, "title": "x", **change})


@pytest.mark.parametrize(
    "more",
    [
        {"delete": [f"d{number}" for number in range(101)]},
        {"rename": [{"from": f"f{number}", "to": f"t{number}"} for number in range(101)]},
        {"edits": [{"path": f"{number}.yaml", "set": {"a": 1}} for number in range(101)]},
        {"edits": [{"path": "a.yaml", "set": {f"k{number}": 1 for number in range(101)}}]},
        {"labels": [f"l{number}" for number in range(101)]},
        {"reviewers": ["bob"] * 16},
        {"teamReviewers": ["payments"] * 16},
    ],
)
def test_longer_lists_than_a_change_has_are_refused_before_any_call(company: Company, more: dict[str, object]) -> None:
    company.calls()

    with pytest.raises(InputError):
        company.run(
            "propose-change", {"repoUrl": APPS_URL, "title": "x", "files": [{"path": "a", "content": ""}], **more}
        )

    assert company.calls() == []


def test_github_enterprise_has_its_api_below_a_path(acme: Acme) -> None:
    acme.hosts.write_text(acme.hosts.read_text("utf-8").replace(acme.github.url, f"{acme.github.url}/api/v3"), "utf-8")
    acme.restart()
    acme.calls()

    made = acme.run("propose-change", {**NEW_TAG, "labels": ["deploy"]})

    assert made["number"] == 1
    assert {call.split()[1].partition("/repos/")[0] for call in acme.calls()} == {"/api/v3"}
