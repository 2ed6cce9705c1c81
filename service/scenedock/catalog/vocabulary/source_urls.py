"""Addresses of folders and files as the hosts of git repositories show them in a browser."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal
from urllib.parse import quote, unquote, urlsplit

from scenedock.model.helm import Provider, RepositoryFacts
from scenedock.structs import dataclass, replace

FILE_ANNOTATION = "scenedock.dev/file"
"""The file that a service came from, by its path, where no address of it is known."""

# Shapes of: a folder, the editor of a file, a file. Sources: the hosts' own documentation of their URLs.
_SHAPES: Mapping[Provider, tuple[str, str, str]] = {
    "github": ("{url}/tree/{branch}/{path}", "{url}/edit/{branch}/{path}", "{url}/blob/{branch}/{path}"),
    "gitlab": ("{url}/-/tree/{branch}/{path}", "{url}/-/edit/{branch}/{path}", "{url}/-/blob/{branch}/{path}"),
    "bitbucket": (
        "{url}/src/{branch}/{path}",
        "{url}/src/{branch}/{path}?mode=edit&at={branch}",
        "{url}/src/{branch}/{path}",
    ),
    "gitea": (
        "{url}/src/branch/{branch}/{path}",
        "{url}/_edit/{branch}/{path}",
        "{url}/src/branch/{branch}/{path}",
    ),
    # The path comes last, so that a folder's address ends in its slash.
    "azure": (
        "{url}?version=GB{branch}&path=/{path}",
        "{url}?version=GB{branch}&_a=contents&path=/{path}",
        "{url}?version=GB{branch}&path=/{path}",
    ),
}

_PAGE = re.compile(
    r"(?P<repository>https://[^/?#]+(?:/[^/?#]+){2,}?)(?:/-)?/(?:blob|tree|edit|raw|src/branch|src)/"
    r"(?P<branch>[^/?#]+)/(?P<path>[^?#]+)"
)

_SIGNS: Mapping[Provider, str] = {
    "github": "/(?:blob|tree)",
    "gitlab": "/-/(?:blob|tree)",
    "bitbucket": "/src",
    "gitea": "/src/branch",
}
"""What is between a repository and a branch in the addresses of files and folders."""


def folder_url(repository: RepositoryFacts, path: str) -> str:
    """The page of a folder, without a slash at the end; empty where the repository's address isn't known."""
    return _url(repository, 0, path).rstrip("/")


def source_location(repository: RepositoryFacts, path: str) -> str:
    """Backstage's location of a folder: its URL with a slash at the end, by which Backstage tells it from a file."""
    address = _url(repository, 0, path, end="/")
    return f"url:{address}" if address else ""


def edit_url(repository: RepositoryFacts, path: str) -> str:
    """The page that edits a file; empty where the repository's address isn't known."""
    return _url(repository, 1, path)


def path_in_edit_url(url: str, repository: RepositoryFacts) -> str:
    """The path of the file that an address of `edit_url` is about; empty if it is of another repository."""
    before, _, after = edit_url(repository, "\0").partition("%00")
    is_one = bool(before) and url.startswith(before) and url.endswith(after)
    return unquote(url[len(before) : len(url) - len(after)]) if is_one else ""


def path_in_source_location(location: str, repository: RepositoryFacts) -> str:
    """The folder that an address of `source_location` is about; empty if it is the root, or of another repository."""
    before, _, after = source_location(repository, "\0").partition("%00")
    is_one = bool(before) and location.startswith(before) and location.endswith(after)
    return unquote(location[len(before) : len(location) - len(after)]).rstrip("/") if is_one else ""


def file_url(repository: RepositoryFacts, path: str) -> str:
    """The page of a file, from which Backstage reads it; empty where the repository's address isn't known."""
    return _url(repository, 2, path)


def branch_in(text: str, repository: RepositoryFacts, path: str) -> str:
    """The branch in the first source location of a folder that a text has; empty if there is none."""
    shape = re.escape(source_location(replace(repository, branch="\0"), path)).replace("%00", r"(\S+?)")
    match = re.search(rf"{shape}(?![^\s\"'])", text) if shape else None
    return unquote(match[1]) if match else ""


