"""git over the network: without the user's environment and configuration, with a time limit, one at a time."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from scenedock.effects.git.objects import BlobReader
from scenedock.effects.git.runner import run_git
from scenedock.errors import TemporaryError
from scenedock.structs import dataclass

_WAYS_OUT = (
    *("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"),
    *("ALL_PROXY", "all_proxy", "SSL_CERT_FILE", "GIT_SSL_CAINFO"),
)
"""The environment variables that network access needs."""
_DEFAULT_BRANCH = re.compile(r"^ref: refs/heads/(?P<branch>\S+)\tHEAD$", re.MULTILINE)
_REFUSED = re.compile(r"Authentication failed|could not read Username|error: 40[13]")


@dataclass(frozen=True, slots=True)
class ConfinedGit:
    """The git command line without any configuration except proxies. `home` is a folder of ours.

    It may use `protocols`. Each command may take `seconds`; then it is ended with all processes that it has started.
    Redirects are not followed.
    """

    home: Path
    protocols: tuple[str, ...] = ("https",)
    seconds: float = 120.0

    def run(
        self, folder: Path, *arguments: str, stdin: bytes = b"", secrets: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run git in a folder; `secrets` is configuration that others must not see, so it is only in the environment.

        Raises
        ------
        TemporaryError   it took too long
        """
        command = ("-c", "http.followRedirects=false", *arguments)
        return run_git(folder, command, self._environment(secrets or {}), self.seconds, stdin)

    def _environment(self, secrets: Mapping[str, str]) -> Mapping[str, str]:
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.home),
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": ":".join(self.protocols),
            **{name: os.environ[name] for name in _WAYS_OUT if name in os.environ},
            **_configuration(secrets),
        }

    def output(self, folder: Path, *arguments: str, stdin: bytes = b"") -> bytes:
        """The output of a git command that must succeed.

        Raises
        ------
        TemporaryError   it fails
        """
        done = self.run(folder, *arguments, stdin=stdin)
        if done.returncode != 0:
            raise TemporaryError(f"git {arguments[0]} failed: {last_line(done.stderr)}", retry_after=30)
        return done.stdout

    def blobs(self, folder: Path, most: int) -> BlobReader:
        """A reader of the blobs of a repository that have at most so many bytes, for a `with` statement."""
        return BlobReader(folder, self._environment({}), most)

    @contextmanager
    def bare(self, path: Path) -> Iterator[Path]:
        """The bare repository at a path, created if necessary and locked against changes by any other process."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with path.with_name(f"{path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not ((path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()):
                self.output(path.parent, "init", "--quiet", "--bare", f"./{path.name}")
            for left in (*path.glob("*.lock"), *path.glob("refs/**/*.lock")):
                left.unlink()  # of a git that was killed: while we hold the lock, nobody else writes here
            yield path


def basic_authorization(address: str, user: str, token: str) -> Mapping[str, str]:
    """Configuration with which git sends a token to the host of an address, and to no other."""
    encoded = b64encode(f"{user}:{token}".encode()).decode()
    return {f"http.{address}.extraHeader": f"Authorization: Basic {encoded}"}


def default_branch_of(listed: bytes) -> str | None:
    """The branch that HEAD points to, in the output of `git ls-remote --symref … HEAD`."""
    match = _DEFAULT_BRANCH.search(listed.decode("utf-8", "replace"))
    return match["branch"] if match else None


def is_refused(errors: bytes) -> bool:
    """Whether git reports that the host doesn't accept the credentials."""
    return _REFUSED.search(errors.decode("utf-8", "replace")) is not None


def last_line(errors: bytes) -> str:
    """The last line of git's errors, which says what went wrong."""
    lines = errors.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "git gave no reason"


def _configuration(values: Mapping[str, str]) -> dict[str, str]:
    variables = {"GIT_CONFIG_COUNT": str(len(values))} if values else {}
    for number, (key, value) in enumerate(values.items()):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return variables
