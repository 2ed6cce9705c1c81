"""A bare git repository, as a code host keeps one for each of its repositories."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tempfile
import time
import zlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tests.tools.git_server import GIT

NULL = "0" * 40
_VERIFY = ("rev-parse", "--verify", "--quiet", "--end-of-options")
_OF_OBJECTS = {"cat-file", "blob", "diff", "log", "ls-tree", "merge-base", "merge-tree"}
_ID = re.compile("[0-9a-f]{40}")
MODES = {"blob": "100644", "tree": "040000", "commit": "160000"}


@dataclass(frozen=True, slots=True)
class Signature:
    """Who did something to a repository and when, `date` as git writes it: `1700000000 +0000`."""

    name: str
    email: str
    date: str


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit; `tree` and `parents` are ids."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Signature
    committer: Signature
    message: str


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a tree; a sha of None deletes the path where one tree is made from another."""

    path: str
    mode: str
    kind: str
    sha: str | None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one file: `status` is git's letter, `old_path` differs for renames; lines are counted."""

    path: str
    old_path: str
    status: str
    sha: str
    added: int
    removed: int


class GitError(Exception):
    """Git refused; the message is what it said."""


@dataclass(frozen=True, slots=True)
class Bare:
    """The repository in a folder."""

    folder: Path

    def create(self, hooks: Mapping[str, str]) -> None:
        """Make it, empty, open to pushes over HTTP, with hooks by their names."""
        self.folder.mkdir(parents=True)
        self.run("init", "--quiet", "--bare", "--initial-branch=main", "--template=")
        for name, value in {"http.receivepack": "true", "uploadpack.allowAnySHA1InWant": "true"}.items():
            self.run("config", name, value)
        (self.folder / "hooks").mkdir()
        for name, script in hooks.items():
            hook = self.folder / "hooks" / name
            hook.write_text(script)
            hook.chmod(0o755)

    def run(self, *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None) -> bytes:
        """What a git command prints.

        Raises
        ------
        GitError   it failed
        """
        return _run(self.folder, arguments, stdin, environment)

    def _of_ids(self, *arguments: str) -> bytes:
        """What a git command prints that depends on nothing but objects, given by their whole ids.

        Objects don't change: what git has said of them once stays true. What it refused is asked again.
        """
        known = all(each in _OF_OBJECTS or each.startswith("-") or _ID.fullmatch(each) for each in arguments)
        return _remembered(self.folder, arguments) if known else self.run(*arguments)

    def _text_of_ids(self, *arguments: str) -> str:
        return self._of_ids(*arguments).decode(errors="replace").rstrip("\n")

    def text(self, *arguments: str) -> str:
        """What a git command prints, as text without the last newline."""
        return self.run(*arguments).decode(errors="replace").rstrip("\n")

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        """Each ref to the id that it points at, sorted."""
        found: dict[str, str] = {}
        for folder, _, names in os.walk(self.folder / "refs"):
            for name in names:
                path = Path(folder, name)
                if path.suffix != ".lock":  # git writes there, and renames it
                    with suppress(FileNotFoundError):  # deleted, or packed, in which case it stands below
                        found[path.relative_to(self.folder).as_posix()] = path.read_text().strip()
        for line in self._packed_refs():
            if not line.startswith(("#", "^")):  # a header, and what the tag of the line above leads to
                sha, _, name = line.partition(" ")
                found.setdefault(name, sha)
        return {name: sha for name, sha in sorted(found.items()) if name.startswith(prefix)}

    def _packed_refs(self) -> list[str]:
        try:
            return (self.folder / "packed-refs").read_text().splitlines()
        except FileNotFoundError:
            return []

    def resolve(self, name: str, kind: str = "commit") -> str | None:
        """The id of what a branch, tag or id names, if there is one of that kind."""
        refs = self.refs()
        places = [refs[ref] for ref in (f"refs/heads/{name}", f"refs/tags/{name}") if ref in refs]
        if sha := next(iter(places), name if _ID.fullmatch(name) else None):
            try:
                return _remembered(self.folder, (*_VERIFY, f"{sha}^{{{kind}}}")).decode().strip()
            except GitError:
                return None
        for candidate in (f"refs/heads/{name}", f"refs/tags/{name}", name):
            try:
                return self.text(*_VERIFY, f"{candidate}^{{{kind}}}")
            except GitError:
                continue
        return None

    def kind(self, sha: str) -> str | None:
        """The type of an object, None if there is none of that id."""
        try:
            return self._text_of_ids("cat-file", "-t", sha)
        except GitError:
            return None

    def move(self, ref: str, sha: str) -> None:
        """Let a ref point at an object; NULL deletes it."""
        self.run("update-ref", *(["-d", ref] if sha == NULL else [ref, sha]))

    def is_ancestor(self, old: str, new: str) -> bool:
        """Whether one commit leads to the other."""
        try:
            self._of_ids("merge-base", "--is-ancestor", old, new)
        except GitError:
            return False
        return True

    def merge_base(self, one: str, other: str) -> str | None:
        """The last common ancestor."""
        try:
            return self._text_of_ids("merge-base", one, other)
        except GitError:
            return None

    def write_blob(self, content: bytes) -> str:
        """Store a file's content; its id. Written here and not by git: a process for each of 300 files is slow."""
        raw = b"blob %d\0" % len(content) + content
        sha = hashlib.sha1(raw, usedforsecurity=False).hexdigest()
        path = self.folder / "objects" / sha[:2] / sha[2:]
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(zlib.compress(raw, 1))
        return sha

    def read_blob(self, sha: str) -> bytes:
        """The content of a file."""
        return self._of_ids("cat-file", "blob", sha)

    def write_tree(self, entries: Iterable[Entry], base: str | None = None) -> str:
        """Make a tree of entries, upon another one if given; its id.

        Raises
        ------
        GitError   an object is missing, or a path is none
        """
        with tempfile.TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": os.path.join(folder, "index")}  # noqa: PTH118 (a variable, not a path of ours)
            if base:
                self.run("read-tree", base, environment=index)
            lines = [line for entry in entries for line in self._index_lines(entry, base)]
            self.run("update-index", "-z", "--replace", "--index-info", stdin=b"".join(lines), environment=index)
            return self.run("write-tree", environment=index).decode().strip()

    def _index_lines(self, entry: Entry, base: str | None) -> list[bytes]:
        """What `update-index` reads of an entry; a folder takes the place of what was there."""
        if entry.kind != "tree" or not entry.sha:
            return [f"{entry.mode if entry.sha else '0'} {entry.sha or NULL}\t{entry.path}\0".encode()]
        old = self.tree(base, recursive=True) if base else []
        gone = [f"0 {NULL}\t{each.path}\0" for each in old if each.path.startswith(f"{entry.path}/")]
        below = [each for each in self.tree(entry.sha, recursive=True) if each.kind != "tree"]
        new = [f"{each.mode} {each.sha}\t{entry.path}/{each.path}\0" for each in below]
        return [line.encode() for line in [*gone, *new]]

    def tree(self, sha: str, *, recursive: bool = False, path: str = "") -> list[Entry]:
        """The entries of a tree or commit, folders among them, in git's order."""
        options = ["-r", "-t"] if recursive else []
        printed = self._of_ids("ls-tree", "-z", "--long", *options, sha, *([path] if path else []))
        entries = []
        for line in printed.decode(errors="surrogateescape").split("\0")[:-1]:
            facts, _, name = line.partition("\t")
            mode, kind, entry_sha, size = facts.split()
            entries.append(Entry(name, mode, kind, entry_sha, None if size == "-" else int(size)))
        return entries

    def files(self, revision: str) -> dict[str, tuple[str, bytes]]:
        """Each file's path to its mode and content."""
        commit = self.resolve(revision) or revision
        found = [each for each in self.tree(commit, recursive=True) if each.kind == "blob" and each.sha]
        wanted = "".join(f"{each.sha}\n" for each in found).encode()
        printed = self.run("cat-file", "--batch", stdin=wanted)
        files = {}
        for entry in found:
            size = entry.size or 0
            start = printed.index(b"\n") + 1
            files[entry.path] = (entry.mode, printed[start : start + size])
            printed = printed[start + size + 1 :]
        return files

    def write_commit(
        self, tree: str, parents: Sequence[str], message: str, author: Signature, committer: Signature
    ) -> str:
        """Make a commit; its id."""
        environment = {
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.email,
            "GIT_AUTHOR_DATE": author.date,
            "GIT_COMMITTER_NAME": committer.name,
            "GIT_COMMITTER_EMAIL": committer.email,
            "GIT_COMMITTER_DATE": committer.date,
        }
        above = [argument for parent in parents for argument in ("-p", parent)]
        made = self.run("commit-tree", tree, *above, stdin=message.encode(), environment=environment)
        return made.decode().strip()

    def commit_files(
        self, branch: str, files: Mapping[str, str | None], message: str = "Change by somebody else"
    ) -> str:
        """Commit to a branch as somebody else; the commit's id. Files without text are deleted."""
        parent = self.refs(f"refs/heads/{branch}").get(f"refs/heads/{branch}")
        entries = [
            Entry(path, "100644", "blob", self.write_blob(text.encode()) if text is not None else None)
            for path, text in files.items()
        ]
        other = Signature("Somebody Else", "else@example.org", f"{int(time.time())} +0000")
        tree = self.write_tree(entries, self.resolve(parent, "tree") if parent else None)
        made = self.write_commit(tree, [parent] if parent else [], message, other, other)
        self.move(f"refs/heads/{branch}", made)
        return made

    def commit(self, sha: str) -> Commit:
        """Read a commit."""
        return self.commits("--no-walk", sha)[0]

    def commits(self, *arguments: str) -> list[Commit]:
        """The commits that `git log` finds with these arguments."""
        form = "%x00".join(("%H", "%T", "%P", "%an", "%ae", "%ad", "%cn", "%ce", "%cd", "%B"))
        printed = self._text_of_ids("log", "-z", "--date=raw", f"--format=%x01{form}", *arguments)
        found = []
        for text in printed.split("\x01")[1:]:
            sha, tree, parents, an, ae, ad, cn, ce, cd, message = text.split("\0")[:10]
            author, committer = Signature(an, ae, ad), Signature(cn, ce, cd)
            found.append(Commit(sha, tree, tuple(parents.split()), author, committer, message.rstrip("\n")))
        return found

    def changes(self, before: str | None, after: str) -> list[Change]:
        """What differs between two commits, or between nothing and a commit, in git's order."""
        nothing = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # the empty tree, which git knows without having it
        options = ("--raw", "--numstat", "-z", "--no-abbrev", "-M")
        parts = iter(self._text_of_ids("diff", *options, before or nothing, after).split("\0"))
        facts: dict[str, tuple[str, str, str]] = {}
        found = []
        for part in parts:
            if part.startswith(":"):
                _, _, _, sha, status = part.split()
                old = next(parts)
                facts[next(parts) if status[0] in "RC" else old] = (status[0], sha, old)
            elif part:
                added, removed, path = part.split("\t", 2)
                if not path:
                    next(parts)
                    path = next(parts)
                status, sha, old = facts[path]
                found.append(
                    Change(path, old, status, sha, int(added.replace("-", "0")), int(removed.replace("-", "0")))
                )
        return found

    def merged_tree(self, base: str, head: str) -> str | None:
        """The tree of a merge, None where there are conflicts."""
        try:
            return self._text_of_ids("merge-tree", "--write-tree", base, head).splitlines()[0]
        except GitError:
            return None

    def rebased(self, base: str, head: str, committer: Signature) -> str | None:
        """The last of the commits of `head` that `base` lacks, made again upon `base`; None if there are conflicts."""
        environment = {"GIT_COMMITTER_NAME": committer.name, "GIT_COMMITTER_EMAIL": committer.email}
        with tempfile.TemporaryDirectory() as folder:
            work = Bare(Path(folder) / "work")
            self.run("worktree", "add", "--quiet", "--detach", str(work.folder), base)
            try:
                work.run("cherry-pick", f"{base}..{head}", environment=environment)
                return work.text("rev-parse", "HEAD")
            except GitError:
                return None
            finally:
                self.run("worktree", "remove", "--force", str(work.folder))


def _run(folder: Path, arguments: Sequence[str], stdin: bytes, environment: Mapping[str, str] | None) -> bytes:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        env={**GIT, **(environment or {})},
    )
    if done.returncode:
        raise GitError(done.stderr.decode(errors="replace"))
    return done.stdout


@lru_cache(maxsize=1024)
def _remembered(folder: Path, arguments: tuple[str, ...]) -> bytes:
    return _run(folder, arguments, b"", None)
