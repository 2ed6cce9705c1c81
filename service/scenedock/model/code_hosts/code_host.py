"""Code hosts: where repositories live, and the syntax of names and addresses there, validated before any call."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Literal, TypeAlias
from urllib.parse import parse_qsl, urlsplit

from scenedock.errors import InputError
from scenedock.model.file_paths import is_utf8, refusal, without_dots
from scenedock.structs import dataclass, field

HostType: TypeAlias = Literal["github", "gitlab", "git"]
Visibility: TypeAlias = Literal["public", "private", "internal"]

HOST = r"^(?=.{1,253}(:|$))[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*(:[0-9]{1,5})?$"
_LOGIN = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?"
OWNER = rf"^{_LOGIN}$"
"""A user or organisation of GitHub."""
REVIEWER = rf"^{_LOGIN}(\[bot\])?$"
"""Who can be asked for a review on GitHub."""
TEAM = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$"
"""The slug of a team of an organisation of GitHub."""
USERNAME = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$"
"""A user of GitLab."""
PERSON = rf"{USERNAME[:-1]}(\[bot\])?$"
"""Who can be asked for a review, on any host."""
GROUPS = r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}(?:/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){0,19}$"
"""The part of the path before a repository's name, on any git server."""
REPOSITORY_NAME = r"^(?!\.{1,2}$)(?!-)(?!.*\.git$)[A-Za-z0-9._-]{1,100}$"

SIGNED_WITH = "whsec_"
"""How a signing token for webhooks begins; base64 of its key follows, as in the Standard Webhooks specification."""
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
    RepoUrlPicker gives, `github.com?owner=acme&repo=apps`. On GitLab the owner may have groups (`acme/payments`), and
    the picker's `project` may name the whole path.

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
        named = _named_by_picker(query) if split.path in {"", "/"} else None
        if named is None:
            raise wrong
        owner, name = named
    else:
        owner, _, name = split.path.removeprefix("/").removesuffix("/").rpartition("/")
        name = name.removesuffix(".git")
    for value, pattern in ((split.netloc, HOST), (owner, GROUPS), (name, REPOSITORY_NAME)):
        if not re.fullmatch(pattern, value):
            raise wrong
    return RepositoryAddress(split.netloc, owner, name)


def _named_by_picker(query: list[tuple[str, str]]) -> tuple[str, str] | None:
    """Owner and name in a value of RepoUrlPicker; None if it has other fields."""
    fields = dict(query)
    if len(query) == 1 and "project" in fields:
        owner, _, name = fields["project"].rpartition("/")
        if name.isdecimal() and not owner:
            raise InputError("`project` is a number; write the project's path: HOST?project=GROUP/NAME")
        return owner, name
    return (fields["owner"], fields["repo"]) if len(query) == 2 and fields.keys() == {"owner", "repo"} else None


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

    `api` is the base address of its API, or of its repositories (plain git). Only repositories of `owners` may be
    written to, on GitLab also those of their sub-groups. `direct_commits` are patterns of `owner/name` for repositories
    that may be committed to without a pull request; `visibility` lists the visibilities that new repositories may have.
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
        return self.username or ("oauth2" if self.type == "gitlab" else "x-access-token")

    @property
    def web(self) -> str:
        """The base address of its pages and of its repositories: a GitLab may be below a path of its host."""
        if self.type == "git":
            return self.api
        scheme, _, rest = self.api.partition("://")
        host, _, path = rest.partition("/")
        below = path.removesuffix("api/v4").rstrip("/") if self.type == "gitlab" and host == self.host else ""
        return f"{scheme}://{self.host}{'/' if below else ''}{below}"

    def named(self, address: RepositoryAddress) -> RepositoryAddress:
        """The address as its API has it: without the path below which the host is, `https://HOST/PATH/OWNER/NAME`."""
        below = self.web.partition("://")[2].partition("/")[2] if self.type == "gitlab" else ""
        if not below or not address.owner.startswith(f"{below}/"):
            return address
        return RepositoryAddress(address.host, address.owner.removeprefix(f"{below}/"), address.name)

    def has_owner(self, address: RepositoryAddress) -> bool:
        """Whether repositories of this owner may be written to; only plain git servers distinguish case."""
        if self.type == "git":
            return address.owner in self.owners
        owner, owners = address.owner.lower(), [each.lower() for each in self.owners]
        if self.type == "gitlab":
            return any(f"{owner}/".startswith(f"{each}/") for each in owners)
        return owner in owners

    def check_reviewers(self, people: Iterable[str], teams: Iterable[str]) -> None:
        """Refuse names that can't be those of people or teams (groups on GitLab) here.

        Raises
        ------
        InputError   one can't
        """
        if self.type == "git":
            return
        if self.type == "gitlab":
            rules = (("user", people, USERNAME), ("group", teams, GROUPS))
        else:
            rules = (("user", people, REVIEWER), ("team", teams, TEAM))
        for what, names, pattern in rules:
            if wrong := next((name for name in names if not re.fullmatch(pattern, name)), None):
                raise InputError(f"{_shown(wrong)} is not the name of a {what} on {self.host}")

    def takes_commits(self, address: RepositoryAddress) -> bool:
        """Whether commits may go to a branch of a repository without a pull request."""
        fold = str if self.type == "git" else str.lower
        return any(fnmatchcase(fold(address.path), fold(pattern)) for pattern in self.direct_commits)


def _shown(text: str) -> str:
    """A text for a message: shortened, and without anything before an `@` that may be a password."""
    return repr(text.rpartition("@")[2][:120])
