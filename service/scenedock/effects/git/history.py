"""The history of files on a branch: which commits changed them, and what they were before. It may end early."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Final, Self

from scenedock.effects.git.commands import ask_git, prefix_of
from scenedock.effects.git.objects import BlobReader, tree_entries
from scenedock.effects.git.runner import start_git, users_environment
from scenedock.releases.history import Commit
from scenedock.structs import dataclass, field, replace

_MOST_PATHSPECS: Final = 50
"""git compares every entry of every tree with each of them: beyond these, the folders at the root are asked for."""
_LOG: Final = (
    *("-c", "log.showSignature=false", "-c", "log.showRoot=true", "--literal-pathspecs", "log", "--first-parent", "-m"),
    *("--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-color", "--no-notes", "--relative"),
    "--format=%x01%H%x1f%ct%x1f%P%x00%aN",
)
_LOG_OF_MERGED: Final = (
    *("-c", "log.showSignature=false", "--literal-pathspecs", "log", "--cc", "--unified=0", "--relative"),
    *("--no-renames", "--no-ext-diff", "--no-textconv", "--no-color", "--no-notes", "--format=%x01%H%x1f%P%x1f%aN"),
)
_NO_COMMIT: Final = "Needed a single revision"
"""What git says where the branch is unborn: other refs are looked up before."""
_LINKS: Final = ("120000", "160000")
_MOST_COMMITS: Final = 1_000


@dataclass(frozen=True, slots=True)
class CommittedFiles:
    """A commit on the branch's own line, and the blobs of the files that it changed, as they were before it, by path.

    The id is empty where there was no such file, or one of the `links` that it replaced. The author of a commit with
    several `parents` only merged the changes.
    """

    commit: Commit
    before: Mapping[str, str]
    parents: tuple[str, ...] = ()
    links: frozenset[str] = frozenset()


@dataclass(slots=True)
class GitHistory:
    """The commits of a clone from `ref` on, for a `with` statement; paths are relative to `root`, which is in it.

    Merges are one change: a branch's files change when it is merged, whenever the commits were made. After `commits`,
    `ended` says why the oldest of them may not have been looked at; it is empty where all were.
    """

    root: Path
    ref: str = "HEAD"
    ended: str = ""
    _blobs: BlobReader = field(init=False)

    def __post_init__(self) -> None:
        self._blobs = BlobReader(self.root)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None
    ) -> None:
        self._blobs.__exit__(_kind, _error, _where)

    def problem(self) -> str:
        """Why there is no history at all; empty if there is one."""
        complaint = ask_git(self.root, "rev-parse", "--verify", "--end-of-options", f"{self.ref}^{{commit}}").complaint
        return "there is no commit yet" if complaint == _NO_COMMIT else complaint

    def newest(self) -> str:
        """The id of the commit of `ref`; empty where there is none."""
        return ask_git(self.root, "rev-parse", "--verify", "--end-of-options", f"{self.ref}^{{commit}}").text

    def changed_since(self, commit: str, newest: str) -> frozenset[str] | None:
        """The files that the commits after one changed; None where it isn't before the newest on the branch's own line.

        A file that was changed and changed back counts, too. Of very many commits nobody asks.
        """
        if commit == newest:
            return frozenset()
        found = ask_git(self.root, *_LOG, f"--max-count={_MOST_COMMITS}", f"{commit}..{newest}")
        commits = list(_parsed(iter(found.output.decode("utf-8", "surrogateescape").split("\0"))))
        if found.complaint or not commits or commits[-1].parents[:1] != (commit,):
            return None
        return frozenset(path for each in commits for path in each.before)

    def blobs(self, paths: Collection[str]) -> dict[str, str]:
        """The blobs of files as of `ref`, by path; empty where it has no such file. Links are left out."""
        listed = ask_git(self.root, "--literal-pathspecs", "ls-tree", "-r", "-z", self.ref, "--", *_pathspecs(paths))
        entries = {entry.path: entry for entry in tree_entries(listed.output)}
        return {
            path: entries[path].id if path in entries else ""
            for path in paths
            if path not in entries or entries[path].mode not in _LINKS
        }

    def links(self, paths: Collection[str]) -> dict[str, str]:
        """The links as of `ref` that files are, or through which paths lead to them (submodules, too), by path."""
        ways = {path: [path, *map(str, PurePosixPath(path).parents)][:-1] for path in paths}
        asked = sorted({each for way in ways.values() for each in way})
        if not asked:
            return {}
        listed = ask_git(self.root, "--literal-pathspecs", "ls-tree", "-z", self.ref, "--", *asked)
        links = {entry.path for entry in tree_entries(listed.output) if entry.mode in _LINKS}
        return {path: link for path, way in ways.items() for link in way if link in links}

    def read(self, blob: str) -> bytes:
        """The content of a blob.

        Raises
        ------
        InputError   the clone lacks it, or it is too large
        """
        return self._blobs.read(blob)

    def commits(self, paths: Collection[str], start: str, seconds: float) -> Iterator[CommittedFiles]:
        """The commits from `start` on that changed some files, the newest first, for at most so many seconds."""
        self.ended = ""
        oldest = self._boundary()
        arguments = (*_LOG, start, "--", *_pathspecs(paths))
        with start_git(self.root, arguments, users_environment(), errors=subprocess.DEVNULL) as process:
            timer = threading.Timer(seconds, process.kill)
            timer.start()
            try:
                date = ""
                for each in _parsed(_tokens(process)):
                    if each.commit.id in oldest:
                        self.ended = _shallow(each.commit.date or each.commit.id)
                        return
                    date = each.commit.date or date
                    before = {path: blob for path, blob in each.before.items() if path in paths}
                    if before and not each.commit.date:
                        self.ended = f"commits from {each.commit.id} on were not searched: its date can't be read"
                        return
                    if before:
                        yield replace(each, before=before)
                if process.wait() != 0:
                    why = "git can't read them" if timer.is_alive() else "the time for it was over"
                    self.ended = f"commits before {date or 'the last one'} were not searched: {why}"
            finally:
                timer.cancel()
                process.kill()

    def moved(self, committed: CommittedFiles, seconds: float) -> Mapping[str, str] | None:
        """Where the files were that a commit moved, from the root of the clone on, by path; None if git can't tell."""
        if not committed.parents:
            return {}
        arguments = ("diff-tree", "-r", "-z", "-M", "--diff-filter=R", "--name-status")
        found = ask_git(self.root, *arguments, committed.parents[0], committed.commit.id, seconds=seconds)
        if found.complaint:
            return None
        fields = found.output.decode("utf-8", "surrogateescape").split("\0")
        prefix = prefix_of(self.root)
        start = f"{prefix}/" if prefix else ""
        return {new.removeprefix(start): old for old, new in zip(fields[1::3], fields[2::3], strict=True)}

    def author_of_merged(self, merge: str, paths: Collection[str], seconds: float) -> str:
        """The one author of all changes of files that a merge brought; empty where there are several, or nobody knows.

        Merges among them count where they have lines that none of their parents has.
        """
        found = ask_git(self.root, *_LOG_OF_MERGED, f"{merge}^1..{merge}", "--", *sorted(paths), seconds=seconds)
        boundary, authors = self._boundary(), set[str]()
        for each in found.output.decode("utf-8", "surrogateescape").split("\x01")[1:]:
            head, _, changed = each.partition("\n")
            digest, *about = head.split("\x1f", 2)
            if digest in boundary:
                return ""
            if len(about) == 2 and (" " not in about[0] or changed.strip()):  # else a file has the sign
                authors.add(_name(about[1]))
        return authors.pop() if len(authors) == 1 else ""

    def _boundary(self) -> frozenset[str]:
        """The commits at which a shallow clone ends: to git they look as if they had added every file."""
        place = ask_git(self.root, "rev-parse", "--git-path", "shallow").text
        try:
            return frozenset((self.root / place).read_text("ascii").split())
        except (OSError, ValueError):
            return frozenset()


