"""A repository on GitHub: branches, files and commits through the Git data API, with few calls."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, MutableMapping, Sequence
from typing import Final
from urllib.parse import quote

from scenedock.effects.github.client import GitHubAnswer, GitHubClient
from scenedock.effects.github.pulls import GitHubPullRequests
from scenedock.effects.github.settings import GitHubRepositorySettings
from scenedock.errors import NotAllowedError, TemporaryError
from scenedock.model.code_hosts.code_host import CodeHost, RepositoryAddress
from scenedock.model.code_hosts.commit import HISTORY, CommitListing, FileChange, Head, Mark, RepositoryFile
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text, value_at

ENTRIES_PER_TREE = 1_000
BYTES_PER_TREE = 4_000_000
"""The maximum size of one call that creates a tree; more files need several calls, each on top of the one before."""


_NOTHING: Final = "0" * 40
"""The commit of a branch that isn't there, as GitHub's API writes it."""


class GitHubRepository:
    """A repository on GitHub, for one thread.

    `uploaded` remembers for all threads what was uploaded where, so that an interrupted attempt can be continued.
    """

    def __init__(
        self,
        client: GitHubClient,
        host: CodeHost,
        address: RepositoryAddress,
        uploaded: MutableMapping[tuple[str, str], None],
    ) -> None:
        self.client = client
        self.address = address
        self.path = f"/repos/{address.path}"
        self.pulls: GitHubPullRequests | None = GitHubPullRequests(client, address)
        self._settings = GitHubRepositorySettings(client, address)
        self.settings: GitHubRepositorySettings | None = self._settings
        self._host = host
        self._uploaded = uploaded
        self._remembered = False

    @property
    def is_new(self) -> bool:
        """Whether it was created less than a minute ago, as far as known."""
        return self.client.created.has(self.address)

    def default_branch(self) -> str:
        """The default branch."""
        return self._settings.get().default_branch

    def head(self, branch: str) -> Head | None:
        """The commit that a branch points to; None if there is no such branch."""
        path = f"{self.path}/branches/{quote(branch, safe='')}"
        answer = self.client.call("GET", path, expected=(404,), saying="branch not found")
        if answer.status == 404:
            return None
        if not value_at(answer.body, ["commit", "commit"]):  # servers that imitate GitHub return less
            return self._commit(answer.text("commit", "sha"))
        return _head(value_at(answer.body, ["commit"]))

    def listing(self, head: Head, paths: Sequence[str]) -> CommitListing:
        """All files of a commit; if there are more than GitHub lists at once, those in the folders of some paths."""
        answer = self.client.call("GET", f"{self.path}/git/trees/{head.tree}", parameters={"recursive": "1"})
        if as_object(answer.body).get("truncated") is True:
            return dict(self._walk(head.tree, "", paths))
        return {path: file for path, kind, file in _entries(answer) if kind == "blob"}

    def read(self, file: RepositoryFile) -> bytes:
        """The content of a file."""
        body = as_object(self.client.call("GET", f"{self.path}/git/blobs/{file.blob}").body)
        try:
            return base64.b64decode(as_text(body.get("content")))
        except binascii.Error:
            raise TemporaryError("GitHub's response is not a file", retry_after=30) from None

    def write(self, base: Head | None, changes: Sequence[FileChange], listing: CommitListing, message: str) -> Head:
        """Create a commit after `base`, or one without a parent, which no branch contains yet."""
        tree = base.tree if base else ""
        for chunk in _chunks([self._entry(change, listing) for change in _single(changes)]):
            body: dict[str, Json] = {"tree": chunk}
            body |= {"base_tree": tree} if tree else {}
            tree = self._tree(body)
        if base and tree == base.tree:
            return base
        commit: dict[str, Json] = {"message": message, "tree": tree, "parents": [base.commit] if base else []}
        if author := self._host.author:
            commit["author"] = {"name": author.name, "email": author.email}
        new = self.client.call("POST", f"{self.path}/git/commits", commit)
        return Head(new.text("sha"), tree, message)

    def create_branch(self, name: str, head: Head) -> bool:
        """Create a branch; False if there is already one of this name."""
        body = {"ref": f"refs/heads/{name}", "sha": head.commit}
        answer = self.client.call("POST", f"{self.path}/git/refs", body, expected=(422,), saying="already exists")
        return answer.status == 200

    def move_branch(self, name: str, head: Head, *, expected: Head | None) -> bool:
        """Move a branch to a commit, if it still points to the `expected` one, which is its parent."""
        path = f"{self.path}/git/refs/heads/{quote(name)}"
        body: JsonObject = {"sha": head.commit, "force": expected is None}
        return self.client.call("PATCH", path, body, expected=(422,), saying="fast forward").status == 200

    def replace_branch(self, name: str, head: Head, *, expected: Head) -> bool:
        """Move a branch to any commit, if it still points to the `expected` one; False if it doesn't.

        Only GraphQL has a condition for this; what is refused is read again, whatever the message.
        """
        if not (refused := self._update(name, expected, head.commit)):
            return True
        now = self.head(name)
        if now is None or now.commit != expected.commit:
            return now is not None and now.commit == head.commit
        raise NotAllowedError(f"{self.address} refuses to move the branch {name!r}: {refused}")

    def delete_branch(self, name: str, *, expected: Head) -> bool:
        """Delete a branch that points to the `expected` commit; GitHub closes its open pull request.

        False if it points to another one.
        """
        if not (refused := self._update(name, expected, _NOTHING)):
            return True
        now = self.head(name)
        if now is None or now.commit != expected.commit:
            return now is None
        raise NotAllowedError(f"{self.address} refuses to delete the branch {name!r}: {refused}")

    def _update(self, name: str, expected: Head, commit: str) -> str:
        """Let a branch point to a commit if it points to the expected one; returns why that is refused, or nothing."""
        repository = self.client.call("GET", self.path).text("node_id")
        ref: JsonObject = {
            "name": f"refs/heads/{name}",
            "beforeOid": expected.commit,
            "afterOid": commit,
            "force": True,
        }
        return self.client.mutate("updateRefs", {"repositoryId": repository, "refUpdates": [ref]})

    def ahead(self, branch: str, base: str) -> Sequence[Head]:
        """The commits of a branch that another branch hasn't, the newest first; of very many, the oldest hundred."""
        names = "...".join(quote(each, safe="") for each in (base, branch))
        path = f"{self.path}/compare/{names}"
        answer = self.client.call(
            "GET", path, parameters={"per_page": 100}, expected=(404,), saying="no common ancestor"
        )
        if answer.status == 404:
            return self.latest(branch, 100)
        return [_head(each) for each in reversed(as_list(value_at(answer.body, ["commits"])))]

    def latest(self, branch: str, most: int, path: str = "") -> Sequence[Head]:
        """The latest commits of a branch, the newest first; with a path, those that changed it."""
        parameters = {"sha": branch, **({"path": path} if path else {})}
        return [_head(item) for item in self.client.pages(f"{self.path}/commits", parameters, max(most, 100))][:most]

    def find_marked(self, branch: str, mark: Mark) -> Head | None:
        """The latest commit of an earlier attempt on a branch; None if it is not among the last `HISTORY`."""
        return mark.latest_in(self.latest(branch, HISTORY))

    def _commit(self, sha: str) -> Head:
        answer = self.client.call("GET", f"{self.path}/git/commits/{sha}")
        return Head(sha, answer.text("tree", "sha"), str(as_object(answer.body).get("message", "")))

    def _walk(self, tree: str, above: str, paths: Sequence[str]) -> Iterator[tuple[str, RepositoryFile]]:
        """The files in the folders of some paths, and in the folders that these name, requested folder by folder."""
        for name, kind, file in _entries(self.client.call("GET", f"{self.path}/git/trees/{tree}")):
            folder = f"{above}{name}/"
            if kind == "tree" and any(f"{path}/".startswith(folder) or folder.startswith(f"{path}/") for path in paths):
                yield from self._walk(file.blob, folder, paths)
            elif kind == "blob":
                yield above + name, file

    def _entry(self, change: FileChange, listing: CommitListing) -> JsonObject:
        """One entry of a tree: text is sent with it, binary content is uploaded first."""
        existing = listing.get(change.renamed_from or change.path)
        entry: dict[str, Json] = {"path": change.path, "mode": change.mode(existing), "type": "blob"}
        if change.deletes:
            return {**entry, "sha": None}
        if change.content is None:
            return {**entry, "sha": existing.blob if existing else None}
        text = _text(change.content)
        return {**entry, "sha": self._upload(change.content)} if text is None else {**entry, "content": text}

    def _tree(self, body: JsonObject) -> str:
        answer = self.client.call("POST", f"{self.path}/git/trees", body, expected=(422,) if self._remembered else ())
        if answer.status == 422:  # a blob that we uploaded long ago may be gone
            for key in [key for key in tuple(self._uploaded) if key[0] == str(self.address)]:
                self._uploaded.pop(key, None)
            raise TemporaryError(f"{self.address} refuses the files: {answer.said}", retry_after=1)
        return answer.text("sha")

    def _upload(self, content: bytes) -> str:
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
        key = (str(self.address), blob)
        if key not in self._uploaded:
            body = {"content": base64.b64encode(content).decode(), "encoding": "base64"}
            blob = self.client.call("POST", f"{self.path}/git/blobs", body).text("sha")
            self._uploaded[key] = None
        else:
            self._remembered = True
        return blob


