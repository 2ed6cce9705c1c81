"""One comment of a pipeline for each subject on a pull request, whoever else writes there, and however runs overlap."""

from __future__ import annotations

import pytest

from scenedock.errors import NotAllowedError
from scenedock.model.code_hosts.comment import LONGEST_COMMENT, KeptComment
from scenedock.usecases.publishing.keep_comment import keep_comment
from tests.fakes.github.model import Comment as GitHubComment
from tests.fakes.gitlab.model import Note
from tests.publishing.acme import Acme
from tests.publishing.acme_gitlab import AcmeOnGitLab
from tests.publishing.company import Company


def opened(company: Company) -> int:
    files = [{"path": "a.txt", "content": "a\n", "executable": False}]
    company.run("propose-change", {"repoUrl": f"{company.host}/{company.owner}/apps", "title": "A", "files": files})
    (number,) = company.pulls()
    return number


def keep(company: Company, number: int, text: str, run: int = 7, subject: str = ".") -> str:
    hosts = company.effects.code_hosts
    with hosts.open(hosts.read(f"{company.host}/{company.owner}/apps")) as repository:
        assert repository.pulls
        return keep_comment(repository.pulls, number, KeptComment(subject, run, text))


def write(company: Company, number: int, text: str) -> None:
    """Somebody comments, with the token that Scenedock has."""
    hosts = company.effects.code_hosts
    with hosts.open(hosts.read(f"{company.host}/{company.owner}/apps")) as repository:
        assert repository.pulls
        repository.pulls.comment(number, text)


def texts(company: Company, number: int) -> list[str]:
    """What people see: without the line by which a run finds its comment."""
    return [each.partition("\n")[2] if each.startswith("<!--") else each for each in company.comments(number)]


def test_a_later_run_replaces_it_and_deletes_it_when_there_is_nothing_to_say(company: Company) -> None:
    number = opened(company)

    assert keep(company, number, "") == ""
    first = keep(company, number, "one", 7)
    assert first.startswith(f"{company.pull_url(number)}#")
    assert keep(company, number, "two", 8) == first
    assert texts(company, number) == ["two"]
    company.calls()
    assert keep(company, number, "two", 8) == first
    assert [call for call in company.calls() if not call.startswith("GET ") and call != "POST /graphql"] == []
    assert keep(company, number, "", 9) == ""
    assert texts(company, number) == []


def test_what_a_later_run_said_stays(company: Company) -> None:
    number = opened(company)
    later = keep(company, number, "later", 9)

    assert keep(company, number, "earlier", 8) == later
    assert keep(company, number, "", 8) == later
    assert texts(company, number) == ["later"]


def test_each_folder_has_its_own_whatever_it_is_called(company: Company) -> None:
    number = opened(company)
    subjects = [".", "clusters/a", "clusters/a b", "x --> <script> `", "é"]

    for run in (1, 2):
        for each in subjects:
            keep(company, number, f"{run}: {each}", run, each)

    assert sorted(texts(company, number)) == sorted(f"2: {each}" for each in subjects)
    assert all(each.count("-->") == 1 + each.count("x -->") for each in company.comments(number))


