"""Repositories at addresses: fetched with a token that nobody sees, and always readable as they were fetched last."""

from __future__ import annotations

import base64
import logging
import pickle
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scenedock.effects.git.clones import RemoteBranch, RepositoryClone, fetch
from scenedock.effects.git.git_files import read_head
from scenedock.effects.git.repositories import opened
from scenedock.errors import InputError, NotAllowedError, NotFoundError, TemporaryError
from tests.tools.git_server import GitServer, git, git_server

FILES = {"billing/Chart.yaml": "name: billing\n", "README.md": "x\n"}
CANARY = "ghp_kanarie0123456789abcdefghijkl"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitServer]:
    with git_server(tmp_path / "server") as running:
        yield running


def clone_of(server: GitServer, folder: Path, branch: str = "") -> RepositoryClone:
    address = f"{server.address}/acme/apps{f'#{branch}' if branch else ''}"
    return RepositoryClone.below(folder / "repositories", RemoteBranch.read(address))


def files_of(clone: RepositoryClone) -> dict[str, str]:
    with clone.opened() as repository:
        return {path: repository.read(path).decode() for path in repository.listing().files}


@pytest.mark.parametrize("branch", ["", "main"])
def test_a_branch_is_read_as_it_was_fetched_and_knows_its_address(
    server: GitServer, tmp_path: Path, branch: str
) -> None:
    commit = server.commit("acme/apps", FILES)
    clone = clone_of(server, tmp_path, branch)

    fetch(clone, None)

    assert clone.signature() == commit
    assert files_of(clone) == FILES
    with clone.opened() as repository:
        address = repository.address()
    assert (address.url, address.branch, address.prefix) == (f"{server.address}/acme/apps", "main", "")
    assert clone.is_on("main")
    assert not clone.is_on("other")


