"""Wait for the end of a pull request, without holding a worker meanwhile."""

from __future__ import annotations

import re

from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.errors import ConflictError, InputError
from scenedock.model.code_hosts.code_host import RepositoryAddress, read_repository
from scenedock.model.code_hosts.pull_request import PullRequest, awaited
from scenedock.model.tasks.task import WaitingFor

_ADDRESS = re.compile(
    r"^https?://(?P<repository>[^/?#@\s]+(?:/[^/?#\s]+){2,21}?)/(?:pull|(?:-/)?merge_requests)/(?P<number>[1-9][0-9]{0,9})/?$"
)
_SECONDS_BETWEEN_LOOKS = 300


def read_pull_request_url(url: str) -> tuple[RepositoryAddress, int]:
    """The repository and the number of a pull request, from the address of its page.

    It is `https://HOST/OWNER/NAME/pull/12`, or on GitLab `https://HOST/GROUP/NAME/-/merge_requests/12`.

    Raises
    ------
    InputError   it is not such an address
    """
    match = _ADDRESS.match(url)
    if not match:
        raise InputError(
            "`pullRequestUrl` must be https://HOST/OWNER/NAME/pull/NUMBER, or "
            "https://HOST/GROUP/NAME/-/merge_requests/NUMBER, as `propose-change` returns it"
        )
    return read_repository(match["repository"]), int(match["number"])


def await_pull_request(hosts: CodeHosts, url: str, *, allow_closed: bool) -> PullRequest:
    """The pull request after it is merged; with `allow_closed`, also after it is closed without being merged.

    Raises
    ------
    WaitingFor        it is open
    ConflictError     it was closed, and not merged
    InputError        the address is not that of a pull request, or its host has no pull requests
    NotAllowedError   the host or the owner isn't in our list, or our credentials don't suffice
    NotFoundError     there is no pull request with this number
    TemporaryError    the host can't be reached
    """
    address, number = read_pull_request_url(url)
    with hosts.open(hosts.named(address)) as repository:
        if repository.pulls is None:
            raise InputError(f"{address.host} is a plain git server, which has no pull requests")
        address, pull = repository.address, repository.pulls.get(number)
    if pull.state == "open":
        raise WaitingFor(awaited(address.host, address.path, number), check_seconds=_SECONDS_BETWEEN_LOOKS)
    if pull.state == "closed" and not allow_closed:
        raise ConflictError(f"{url} was closed without being merged; reopen it and retry, or set `allowClosed`")
    return pull
