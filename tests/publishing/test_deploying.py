"""The actions that change versions: what they propose or commit, what they refuse, and who may pass a lock."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest

from scenedock.errors import ConflictError, InputError, NotAllowedError, NotFoundError, TemporaryError
from scenedock.structs import replace
from tests.publishing.deploying import FILES, Deploying, deploying_in
from tests.tools.helm import helm

PROTECTION = {
    "required_status_checks": None,
    "enforce_admins": True,
    "required_pull_request_reviews": {"required_approving_review_count": 1},
    "restrictions": None,
}
LOCK = """environments: {known: [dev, qa, production]}
locks:
- environment: production
  reason: freeze
  until: 2099-01-01
"""


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[Deploying]:
    with deploying_in(tmp_path / "acme") as company:
        yield company


def test_a_promotion_is_one_pull_request_that_shows_the_manifests_and_follows_the_next_one(acme: Deploying) -> None:
    acme.program = str(helm("4"))
    acme.restart()
    promotion = {"fromEnvironment": "qa", "toEnvironment": "production"}

    first = acme.deploy("promote-deployment", **promotion)
    same = acme.deploy("promote-deployment", "task-2", **promotion)
    acme.change({"billing/values-qa.yaml": "image:\n  tag: 1.4.1 # qa\n"})
    later = acme.deploy("promote-deployment", "task-3", **promotion)

    (published,) = first["published"]
    assert (published["branch"], published["number"]) == ("scenedock/deploy/billing/production", 1)
    assert [same["published"][0]["number"], later["published"][0]["number"]] == [1, 1]
    gitops = acme.repository("gitops")
    (pull,) = gitops.pulls.values()
    assert pull.title == "Promote billing 1.4.1 to production"
    assert "acme/billing:1.3.0" in (pull.body or "")
    assert "acme/billing:1.4.1" in (pull.body or "")
    assert len((pull.body or "").encode()) < 61_000
    assert acme.says("production", published["branch"]) == "image:\n  tag: 1.4.1 # production\n"
    assert len(gitops.git.commits(f"main..{published['branch']}")) == 1


def test_what_speaks_against_it_refuses_it_and_names_its_input(acme: Deploying) -> None:
    for version, name in {
        "1.2.0": "allowDowngrade",
        "1.6.0-rc.1": "allowPreRelease",
        "1.6.0": "allowUntriedVersion",
    }.items():
        with pytest.raises(ConflictError, match=f"or set `{name}`"):
            acme.deploy("promote-deployment", toEnvironment="production", version=version)
    assert acme.repository("gitops").pulls == {}

    made = acme.deploy("promote-deployment", toEnvironment="production", version="1.6.0", allowUntriedVersion=True)

    assert [each["code"] for each in made["lifted"]] == ["untried-version"]
    (pull,) = acme.repository("gitops").pulls.values()
    assert "What it does to the manifests isn't known: there is no 'no-helm'" in (pull.body or "")


def test_the_host_decides_who_can_be_a_reviewer(acme: Deploying) -> None:
    asked: list[dict[str, Any]] = [{"reviewers": ["jane_doe"]}, {"teamReviewers": ["acme/payments"]}]
    for reviewers in asked:
        with pytest.raises(InputError, match=r"is not the name of a (user|team) on github\.com"):
            acme.deploy("set-version", environment="dev", version="1.5.1", **reviewers)


def test_what_is_not_deployed_is_not_found(acme: Deploying) -> None:
    for service, environment, message in (
        ("biling", "dev", r"there is no deployment of a service 'biling' \(did you mean billing\?\)"),
        ("billing", "test", "'billing' isn't deployed in 'test'"),
    ):
        with pytest.raises(NotFoundError, match=message):
            acme.run("set-version", {"services": [service], "environment": environment, "version": "1.5.1"})


def test_what_is_said_for_a_lock_gives_code_hosts_no_orders(acme: Deploying) -> None:
    acme.change({"scenedock.yaml": LOCK})
    reason = "fixes #1 for @all [skip ci]"

    made = acme.run(
        "set-version",
        {
            "services": ["component:default/billing"],
            "environment": "production",
            "version": "1.4.0",
            "passLock": reason,
        },
    )

    (commit,) = acme.repository("gitops").git.commits(f"main..{made['published'][0]['branch']}")
    assert "A lock is passed: fixes #\u20601 for @\u2060all [\u2060skip ci]" in commit.message


def test_where_nothing_changes_nothing_is_proposed(acme: Deploying) -> None:
    done = acme.deploy("set-version", environment="dev", version="1.5.0")

    assert (done["changed"], done["published"], done["pullRequestUrl"]) == (False, [], None)


def test_a_lock_is_passed_with_a_reason_that_the_text_has(acme: Deploying) -> None:
    acme.change({"billing/values-production.yaml": "image:\n  tag: 1.4.0 # production\n"})
    acme.change({"scenedock.yaml": LOCK})

    with pytest.raises(ConflictError, match=r"production is locked until 2099-01-01: freeze .*`passLock`"):
        acme.deploy("roll-back-deployment", environment="production")
    acme.deploy("roll-back-deployment", environment="production", passLock="1.4.0 charges twice")

    (pull,) = acme.repository("gitops").pulls.values()
    assert "1.4.0 charges twice" in (pull.body or "")
    assert acme.says("production", pull.head) == "image:\n  tag: 1.3.0 # production\n"


def test_a_lock_counts_before_the_service_has_read_it(tmp_path: Path) -> None:
    with deploying_in(tmp_path / "acme", "acme/gitops") as acme:
        acme.github.world.commit("acme/gitops", "main", {"scenedock.yaml": LOCK.replace("production\n", "dev\n")})
        wanted = {"environment": "dev", "version": "1.5.1"}

        for propose in (False, True):
            with pytest.raises(ConflictError, match=r"dev is locked until 2099-01-01: freeze.*`passLock`"):
                acme.deploy("set-version", propose=propose, **wanted)
        with pytest.raises(TemporaryError, match="dev is locked until 2099-01-01: freeze, since the service read"):
            acme.deploy("set-version", passLock="the fix", **wanted)
        acme.deploy("set-version", environment="qa", version="1.5.0")
        assert (acme.says("dev"), acme.repository("gitops").pulls) == (FILES["billing/values-dev.yaml"], {})
        acme.follow()
        acme.deploy("set-version", "task-2", passLock="the fix", **wanted)

        assert acme.says("dev") == "image:\n  tag: 1.5.1 # dev\n"
        assert "the fix" in acme.repository("gitops").git.commits("main")[0].message


def test_a_file_that_changed_since_it_was_read_is_planned_again(acme: Deploying) -> None:
    acme.github.world.commit("acme/gitops", "main", {"billing/values-qa.yaml": "image:\n  tag: 1.4.0 # moved\n"})

    with pytest.raises(TemporaryError, match=r"values-qa\.yaml has changed since it was read"):
        acme.deploy("set-version", environment="qa", version="1.5.0")
    acme.follow()
    made = acme.deploy("set-version", environment="qa", version="1.5.0")

    assert acme.says("qa", made["published"][0]["branch"]) == "image:\n  tag: 1.5.0 # moved\n"


@pytest.mark.parametrize("rules", ["held and refused", "held", "free"])
def test_the_host_merges_by_itself_where_it_may(acme: Deploying, rules: str) -> None:
    gitops = acme.repository("gitops")
    allowed, protected = rules != "held and refused", rules != "free"
    gitops.settings["allow_auto_merge"] = allowed
    if protected:
        gitops.protection["main"] = PROTECTION

    made = acme.deploy("set-version", environment="dev", version="1.5.1", merge="when-ready")

    (published,) = made["published"]
    assert published["mergesByItself"] == allowed
    assert (gitops.pulls[1].auto_merge, gitops.pulls[1].merged) == (
        "squash" if allowed and protected else "",
        allowed and not protected,
    )
    assert ("a person must" in acme.logged[-1]) != allowed


def test_what_the_host_was_to_merge_by_itself_doesn_t_let_it_merge_what_comes_next(acme: Deploying) -> None:
    gitops = acme.repository("gitops")
    gitops.settings["allow_auto_merge"], gitops.protection["main"] = True, PROTECTION
    acme.deploy("set-version", environment="qa", version="1.5.0", merge="when-ready")
    armed = gitops.pulls[1].auto_merge

    given = {"service": "billing", "environment": "qa", "passApproval": "a test"}
    made = acme.run("retire-environment", given, task="task-2")

    assert (made["published"][0]["number"], armed, gitops.pulls[1].auto_merge) == (1, "squash", "")


def test_who_tries_again_after_the_merge_is_told_what_was_merged(acme: Deploying) -> None:
    acme.change({"billing/values-dev.yaml": "image:\n  tag: 1.5.1 # dev\n"})
    forward = {"environment": "dev", "version": "1.6.0", "merge": "when-ready"}
    for action, wanted in {"set-version": forward, "roll-back-deployment": {"environment": "dev"}}.items():
        made = acme.deploy(action, f"task-{action}", **wanted)
        (first,) = made["published"]
        if first["state"] == "open" and not first["mergesByItself"]:
            acme.merge_in("gitops", first["number"])
        acme.follow()

        again = acme.run(action, {"services": ["billing"], **wanted}, task=f"task-{action}", again=True)

        assert (again["changed"], again["pullRequestUrl"]) == (True, made["pullRequestUrl"])
        assert (again["published"][0]["number"], again["published"][0]["state"]) == (first["number"], "merged")
    assert len(acme.repository("gitops").pulls) == 2


def test_a_pipeline_that_runs_late_takes_nothing_back_from_what_is_proposed(acme: Deploying) -> None:
    gitops = acme.repository("gitops")
    (newer,) = acme.deploy("set-version", environment="dev", version="1.7.0")["published"]
    commit = gitops.branch(newer["branch"])

    for version, now in (("1.6.0", "1.7.0"), ("1.7.0-rc.1", "1.7.0")):
        refused = rf"/pull/1 proposes {now} for billing/dev, which is newer than {version}: .*`allowDowngrade`"
        with pytest.raises(ConflictError, match=refused):
            acme.deploy("set-version", f"task-{version}", environment="dev", version=version)
    assert (gitops.branch(newer["branch"]), acme.says("dev", newer["branch"])) == (
        commit,
        "image:\n  tag: 1.7.0 # dev\n",
    )

    newest = acme.deploy("set-version", "task-2", environment="dev", version="1.8.0")
    wanted = acme.deploy("set-version", "task-3", environment="dev", version="1.6.0", allowDowngrade=True)
    acme.close(1, "gitops")
    after = acme.deploy("set-version", "task-4", environment="dev", version="1.5.1")
    assert [each["published"][0]["number"] for each in (newest, wanted, after)] == [1, 1, 2]


def test_it_takes_nothing_back_from_a_set_that_is_proposed(acme: Deploying) -> None:
    acme.change({path.replace("billing", "shop"): text.replace("billing", "shop") for path, text in FILES.items()})
    wanted = {"services": ["billing", "shop"], "environment": "dev", "version": "1.7.0"}
    acme.run("set-version", wanted)

    refused = r"/pull/1 proposes 1\.7\.0 for billing/dev, which is newer than 1\.6\.0: .*`allowDowngrade`"
    with pytest.raises(ConflictError, match=refused):
        acme.deploy("set-version", "task-2", environment="dev", version="1.6.0")
    assert len(acme.repository("gitops").pulls) == 1
    (again,) = acme.run("set-version", wanted, task="task-3")["published"]
    (newer,) = acme.deploy("set-version", "task-4", environment="dev", version="1.8.0")["published"]
    with pytest.raises(ConflictError, match=r"/pull/2 proposes 1\.8\.0 for billing/dev, which is newer than 1\.7\.1"):
        acme.run("set-version", {**wanted, "version": "1.7.1"}, task="task-5")
    assert [each["number"] for each in (again, newer)] == [1, 2]


@pytest.mark.parametrize(
    ("now", "late", "why"),
    [
        ("2024-10-01", "2024-09-01", "is newer than"),
        ("main-120-0e5f1ac", "main-119-9ab01cd", "is newer than"),
        ("1.4", "1.3", "is newer than"),
        ("release-1.4.2", "release-1.4.1", "is newer than"),
        ("main", "1.6.0", "has no order with"),
        ("9ab01cd", "0e5f1ac", "has no order with"),
    ],
)
def test_it_takes_nothing_back_of_other_versions(acme: Deploying, now: str, late: str, why: str) -> None:
    acme.deploy("set-version", environment="dev", version=now)

    with pytest.raises(
        ConflictError, match=rf"/pull/1 proposes {now} for billing/dev, which {why} {late}: .*Downgrade"
    ):
        acme.deploy("set-version", "task-2", environment="dev", version=late)
    (allowed,) = acme.deploy("set-version", "task-3", environment="dev", version=late, allowDowngrade=True)["published"]
    assert allowed["number"] == 1


def test_it_takes_nothing_back_either_beside_a_branch_on_which_a_person_works(acme: Deploying) -> None:
    (newer,) = acme.deploy("set-version", environment="dev", version="1.7.0")["published"]
    acme.github.world.commit("acme/gitops", newer["branch"], {"notes.md": "mine"})

    with pytest.raises(ConflictError, match=r"/pull/1 proposes 1\.7\.0 for billing/dev"):
        acme.deploy("set-version", "task-2", environment="dev", version="1.6.0")


def test_the_commits_of_others_are_not_merged_without_a_person(acme: Deploying) -> None:
    gitops = acme.repository("gitops")
    gitops.protection["main"] = PROTECTION
    wanted = {"environment": "dev", "version": "1.5.1", "merge": "when-ready"}
    (published,) = acme.deploy("set-version", **wanted)["published"]
    acme.github.world.commit("acme/gitops", published["branch"], {"unseen.txt": "not reviewed"})
    gitops.protection.clear()

    (again,) = acme.deploy("set-version", "task-2", **wanted)["published"]

    assert (again["number"], again["mergesByItself"], gitops.pulls[1].merged) == (1, False, False)
    assert "has commits that Scenedock didn't make" in acme.logged[-1]


def test_a_pipeline_commits_where_direct_commits_are_allowed_once(tmp_path: Path) -> None:
    renewed: list[Collection[str]] = []
    with deploying_in(tmp_path / "acme", "acme/gitops") as acme:
        acme.effects = replace(acme.effects, renew=renewed.append)
        made = acme.deploy("set-version", environment="dev", version="1.5.1")
        again = acme.run("set-version", {"services": ["billing"], "environment": "dev", "version": "1.5.1"}, again=True)
        proposed = acme.deploy("set-version", "task-2", environment="qa", version="1.5.0", propose=True)

        gitops = acme.repository("gitops")
        assert (made["published"][0]["committed"], made["pullRequestUrl"], made["changed"]) == (True, None, True)
        assert again["published"][0]["commitHash"] == made["published"][0]["commitHash"] == gitops.branch("main")
        assert (acme.says("dev"), proposed["published"][0]["number"]) == ("image:\n  tag: 1.5.1 # dev\n", 1)
        assert renewed == [["gitops"]] * 2, "what is proposed renews nothing"


def test_an_environment_is_locked_and_unlocked(tmp_path: Path) -> None:
    lock = {"environment": "production", "reason": "freeze", "until": "2099-01-01"}
    renewed: list[Collection[str]] = []
    with deploying_in(tmp_path / "acme", "acme/gitops") as acme:
        acme.effects = replace(acme.effects, renew=renewed.append)
        locked = acme.run("lock-environment", lock)
        again = acme.run("lock-environment", lock, again=True)
        with pytest.raises(ConflictError, match="unlock it first"):
            acme.run("lock-environment", lock, task="task-2")
        acme.follow()
        with pytest.raises(ConflictError, match=r"locked until 2099-01-01: freeze \(user:default/jane\)"):
            acme.deploy("set-version", environment="production", version="1.4.0")
        unlocked = acme.run(
            "unlock-environment", {"environment": "production", "reason": "over", "propose": True}, task="task-3"
        )

        assert (locked["committed"], again["commitHash"]) == (True, locked["commitHash"])
        assert (unlocked["committed"], unlocked["branch"]) == (False, "scenedock/lock/environment/production")
        settings = acme.repository("gitops").files(unlocked["branch"])["scenedock.yaml"][1]
        assert settings.decode().strip() == "environments: {known: [dev, qa, production]}"
        assert renewed == [["gitops"]] * 2, "what is proposed renews nothing"


def test_an_environment_and_a_service_there_are_locked_by_two_pull_requests(acme: Deploying) -> None:
    lock = {"environment": "production", "reason": "freeze", "until": "2099-01-01"}

    made = [
        acme.run("lock-environment", lock),
        acme.run("lock-environment", {**lock, "service": "component:default/billing"}, task="2"),
    ]

    assert [each["branch"] for each in made] == [
        "scenedock/lock/environment/production",
        "scenedock/lock/service/production/billing",
    ]
    assert len(acme.repository("gitops").pulls) == 2


@pytest.mark.parametrize(
    ("more", "error", "said"),
    [
        ({"until": "tomorrow"}, InputError, "must be a day or a time"),
        ({"until": "2020-01-01"}, InputError, "must be in the future"),
        ({"repository": "gitop"}, NotFoundError, "gitops"),
        ({"environment": "prodction"}, NotFoundError, r"no environment 'prodction' \(did you mean production\?\)"),
        ({"service": "biling"}, NotFoundError, r"no service 'biling' \(did you mean billing\?\)"),
        ({"service": "billing", "environment": "perf"}, NotFoundError, "'billing' isn't deployed in 'perf'"),
    ],
)
def test_a_lock_that_is_none_is_refused(
    acme: Deploying, more: dict[str, str], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        acme.run("lock-environment", {"environment": "production", "reason": "x", "until": "2099-01-01", **more})


def test_a_repository_of_others_is_refused(acme: Deploying) -> None:
    text = acme.hosts.read_text("utf-8").replace("owners: [acme, ada]", "owners: [ada]").replace("[acme/", "[ada/")
    acme.hosts.write_text(text, "utf-8")
    acme.restart()

    with pytest.raises(NotAllowedError, match="only repositories of ada"):
        acme.deploy("set-version", environment="qa", version="1.5.0")