def _head(commit: Json) -> Head:
    """A commit in one of GitHub's responses."""
    sha, tree = as_text(value_at(commit, ["sha"])), as_text(value_at(commit, ["commit", "tree", "sha"]))
    if not sha or not tree:
        raise TemporaryError("GitHub's response has no commit", retry_after=30)
    by_host = (
        value_at(commit, ["committer", "login"]) == "web-flow"
        and value_at(commit, ["commit", "verification", "verified"]) is True
    )
    return Head(sha, tree, str(value_at(commit, ["commit", "message"]) or ""), by_host)


def _entries(answer: GitHubAnswer) -> Iterator[tuple[str, str, RepositoryFile]]:
    """Path, kind and file of each entry of a tree; a path isn't stripped: it may begin with a space."""
    for entry in map(as_object, as_list(as_object(answer.body).get("tree"))):
        yield str(entry["path"]), str(entry["type"]), RepositoryFile(str(entry["mode"]), str(entry["sha"]))


def _single(changes: Sequence[FileChange]) -> Iterator[FileChange]:
    """The changes, with a rename in GitHub's terms: one file deleted, one written."""
    for change in changes:
        if change.renamed_from:
            yield FileChange(change.renamed_from)
        yield change


def _chunks(entries: Sequence[JsonObject]) -> Iterator[list[JsonObject]]:
    """The entries in portions for one call each; deletions come first, as their paths may be folders of new files."""
    chunk: list[JsonObject] = []
    size = 0
    for entry in sorted(entries, key=lambda each: each.get("sha", "") is not None):
        length = len(str(entry.get("content", "")))
        if chunk and (len(chunk) >= ENTRIES_PER_TREE or size + length > BYTES_PER_TREE):
            yield chunk
            chunk, size = [], 0
        chunk.append(entry)
        size += length
    if chunk:
        yield chunk


def _text(content: bytes) -> str | None:
    """The content as text, if JSON can transport it unchanged; None if it is binary."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text