@dataclass(frozen=True, slots=True)
class FileAddress:
    """A file on a code host: the address of its `repository`, the branch and the path."""

    repository: str
    branch: str
    path: str

    @classmethod
    def read(cls, address: str) -> FileAddress | None:
        """The file that a page of GitHub, GitLab, Bitbucket or Gitea shows; None for any other address.

        The branch has no slash, as nothing tells where it ends.

        >>> FileAddress.read("https://github.com/acme/billing/blob/main/docs/catalog-info.yaml")
        FileAddress(repository='https://github.com/acme/billing', branch='main', path='docs/catalog-info.yaml')
        """
        match = _PAGE.fullmatch(address)
        return cls(match["repository"], unquote(match["branch"]), unquote(match["path"])) if match else None

    @classmethod
    def read_on(cls, provider: Provider, address: str) -> FileAddress | None:
        """The file that a page of one product shows, as `read`; None for any other address.

        >>> FileAddress.read_on("gitlab", "https://gitlab.com/acme/x/src/y/-/blob/main/catalog-info.yaml")
        FileAddress(repository='https://gitlab.com/acme/x/src/y', branch='main', path='catalog-info.yaml')
        """
        page = r"(https?://[^/?#]+(?:/[^/?#]+){2,}?)" + _SIGNS.get(provider, "(?!)") + r"/([^/?#]+)/([^?#]+)"
        match = re.fullmatch(page, address)
        return cls(match[1], unquote(match[2]), unquote(match[3])) if match else None


def provider_of(url: str, hosts: Mapping[str, Provider] = MappingProxyType({})) -> Provider:
    """The product whose URL shapes an address has: by `hosts`, else by its host's name, else GitHub."""
    host, _ = _split(url)
    if host in hosts:
        return hosts[host]
    for word, provider in _WORDS.items():
        if word in host:
            return provider
    return "github"


def host_of(address: str) -> str:
    """The host of an address, in lower case; empty where it isn't valid."""
    return _split(address)[0]


@dataclass(frozen=True, slots=True)
class ProjectSlug:
    """A source code repository at a host whose Backstage plugin reads one."""

    provider: Literal["github", "gitlab"]
    host: str
    slug: str

    @property
    def name(self) -> str:
        """The repository's own name."""
        return self.slug.rpartition("/")[2]

    @property
    def organisation(self) -> str:
        """The organisation or outermost group."""
        return self.slug.partition("/")[0]

    @property
    def annotations(self) -> dict[str, str]:
        """What the plugin reads; for a self-managed GitLab also its host."""
        annotations = {f"{self.provider}.com/project-slug": self.slug}
        if self.provider == "gitlab" and self.host not in {"", "gitlab.com"}:
            annotations["gitlab.com/instance"] = self.host
        return annotations


def project_slug(address: str, hosts: Mapping[str, Provider] = MappingProxyType({})) -> ProjectSlug | None:
    """The slug of a source code repository's address; None where its host isn't known to be of a provider with one.

    >>> project_slug("https://github.com/acme/billing.git").annotations
    {'github.com/project-slug': 'acme/billing'}
    >>> project_slug("https://git.acme.test/a/b/c/-/tree/main", {"git.acme.test": "gitlab"}).annotations
    {'gitlab.com/project-slug': 'a/b/c', 'gitlab.com/instance': 'git.acme.test'}
    """
    if not address.startswith(("https://", "http://")):
        return None
    host, path = _split(address)
    path = path.strip("/").partition("/-/")[0].removesuffix(".git")
    parts = path.split("/")
    if len(parts) < 2 or not all(parts):
        return None
    provider = hosts.get(host, host.partition(".")[0])
    if provider == "github":
        return ProjectSlug("github", host, "/".join(parts[:2]))
    return ProjectSlug("gitlab", host, path) if provider == "gitlab" else None


def _split(address: str) -> tuple[str, str]:
    """Host, in lower case, and path of an address; both empty where it isn't valid (`https://[`)."""
    try:
        split = urlsplit(address)
    except ValueError:
        return "", ""
    return (split.hostname or "").lower(), split.path


_ORDINARY = re.compile(r"[\w./~-]*", re.ASCII)
_WORDS: Mapping[str, Provider] = {
    "gitlab": "gitlab",
    "bitbucket": "bitbucket",
    "gitea": "gitea",
    "forgejo": "gitea",
    "codeberg": "gitea",
    "dev.azure.com": "azure",
    "visualstudio.com": "azure",
}


def _url(repository: RepositoryFacts, shape: int, path: str, *, end: str = "") -> str:
    if not repository.url:
        return ""
    path = f"{repository.prefix}/{path}".strip("/")
    path = f"{path}{end}" if path else ""
    return _SHAPES[repository.provider][shape].format(
        url=repository.url, branch=_quoted(repository.branch), path=_quoted(path)
    )


def _quoted(path: str) -> str:
    return path if _ORDINARY.fullmatch(path) else quote(path, safe="/")  # which takes three times as long