def _shallow(date: str) -> str:
    return (
        f"the clone has no history before {date}: run `git fetch --unshallow` in it (for what the service "
        "clones, set SCENEDOCK_HISTORY_COMMITS)"
    )


def are_few(paths: Collection[str]) -> bool:
    """Whether git looks for these paths alone, which costs less than for all that is in the same folders."""
    return len(paths) <= _MOST_PATHSPECS


def _pathspecs(paths: Collection[str]) -> list[str]:
    return sorted(paths if are_few(paths) else {path.partition("/")[0] for path in paths})


def _tokens(process: subprocess.Popen[bytes]) -> Iterator[str]:
    """What git prints, cut at its NULs; a last one that isn't ended is left out."""
    rest = b""
    if process.stdout is None:
        return
    while part := process.stdout.read1(1 << 16):  # type: ignore[attr-defined]  # it is buffered
        *whole, rest = (rest + part).split(b"\0")
        for each in whole:
            yield each.decode("utf-8", "surrogateescape")


def _parsed(tokens: Iterator[str]) -> Iterator[CommittedFiles]:
    """The commits in git's output; the last one is left out unless another follows or git has ended."""
    commit, before, parents, links = None, dict[str, str](), tuple[str, ...](), set[str]()
    for token in tokens:
        line = token.lstrip("\n")
        if line.startswith("\x01"):
            if commit:
                yield CommittedFiles(commit, before, parents, frozenset(links))
            digest, seconds, listed = line[1:].split("\x1f")
            commit = Commit(digest, _date(seconds), _name(next(tokens, "")))
            before, parents, links = {}, tuple(listed.split()), set()
        elif line.startswith(":"):
            mode, _, blob, _, kind = line[1:].split(" ")
            path, was_link = next(tokens, ""), mode in _LINKS
            before[path] = "" if was_link or kind.startswith("A") else blob
            if was_link:
                links.add(path)
    if commit:
        yield CommittedFiles(commit, before, parents, frozenset(links))


def _date(seconds: str) -> str:
    """A time in ISO 8601; empty where the commit has none, or one beyond all calendars."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return ""


def _name(author: str) -> str:
    """A name without an address: some have their address for a name."""
    return author.encode("utf-8", "surrogateescape").decode("utf-8", "replace").partition("@")[0].strip()
