"""Applications on code hosts: a branch of each, fetched to be read once, and removed afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.effects.git.clones import RemoteBranch, RepositoryClone, fetch
from scenedock.effects.git.repositories import name_repositories
from scenedock.effects.local.disk import make_private_folder
from scenedock.structs import dataclass


@dataclass(frozen=True, slots=True)
class ApplicationClones:
    """Clones below a private folder, of repositories on the hosts and of the owners in the list alone."""

    folder: Path
    hosts: CodeHosts

    @contextmanager
    def fetched(self, addresses: Sequence[str]) -> Iterator[Mapping[str, RepositoryClone]]:
        """The repositories at `https://HOST/OWNER/NAME`, with or without `#BRANCH`, by their names.

        Raises
        ------
        InputError        an address is not one, or stands there twice
        NotAllowedError   the host or the owner is not in the list, or the host doesn't accept our token
        NotFoundError     there is no such branch
        TemporaryError    the repository can't be reached
        """
        remotes = [RemoteBranch.read(address) for address in addresses]
        for remote in remotes:
            self.hosts.host_of(self.hosts.named(remote.repository))
        names = name_repositories([(remote.url, remote.url) for remote in remotes])
        make_private_folder(self.folder)
        with TemporaryDirectory(dir=self.folder, ignore_cleanup_errors=True) as folder:
            clones = {
                name: RepositoryClone.below(Path(folder), remote) for name, remote in zip(names, remotes, strict=True)
            }
            for clone in clones.values():
                fetch(clone, self.hosts.git_login(clone.remote.repository))
            yield clones