def test_the_folder_of_clones_may_be_a_relative_path(
    server: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.commit("acme/apps", FILES)
    monkeypatch.chdir(tmp_path)
    clone = clone_of(server, Path("data"))

    fetch(clone, None)

    assert files_of(clone) == FILES
    assert [each.name for each in Path("data/repositories").iterdir() if each.is_dir()] == [clone.folder.name]


@pytest.mark.parametrize("kept", ["loose", "packed", "both", "detached", "broken"])
def test_the_commit_is_read_from_gits_files_or_else_asked_of_git(server: GitServer, tmp_path: Path, kept: str) -> None:
    server.commit("acme/apps", FILES)
    clone = clone_of(server, tmp_path)
    fetch(clone, None)
    if kept in {"packed", "both"}:
        git(clone.folder, "pack-refs", "--all")
    if kept == "both":  # what is loose is newer than what is packed
        server.commit("acme/apps", {**FILES, "web/Chart.yaml": "name: web\n"})
        fetch(clone, None)
    commit = git(clone.folder, "rev-parse", "HEAD").strip()
    if kept == "detached":
        (clone.folder / "HEAD").write_text(f"{commit}\n")
    if kept == "broken":
        (clone.folder / "refs" / "heads" / "main").write_text("../../secret\n")

    assert read_head(clone.folder) == ("" if kept in {"detached", "broken"} else commit)
    if kept == "broken":
        with pytest.raises(NotFoundError, match="not fetched yet"):
            clone.signature()
    else:
        assert clone.signature() == commit


def test_only_the_last_commit_is_fetched_and_no_other_branch(server: GitServer, tmp_path: Path) -> None:
    first = server.commit("acme/apps", FILES)
    git(server.root / "acme/apps.work", "push", "-q", str(server.root / "acme/apps"), f"{first}:refs/heads/other")
    server.commit("acme/apps", {**FILES, "new.txt": "1"})
    clone = clone_of(server, tmp_path)

    fetch(clone, None)

    assert git(clone.folder, "rev-list", "--all", "--count") == "1"
    assert git(clone.folder, "for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_history_is_fetched_once_as_deep_as_wanted_and_then_grows(server: GitServer, tmp_path: Path) -> None:
    for number in range(5):
        server.commit("acme/apps", {**FILES, "new.txt": str(number)})
    clone = clone_of(server, tmp_path)
    counts = []
    for number, history in enumerate((2, 2, 3, 0)):
        fetch(clone, None, history=history)
        counts.append(git(clone.folder, "rev-list", "--all", "--count"))
        server.commit("acme/apps", {**FILES, "new.txt": f"again {number}"})
    assert counts == ["3", "4", "4", "1"]
    with opened({"apps": clone}) as repositories:
        assert "new.txt" in repositories["apps"].listing().files


def test_a_reader_sees_one_commit_whatever_is_fetched_meanwhile(server: GitServer, tmp_path: Path) -> None:
    server.commit("acme/apps", FILES)
    clone = clone_of(server, tmp_path)
    fetch(clone, None)

    with opened({"apps": clone}) as repositories:
        listed = repositories["apps"].listing().files
        server.commit("acme/apps", {"billing/Chart.yaml": "name: other\n"})
        fetch(clone, None)
        assert repositories["apps"].read("billing/Chart.yaml") == b"name: billing\n"
        assert listed == tuple(sorted(FILES))

    assert files_of(clone) == {"billing/Chart.yaml": "name: other\n"}


def test_a_branch_that_was_rewritten_or_is_another_by_now_is_followed(server: GitServer, tmp_path: Path) -> None:
    server.commit("acme/apps", FILES)
    clone = clone_of(server, tmp_path)
    fetch(clone, None)
    work, bare = server.root / "acme/apps.work", server.root / "acme/apps"
    git(work, "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "--amend", "-m", "again")
    git(work, "push", "-q", "--force", str(bare), "HEAD:refs/heads/main")

    fetch(clone, None)
    assert clone.signature() == git(work, "rev-parse", "HEAD")

    git(bare, "branch", "-m", "main", "trunk")
    fetch(clone, None)
    assert clone.is_on("trunk")


def test_what_can_not_be_fetched_stays_as_it_was(server: GitServer, tmp_path: Path) -> None:
    server.commit("acme/apps", FILES)
    default, named = clone_of(server, tmp_path), clone_of(server, tmp_path, "main")
    for clone in (default, named):
        fetch(clone, None)
    git(server.root / "acme/apps", "update-ref", "-d", "refs/heads/main")

    with pytest.raises(NotFoundError, match="has no default branch; add one"):
        fetch(default, None)
    with pytest.raises(NotFoundError, match="has no branch 'main'"):
        fetch(named, None)
    (server.root / "acme/apps").rename(server.root / "gone")
    with pytest.raises(TemporaryError, match=r"can't be fetched: .*not found"):
        fetch(named, None)
    assert files_of(default) == files_of(named) == FILES


def test_what_was_never_fetched_is_not_found(server: GitServer, tmp_path: Path) -> None:
    clone = clone_of(server, tmp_path)

    with pytest.raises(TemporaryError):
        fetch(clone, None)
    with pytest.raises(NotFoundError, match="not fetched yet into"), clone.opened():
        pass


def test_many_may_fetch_one_clone_at_once(server: GitServer, tmp_path: Path) -> None:
    server.commit("acme/apps", FILES)
    clone = clone_of(server, tmp_path)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: fetch(clone, None), range(8)))

    assert files_of(clone) == FILES


def test_a_host_that_dawdles_is_not_waited_for(server: GitServer, tmp_path: Path) -> None:
    server.commit("acme/apps", FILES)
    server.before = lambda _path: time.sleep(2)

    with pytest.raises(TemporaryError, match=r"git took longer than 0\.2 s"):
        fetch(clone_of(server, tmp_path), None, seconds=0.2)


def test_a_redirect_is_not_followed(server: GitServer, tmp_path: Path) -> None:
    server.commit("acme/apps", FILES)
    with git_server(tmp_path / "elsewhere") as elsewhere:
        elsewhere.commit("acme/apps", FILES)
        server.redirect_to = elsewhere.address
        with pytest.raises(TemporaryError):
            fetch(clone_of(server, tmp_path), ("x-access-token", CANARY))
        assert elsewhere.requests == []


def test_a_token_opens_what_is_private_and_is_seen_nowhere(
    server: GitServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.commit("acme/apps", FILES)
    server.token = CANARY
    commands: set[str] = set()

    def note_commands(_path: str) -> None:
        for process in Path("/proc").glob("[0-9]*"):
            try:
                commands.add((process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
            except OSError:
                continue

    server.before = note_commands
    clone = clone_of(server, tmp_path)

    fetch(clone, ("x-access-token", CANARY))
    refusals = []
    for wrong in (None, ("x-access-token", f"{CANARY}wrong")):
        with pytest.raises(NotAllowedError, match="doesn't accept our token, requires one") as refused:
            fetch(clone, wrong)
        refusals.append(str(refused.value))

    assert files_of(clone) == FILES
    assert [each for each in commands if "remote" in each and server.address in each], "git was seen at work"
    sinks = {str(path): path.read_bytes().decode("latin-1") for path in clone.folder.rglob("*") if path.is_file()}
    sinks |= {"commands": "\n".join(commands), "log": caplog.text, "errors": "\n".join(refusals)}
    sinks |= {"sent to the process that builds": pickle.dumps(clone).decode("latin-1")}
    encoded = base64.b64encode(f"x-access-token:{CANARY}".encode()).decode()
    assert [name for name, text in sinks.items() if CANARY[4:20] in text or encoded[24:44] in text] == []


@pytest.mark.parametrize(
    "address",
    [
        "http://git.acme.example/acme/apps",
        "http://127.0.0.1.example.org/acme/apps",
        "ssh://git@github.com/acme/apps",
        "file:///etc/passwd",
        "ext::sh -c id",
        "https://github.com/acme",
        "https://github.com/acme/../apps",
        "https://github.com/acme/-apps",
        "https://github.com/acme/apps#",
        "https://github.com/acme/apps#-x",
        "https://github.com/acme/apps#a..b",
        "https://github.com/acme/apps#refs/heads/main",
        f"https://jane:{CANARY}@github.com/acme/apps",
        f"https://{CANARY}@github.com/acme/apps#main",
    ],
)
def test_what_names_no_repository_is_refused_before_anything_is_called(address: str) -> None:
    with pytest.raises(InputError) as refused:
        RemoteBranch.read(address)

    assert CANARY not in str(refused.value)


def test_an_address_may_be_written_in_several_ways() -> None:
    ways = ["https://github.com/acme/apps", "https://github.com/acme/apps.git", "https://github.com/acme/apps/"]

    assert {RemoteBranch.read(way).url for way in ways} == {"https://github.com/acme/apps"}
    assert RemoteBranch.read("https://github.com/acme/apps#release/1").branch == "release/1"


@pytest.mark.parametrize("lost", ["refs", "objects"])
def test_a_damaged_clone_is_repaired_or_says_how(server: GitServer, tmp_path: Path, lost: str) -> None:
    server.commit("acme/apps", {"a.yaml": "a: 1\n"})
    clone = clone_of(server, tmp_path)
    fetch(clone, None)
    shutil.rmtree(clone.folder / lost)

    try:
        fetch(clone, None)
    except TemporaryError as error:
        assert "Delete this folder, and it is made again" in str(error)  # noqa: PT017 - some versions of git repair it
        shutil.rmtree(clone.folder)
        fetch(clone, None)

    with clone.opened() as opened:
        assert opened.read("a.yaml") == b"a: 1\n"


def test_no_clone_is_called_damaged_that_is_not(server: GitServer, tmp_path: Path) -> None:
    server.commit("acme/apps", {"a.yaml": "a: 1\n"})
    with pytest.raises(NotFoundError, match="has no branch 'fix-corrupt-data'"):
        fetch(clone_of(server, tmp_path, "fix-corrupt-data"), None)

    clone = clone_of(server, tmp_path)
    fetch(clone, None)
    upstream = server.root / "acme/apps"
    server.commit("acme/apps", {"a.yaml": "a: 2\n"})
    blob = git(upstream, "rev-parse", "main:a.yaml")
    file = upstream / "objects" / blob[:2] / blob[2:]
    file.chmod(0o644)
    file.write_bytes(b"no object")

    with pytest.raises(TemporaryError, match="can't be fetched") as refused:
        fetch(clone, None)

    assert "Delete" not in str(refused.value)
    assert files_of(clone) == {"a.yaml": "a: 1\n"}
