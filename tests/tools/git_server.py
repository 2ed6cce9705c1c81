"""A git server on loopback: git's own `http-backend` behind a small WSGI application."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.tools.wsgi import served

GIT = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "PATH": os.environ["PATH"]}


@dataclass
class GitServer:
    """Repositories below `root`, at `http://127.0.0.1:PORT/NAME`. `requests` are the paths that were asked for.

    With a `token` it wants that as password. `before` is called with each path.
    """

    root: Path
    address: str = ""
    redirect_to: str = ""
    requests: list[str] = field(default_factory=list)
    token: str = ""
    before: Callable[[str], None] = lambda _path: None

    def create(self, name: str) -> None:
        """Make an empty repository that takes pushes of whoever has the token."""
        git(self.root, "init", "--quiet", "--bare", "--initial-branch=main", name)
        git(self.root / name, "config", "http.receivepack", "true")

    def commit(self, name: str, files: dict[str, str], *, tag: str = "", links: dict[str, str] | None = None) -> str:
        """Make a repository's next commit, which has exactly these files; the commit's id."""
        work = self.root / f"{name}.work"
        if not work.exists():
            git(self.root, "init", "--quiet", "--bare", "--initial-branch=main", name)
            git(self.root / name, "config", "uploadpack.allowAnySHA1InWant", "true")
            git(self.root, "init", "--quiet", "--initial-branch=main", str(work))
        git(work, "rm", "-r", "-q", "--cached", "--ignore-unmatch", ".")
        for path, text in files.items():
            (work / path).parent.mkdir(parents=True, exist_ok=True)
            (work / path).write_text(text)
        for path, target in (links or {}).items():
            (work / path).unlink(missing_ok=True)
            (work / path).symlink_to(target)
        git(work, "add", "--", *files, *(links or {}))
        for path in files:
            if path.endswith(".sh"):
                git(work, "update-index", "--chmod=+x", path)
        git(work, "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "--allow-empty", "-mx")
        git(work, "push", "--quiet", str(self.root / name), "HEAD:refs/heads/main")
        if tag:
            git(work, "-c", "user.name=t", "-c", "user.email=t@example.org", "tag", "-a", "-m", tag, tag)
            git(work, "push", "--quiet", str(self.root / name), tag)
        return git(work, "rev-parse", "HEAD")

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        self.requests.append(environ["PATH_INFO"])
        if self.redirect_to:
            start_response("302 Found", [("Location", f"{self.redirect_to}{environ['PATH_INFO']}")])
            return []
        if self.token and not self._knows(environ.get("HTTP_AUTHORIZATION", "")):
            start_response("401 Unauthorized", [("WWW-Authenticate", 'Basic realm="git"')])
            return []
        self.before(environ["PATH_INFO"])
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        status, headers, content = http_backend(self.root, environ, body)
        start_response(status, headers)
        return [content]

    def _knows(self, authorization: str) -> bool:
        password = base64.b64decode(authorization.partition(" ")[2]).decode().partition(":")[2]
        return password == self.token


def http_backend(root: Path, environ: Mapping[str, Any], body: bytes) -> tuple[str, list[tuple[str, str]], bytes]:
    """What git's own server answers to a request of WSGI below a folder: status, headers and body.

    The variables of `environ` that begin with `FAKE_` are there for the hooks of the repositories.
    """
    keys = ("REQUEST_METHOD", "QUERY_STRING", "CONTENT_TYPE", "PATH_INFO", "REMOTE_ADDR", "HTTP_CONTENT_ENCODING")
    given = {key: str(environ.get(key, "")) for key in keys}
    given |= {key: str(value) for key, value in environ.items() if key.startswith("FAKE_")}
    protocol = {"GIT_PROTOCOL": environ.get("HTTP_GIT_PROTOCOL", "")}
    done = subprocess.run(
        ["git", "http-backend"],
        input=body,
        capture_output=True,
        check=True,
        env={**GIT, **given, **protocol, "GIT_PROJECT_ROOT": str(root), "GIT_HTTP_EXPORT_ALL": "1"},
    )
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
    return headers.pop("Status", "200 OK"), list(headers.items()), content


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True, env=GIT
    ).stdout.strip()


@contextmanager
def git_server(root: Path) -> Iterator[GitServer]:
    """A server for as long as the block runs."""
    root.mkdir(parents=True, exist_ok=True)
    server = GitServer(root)
    with served(server) as server.address:
        yield server