def test_runs_at_the_same_time_leave_one_that_of_the_later(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    number = opened(company)
    hosts = company.effects.code_hosts
    with hosts.open(hosts.read(f"{company.host}/{company.owner}/apps")) as repository:
        pulls = repository.pulls
        assert pulls
        write = pulls.comment

        def meanwhile(to: int, text: str) -> None:
            monkeypatch.undo()
            keep(company, number, "of another run", 8)
            write(to, text)

        monkeypatch.setattr(pulls, "comment", meanwhile)
        keep_comment(pulls, number, KeptComment(".", 7, "of this run"))
    assert texts(company, number) == ["of another run"]

    keep(company, number, "", 9)
    with hosts.open(hosts.read(f"{company.host}/{company.owner}/apps")) as repository:
        pulls = repository.pulls
        assert pulls
        write = pulls.comment
        monkeypatch.setattr(pulls, "comment", meanwhile)
        keep_comment(pulls, number, KeptComment(".", 9, "of this run"))
    assert texts(company, number) == ["of this run"]


def test_somebody_elses_comment_with_our_first_line_is_left_alone(acme: Acme, on_gitlab: AcmeOnGitLab) -> None:
    forged = KeptComment(".", 99, "All right!").body
    number = opened(acme)
    pull = acme.repository("apps").pulls[number]
    keep(acme, number, "true", 7)
    pull.comments.append(GitHubComment(1, acme.github.world.accounts["bob"], forged))
    request = on_gitlab.repository("apps").merge_requests[opened(on_gitlab)]
    keep(on_gitlab, request.iid, "true", 7)
    request.notes.append(Note(1, on_gitlab.gitlab.world.users["bob"], forged))

    for company in (acme, on_gitlab):
        keep(company, number, "true again", 8)
        assert texts(company, number) == ["true again", "All right!"]
        keep(company, number, "", 9)
        assert texts(company, number) == ["All right!"]


def test_a_pipelines_token_knows_its_own_among_those_of_people_and_other_apps(acme: Acme) -> None:
    number = opened(acme)
    permissions = {"pull_requests": "write", "contents": "read", "metadata": "read"}
    forged = KeptComment(".", 10**19, "All right!").body
    pull = acme.repository("apps").pulls[number]
    acme.use_token(acme.token)
    write(acme, number, forged)
    for app in ("welcome", "actions"):
        bot = acme.github.world.install(acme.github.world.app(app, "acme", permissions), "acme")
        (acme.folder / "token").write_text(acme.github.world.installation_token(bot, permissions, None).value)
        acme.restart()
        if app == "welcome":
            write(acme, number, forged)

    keep(acme, number, "one", 7)
    keep(acme, number, "two", 8)

    assert texts(acme, number) == ["All right!", "All right!", "two"]
    assert [each.account.login for each in pull.comments] == ["ada", "welcome[bot]", "actions[bot]"]
    keep(acme, number, "", 9)
    assert texts(acme, number) == ["All right!", "All right!"]


def test_a_copy_of_what_we_are_about_to_say_is_not_taken_for_ours(acme: Acme, on_gitlab: AcmeOnGitLab) -> None:
    copied = KeptComment(".", 7, "true").body
    number = opened(acme)
    pull = acme.repository("apps").pulls[number]
    pull.comments.append(GitHubComment(1, acme.github.world.accounts["bob"], copied))
    request = on_gitlab.repository("apps").merge_requests[opened(on_gitlab)]
    request.notes.append(Note(1, on_gitlab.gitlab.world.users["bob"], copied))

    for company in (acme, on_gitlab):
        assert keep(company, number, "true", 7)
        assert texts(company, number) == ["true", "true"]
        keep(company, number, "", 8)
        assert texts(company, number) == ["true"]


def test_a_token_that_may_only_read_is_refused(acme: Acme) -> None:
    number = opened(acme)
    permissions = {"pull_requests": "read", "contents": "read", "metadata": "read"}
    bot = acme.github.world.install(acme.github.world.app("actions", "acme", permissions), "acme")
    (acme.folder / "token").write_text(acme.github.world.installation_token(bot, permissions, None).value)
    acme.restart()

    with pytest.raises(NotAllowedError):
        keep(acme, number, "one")
    assert acme.comments(number) == []


def test_gitlab_obeys_nothing_in_it(on_gitlab: AcmeOnGitLab) -> None:
    number = opened(on_gitlab)

    keep(on_gitlab, number, "text\n/close\n/approve", 7)
    keep(on_gitlab, number, "text\n/close\n/merge", 8)

    assert on_gitlab.pulls()[number].state == "open"
    assert texts(on_gitlab, number) == ["text\n\\/close\n\\/merge"]


def test_the_first_line_leaves_room_for_the_longest_report() -> None:
    longest = KeptComment("ä" * 500, 10**19, "x" * 60_000)

    assert len(longest.body) < LONGEST_COMMENT
