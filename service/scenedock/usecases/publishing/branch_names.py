"""Names of our branches and of what they deploy, so that the same change always has the same one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from scenedock.model.code_hosts.code_host import checked_branch
from scenedock.usecases.publishing.own_branches import DEPLOY

if TYPE_CHECKING:
    from scenedock.releases.release import PairKey

_OF_NO_ENVIRONMENT: Final = "_"


def branch_of(pairs: Sequence[PairKey], folder: str = "") -> str:
    """The branch of a change of deployments in a folder of a repository: of a single one, its names say it."""
    if len(pairs) == 1:
        _, service, environment = pairs[0]
        return branch_named(f"{DEPLOY}/{word(service)}/{word(environment or _OF_NO_ENVIRONMENT)}", folder)
    listed = "\n".join(sorted(f"{service}/{environment or ''}" for _, service, environment in pairs))
    return branch_named(f"{DEPLOY}/set/{digest(listed, 16)}", folder)


def deployment_in(key: PairKey, folder: str) -> str:
    """What the text of a pull request calls a deployment, in a folder of the repository."""
    _, service, environment = key
    pair = f"{service}/{environment}" if environment else service
    return f"{pair} ({folder})" if folder else pair


def branch_named(name: str, folder: str) -> str:
    """The name of a branch for a folder of a repository, which others of its folders don't have."""
    return checked_branch(f"{name}-{digest(folder, 6)}" if folder else name)


def word(name: str) -> str:
    """A name as a part of the name of a branch, which no other name gives."""
    kept = re.sub(r"[^A-Za-z0-9_-]|(?<![A-Za-z0-9])-", "_", name)
    return kept if kept == name else f"{kept}-{digest(name, 6)}"


def digest(text: str, length: int) -> str:
    """The beginning of the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]
