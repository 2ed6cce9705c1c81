"""Images built and run by buildah: without a daemon, and without a registry of images.

An image made of Debian's packages, with Debian's Python, stands for `python:…`, with which Dockerfiles begin. What pip
installs into an image is fetched before, by the pip of the tests, and given to the build as a folder. An image with
the helm of the tests stands for `alpine/helm:…`.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.tools.helm import helm

_PACKAGES = "ca-certificates,python-is-python3,python3,python3-pip,python3-venv"
_SOURCES = ("/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list")
_BASE = {"python": "localhost/base", "alpine/helm": "localhost/helm"}
# What a container runtime does for a read-only root, for a command of the image's user, with a volume at /data.
_READ_ONLY = """
root=$1
shift
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs -o mode=1777 tmpfs "$root/data"
exec chroot --userspec=10001:10001 "$root" "$@"
"""


class Images:
    """A store of images in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("mmdebstrap", "buildah"):
            if shutil.which(name) is None:
                raise RuntimeError(f"{name} is missing; install it, as root: apt-get install buildah mmdebstrap")
        (folder / "wheels").mkdir()
        (folder / "pip.conf").write_text("[global]\nno-index = true\nfind-links = /wheels\n", encoding="utf-8")
        self._python = self._make_base()

    def build(self, name: str, context: Path, locks: Sequence[Path], **arguments: str) -> None:
        """Build what the Dockerfile of a folder describes; its `pip install` finds what the locks hold.

        Further arguments are those of the build.

        Raises
        ------
        RuntimeError   it can't be built; the message has the output
        """
        options = ["--quiet", "--only-binary=:all:", f"--python-version={self._python}", "--require-hashes"]
        for lock in locks:
            fetch = [sys.executable, "-m", "pip", "download", *options, "--requirement", str(lock)]
            _run([*fetch, "--dest", str(self._folder / "wheels")])
        text = (context / "Dockerfile").read_text(encoding="utf-8")
        for name_of_base, tag in re.findall(r"(?:=|FROM )(python|alpine/helm):([\w.-]+)", text):
            self._buildah("tag", _BASE[name_of_base], f"localhost/{name_of_base}:{tag}")
        volumes = [f"--volume={self._folder}/pip.conf:/etc/pip.conf:ro", f"--volume={self._folder}/wheels:/wheels:ro"]
        given = [f"--build-arg={key}={value}" for key, value in arguments.items()]
        options = ["--format=docker", "--pull-never", *volumes, *given, f"--tag=localhost/{name}"]
        self._buildah("bud", *options, str(context))

    @contextmanager
    def container(self, name: str, *options: str) -> Iterator[list[str]]:
        """A container of an image; what stands before a command that is run there, with options of `buildah run`."""
        container = self._buildah("from", "--pull-never", f"localhost/{name}")
        try:
            yield self._command("run", "--isolation=chroot", *options, container, "--")
        finally:
            self._buildah("rm", container)

    @contextmanager
    def read_only(self, name: str) -> Iterator[list[str]]:
        """The same for a container whose root can't be written to, but /tmp and /data; its commands run as 10001."""
        variables = self._config(name)["Env"]
        container = self._buildah("from", "--pull-never", f"localhost/{name}")
        try:
            root = self._buildah("mount", container)
            yield ["unshare", "--mount", "sh", "-euc", _READ_ONLY, "sh", root, "env", "-i", *variables]
        finally:
            self._buildah("rm", container)

    def labels(self, name: str) -> dict[str, str]:
        """The labels of an image."""
        found: dict[str, str] = self._config(name)["Labels"]
        return found

    def archive(self, name: str, file: Path) -> None:
        """Write an image into an archive, as `docker save` does."""
        self._buildah("push", f"localhost/{name}", f"docker-archive:{file}")

    def program(self, name: str) -> list[str]:
        """What a container of an image runs unless it is told otherwise, with its arguments."""
        facts = self._config(name)
        return [*(facts.get("Entrypoint") or []), *(facts.get("Cmd") or [])]

    def health(self, name: str) -> list[str]:
        """The command by which a container of an image says that it is well."""
        kind, *command = map(str, self._config(name)["Healthcheck"]["Test"])
        assert kind == "CMD"
        return command

    def _config(self, name: str) -> dict[str, Any]:
        found = json.loads(self._buildah("inspect", "--type=image", f"localhost/{name}"))
        config: dict[str, Any] = found["Docker"]["config"]
        return config

    def _make_base(self) -> str:
        """Make the image that stands for `python:…`; the version of its Python, `3.11`."""
        archive = str(self._folder / "base.tar")
        sources = [source for source in _SOURCES if Path(source).exists()][:1]
        # pip may install where it likes, as in the image that this one stands for.
        hook = 'rm "$1"/usr/lib/python3*/EXTERNALLY-MANAGED'
        options = ["--quiet", "--variant=minbase", f"--include={_PACKAGES}", f"--customize-hook={hook}"]
        _run(["mmdebstrap", *options, platform.freedesktop_os_release()["VERSION_CODENAME"], archive, *sources])
        container = self._buildah("from", "scratch")
        self._buildah("add", "--quiet", container, archive, "/")
        self._buildah("commit", "--quiet", "--rm", container, _BASE["python"])
        container = self._buildah("from", "scratch")
        self._buildah("add", "--quiet", "--chmod=0755", container, str(helm("4")), "/usr/bin/helm")
        self._buildah("commit", "--quiet", "--rm", container, _BASE["alpine/helm"])
        with self.container("base") as command:
            return _run([*command, "python", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"])

    def _command(self, verb: str, *arguments: str) -> list[str]:
        places = [f"--root={self._folder}/root", f"--runroot={self._folder}/run", "--storage-driver=vfs"]
        return ["buildah", *places, verb, *arguments]

    def _buildah(self, verb: str, *arguments: str) -> str:
        return _run(self._command(verb, *arguments))


@contextmanager
def images() -> Iterator[Images]:
    """A store that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="images-") as folder:
        yield Images(Path(folder))


def _run(command: Sequence[str]) -> str:
    environment = {**os.environ, "BUILDAH_ISOLATION": "chroot"}
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout.strip()
