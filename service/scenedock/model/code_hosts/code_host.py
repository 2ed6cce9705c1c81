"""Code hosts: where repositories live, and the syntax of names and addresses there, validated before any call."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from scenedock.errors import InputError
from scenedock.model.file_paths import is_utf8, refusal, without_dots

HostType: TypeAlias = Literal["github", "git"]
Visibility: TypeAlias = Literal["public", "private", "internal"]

HOST = r"^(?=.{1,253}(:|$))[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*(:[0-9]{1,5})?$"
_LOGIN = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?"
OWNER = rf"^{_LOGIN}$"
"""A user or organisation of GitHub."""
REVIEWER = rf"^{_LOGIN}(\[bot\])?$"
"""Who can be asked for a review on GitHub."""
TEAM = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$"
"""The slug of a team of an organisation of GitHub."""
GROUPS = r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}(?:/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){0,19}$"
"""The part of the path before a repository's name, on any git server."""
REPOSITORY_NAME = r"^(?!\.{1,2}$)(?!-)(?!.*\.git$)[A-Za-z0-9._-]{1,100}$"

LONGEST_ADDRESS = 500
"""The maximum length of a repository's address, in characters."""
_LOOPBACK = re.compile(r"(localhost|127\.[0-9]+\.[0-9]+\.[0-9]+|\[::1\])(:[0-9]+)?")
_FORBIDDEN_IN_REFS = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")


@dataclass(frozen=True, slots=True, order=True)
class RepositoryAddress:
    """Where a repository lives: `host` (with a port other than the default), `owner` (or groups, with `/`), `name`."""

    host: str
    owner: str
    name: str

    @property
    def path(self) -> str:
        """`owner/name`."""
        return f"{self.owner}/{self.name}"

    def __str__(self) -> str:
        return f"{self.host}/{self.path}"


def read_repository(text: str) -> RepositoryAddress:
    """The repository that a text names.

    It is `https://github.com/acme/apps`, with or without `.git`; `github.com/acme/apps`; or what Backstage's
    RepoUrlPicker gives, `github.com?owner=acme&repo=apps`.

    Raises
    ------
    InputError   it has none of these forms, contains credentials, or a part of it is not valid on code hosts
    """
    wrong = InputError(
        f"{_shown(text)} is not the address of a repository; write https://HOST/OWNER/NAME, HOST/OWNER/NAME "
        "or HOST?owner=OWNER&repo=NAME"
    )
    if "@" in text or len(text) > LONGEST_ADDRESS:
        raise wrong
    try:
        split = urlsplit(text if "://" in text else f"https://{text}")
        query = parse_qsl(split.query, keep_blank_values=True, strict_parsing=True) if split.query else []
    except ValueError:
        raise wrong from None
    if split.scheme != "https" or split.fragment or not text.isascii() or not text.isprintable():
        raise wrong
    if query:
        fields = dict(query)
        if split.path not in {"", "/"} or len(query) != 2 or set(fields) != {"owner", "repo"}:
            raise wrong
        owner, name = fields["owner"], fields["repo"]
    else:
        owner, _, name = split.path.removeprefix("/").removesuffix("/").rpartition("/")
        name = name.removesuffix(".git")
    for value, pattern in ((split.netloc, HOST), (owner, GROUPS), (name, REPOSITORY_NAME)):
        if not re.fullmatch(pattern, value):
            raise wrong
    return RepositoryAddress(split.netloc, owner, name)


def is_loopback(host: str) -> bool:
    """Whether a host, with or without a port, is this machine, to which secrets may be sent over http."""
    return _LOOPBACK.fullmatch(host) is not None


def checked_branch(name: str) -> str:
    """The name of a branch, if git accepts it (`git check-ref-format --branch`) and no command takes it for an option.

    Raises
    ------
    InputError   the name is invalid
    """
    parts = name.split("/")
    wrong = (
        not name
        or len(name.encode("utf-8", "replace")) > 200
        or name in {"@", "HEAD"}
        or name.startswith(("-", "/", "refs/"))
        or name.endswith(("/", "."))
        or _FORBIDDEN_IN_REFS.search(name)
        or not is_utf8(name)
        or any(part.startswith(".") or part.endswith(".lock") for part in parts)
    )
    if wrong:
        raise InputError(f"{_shown(name)} is not a valid branch name; write letters, digits, `-`, `_` and `/`")
    return name


def checked_path(path: str) -> str:
    """The path of a file in a repository, without empty parts and `.`.

    Raises
    ------
    InputError   it is empty, or leads out of the repository
    """
    refused = refusal(path)
    clean = without_dots(path) if refused is None else ""
    if refused or not clean or clean.startswith("-"):
        reason = refused.reason if refused else "it begins with `-`" if clean else "it is empty"
        raise InputError(f"the path {_shown(path)} can't be used: {reason}; write one relative to the repository")
    return clean


@dataclass(frozen=True, slots=True)
class SecretSource:
    """Where a secret is read from: a `file`, relative to the list of hosts, or the environment variable `variable`."""

    file: str = ""
    variable: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Author:
    """The author of commits."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class CodeHost:
    """One host of the list, without its secrets.

    `api` is the base address of its API (GitHub) or of its repositories (plain git). Only repositories of `owners` may
    be written to. `direct_commits` are patterns of `owner/name` for repositories that may be committed to without a
    pull request; `visibility` lists the visibilities that new repositories may have.
    """

    host: str
    type: HostType
    api: str
    owners: tuple[str, ...]
    app_id: str = ""
    app_key: SecretSource | None = None
    token: SecretSource | None = None
    username: str = ""
    webhook_secret: SecretSource | None = None
    direct_commits: tuple[str, ...] = ()
    visibility: tuple[Visibility, ...] = ("private", "internal")
    author: Author | None = field(default=None)

    @property
    def git_user(self) -> str:
        """The user name that git sends with the token; most hosts check only the token."""
        return self.username or "x-access-token"

    def has_owner(self, address: RepositoryAddress) -> bool:
        """Whether repositories of this owner may be written to; names on GitHub are case-insensitive."""
        if self.type == "github":
            return address.owner.lower() in {owner.lower() for owner in self.owners}
        return address.owner in self.owners

    def takes_commits(self, address: RepositoryAddress) -> bool:
        """Whether commits may go to a branch of a repository without a pull request."""
        fold = str.lower if self.type == "github" else str
        return any(fnmatchcase(fold(address.path), fold(pattern)) for pattern in self.direct_commits)


def _shown(text: str) -> str:
    """A text for a message: shortened, and without anything before an `@` that may be a password."""
    return repr(text.rpartition("@")[2][:120])
