"""A project on GitLab: branches, files and commits by git; merge requests and settings through the API."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scenedock.effects.git.push import GitBranches
from scenedock.effects.gitlab.client import GitLabClient
from scenedock.effects.gitlab.merge_requests import GitLabMergeRequests
from scenedock.effects.gitlab.project_settings import GitLabProjectSettings
from scenedock.effects.local.host_secrets import HostSecrets
from scenedock.effects.local.pace import Pace
from scenedock.model.code_hosts.code_host import CodeHost, RepositoryAddress


@contextmanager
def open_gitlab_project(
    host: CodeHost, secrets: HostSecrets, address: RepositoryAddress, pace: Pace
) -> Iterator[GitLabProject]:
    """Open a project, with a temporary folder for its objects and a connection to the API."""
    with (
        tempfile.TemporaryDirectory(prefix="scenedock-git-") as folder,
        GitLabClient(host, secrets.token, pace) as client,
    ):
        yield GitLabProject(client, host, secrets, address, Path(folder))


class GitLabProject(GitBranches):
    """A project, for one thread."""

    def __init__(
        self, client: GitLabClient, host: CodeHost, secrets: HostSecrets, address: RepositoryAddress, folder: Path
    ) -> None:
        super().__init__(host, secrets, address, folder)
        self.pulls: GitLabMergeRequests | None = GitLabMergeRequests(client, address, self.tip)
        self._settings = GitLabProjectSettings(client, address)
        self.settings: GitLabProjectSettings | None = self._settings

    def check_place(self) -> None:
        """Check that the project wasn't renamed or moved: over git, GitLab serves it under its old address, too.

        Raises
        ------
        NotFoundError   it was, or it doesn't exist
        """
        if self._settings.seen is None:
            self._settings.get()

    def default_branch(self) -> str:
        """The default branch."""
        return (self._settings.seen or self._settings.get()).default_branch or "main"
