"""`--propose` of `catalog export --in-place` and `catalog adopt`: catalog files as pull requests."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from typing import TYPE_CHECKING

import click

from scenedock.doors.cli.export_views import printable
from scenedock.errors import InputError, ScenedockError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scenedock.catalog.comparing.origins import Adoption
    from scenedock.catalog.emitting.marker_files import MarkerFile
    from scenedock.effects.code_hosts.hosts import CodeHosts
    from scenedock.model.helm import RepositoryFacts
    from scenedock.usecases.catalog.export_catalog import Export

_BRANCH = "scenedock/catalog"
_TITLE = "Update the catalog files"
_BODY = (
    "These `catalog-info.yaml` files are what `scenedock catalog export --in-place` writes. Each run with `--propose` "
    "updates this pull request. Corrections go into `overrides` of scenedock.yaml."
)
_PROGRAM = "catalog-export"


class CatalogProposals:
    """The files to propose for each repository, by its name."""

    def __init__(self) -> None:
        self._files: dict[str, list[MarkerFile]] = defaultdict(list)

    def clear(self) -> None:
        """Forget all files."""
        self._files.clear()

    def add(self, file: MarkerFile) -> str | None:
        """Note a file, unless it is right already; its path, if it was noted."""
        if file.is_right:
            return None
        self._files[file.place.repository].append(file)
        return str(file.place)

    def propose(self, result: Export) -> None:
        """Open or update the pull requests; each is told on standard error.

        If one is refused, that is told too, the others are proposed, and the first error is raised at the end.

        Raises
        ------
        InputError       a repository's address isn't known, or can't be on a code host
        NotAllowedError  it isn't in the list of code hosts, or our credentials don't suffice
        ConflictError    the branch has commits of others
        TemporaryError   the host can't be reached
        """
        changed = [each.facts for each in result.repositories if each.facts.name in self._files]
        if not changed:
            return
        hosts = _code_hosts()
        errors: list[ScenedockError] = []
        for facts in changed:
            try:
                _propose(facts, self._files[facts.name], hosts)
            except ScenedockError as error:
                errors.append(error)
        raise_first(errors)


def raise_first(errors: Sequence[ScenedockError]) -> None:
    """Tell all errors but the first one, and raise that; nothing without any."""
    for error in errors[1:]:
        click.echo(printable(f"Error: {error}"), err=True)
    if errors:
        raise errors[0]


def propose_adoptions(adoptions: Iterable[Adoption]) -> None:
    """Open or update a pull request for each branch with files whose entities lack annotations.

    If one is refused, that is told on standard error, the others are proposed, and the first error is raised at the
    end.

    Raises
    ------
    InputError       an entity's file isn't on a code host, or can't be edited without changing anything else
    NotFoundError    there is no such branch or file
    NotAllowedError  a repository isn't in the list of code hosts, or our credentials don't suffice
    ConflictError    the branch of the proposal has commits of others
    TemporaryError   the host can't be reached
    """
    from scenedock.catalog.comparing.origins import file_of
    from scenedock.usecases.publishing.propose_annotations import Lacking, propose_annotations

    hosts = _code_hosts()
    errors: list[ScenedockError] = []
    wanted: dict[str, list[Lacking]] = defaultdict(list)
    for each in adoptions:
        if not each.annotations:
            continue
        if file := file_of(each.there):
            wanted[file.repository].append(Lacking(file.branch, file.path, each.there.ref, each.annotations))
        else:
            errors.append(InputError(f"{each.there.ref}: its file isn't on a code host, as far as the catalog says"))
    for address, lacking in wanted.items():
        try:
            with hosts.open(hosts.read(address)) as repository:
                errors += propose_annotations(repository, lacking, _say)
        except ScenedockError as error:
            errors.append(error)
    raise_first(errors)


def _code_hosts() -> CodeHosts:
    """The listed code hosts; a token that ends soon is told on standard error."""
    from scenedock.doors.cli.settings import settings_in_force
    from scenedock.effects.code_hosts.token_expiry import TokenExpiry
    from scenedock.runtime.wiring import list_code_hosts

    hosts = list_code_hosts(settings_in_force(None).settings.code_hosts)
    expiry = TokenExpiry(hosts)
    expiry.look()
    for reason in expiry.reasons():
        _say(f"Warning: {reason}")
    return hosts


def _say(message: str) -> None:
    click.echo(printable(message), err=True)


def _propose(facts: RepositoryFacts, files: list[MarkerFile], hosts: CodeHosts) -> None:
    from scenedock.catalog.reading.handwritten import is_ours
    from scenedock.gitops.changes import ChangeRequest, NewFile
    from scenedock.model.code_hosts.code_host import checked_path
    from scenedock.model.code_hosts.commit import Attempt, Mark
    from scenedock.usecases.publishing.keep_proposal import digest_of, keep_proposal
    from scenedock.usecases.publishing.propose_change import Proposal

    if not facts.url:
        raise InputError(
            f"{facts.name}: its address isn't known, so nothing can be proposed; set `repository` in scenedock.yaml"
        )
    paths = {posixpath.join(facts.prefix, file.place.path): file for file in files}
    changes = ChangeRequest(
        files=tuple(
            NewFile(checked_path(path), file.wanted.encode()) for path, file in paths.items() if file.wanted is not None
        ),
        delete=tuple(checked_path(path) for path, file in paths.items() if file.wanted is None),
    )

    base = facts.branch if facts.branch != "HEAD" else None
    # Several folders of one repository may be proposed, each by a run of its own.
    words = re.sub(r"[^A-Za-z0-9]+", "-", facts.prefix).strip("-")
    branch = f"{_BRANCH}-{words}" if words else _BRANCH
    proposal = Proposal(changes, branch, base, title=_TITLE, body=_BODY, message=_TITLE)
    mark = Mark(_PROGRAM, digest_of(changes))
    with hosts.open(hosts.read(facts.url)) as repository:
        attempt = Attempt(mark, log=_say)
        # Whatever this clone has: on the code host, the file may be a person's by now.
        keep_proposal(repository, proposal, attempt, may_replace=is_ours)
