"""The effects that actions pass to use cases; built once, in wiring."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from scenedock.structs import dataclass

if TYPE_CHECKING:  # actions are described without them
    from scenedock.effects.approvals.effects import ApprovalEffects
    from scenedock.effects.backstage.catalog import BackstageCatalog
    from scenedock.effects.bakes.confined_bakes import ConfinedBakes
    from scenedock.effects.bakes.result_folders import ResultFolders
    from scenedock.effects.code_hosts.application_clones import ApplicationClones
    from scenedock.effects.code_hosts.hosts import CodeHosts
    from scenedock.effects.git.repositories import ServedRepository
    from scenedock.effects.git.served_apart import ServedApart
    from scenedock.effects.helm.program import HelmProgram
    from scenedock.effects.sealed_secrets.certificates import Certificates
    from scenedock.effects.skeletons.library import SkeletonLibrary
    from scenedock.usecases.manifests.tools import RenderingTools


@dataclass(frozen=True, slots=True)
class Effects:
    """`repositories` are the GitOps repositories by name, `results` the folders that actions produce.

    `apart` answers from the repositories in a process of its own. `code_hosts` are the hosts of repositories that may
    be written to, and `applications` fetches from them what is to be read once. `backstage` is the catalog to register
    in; None if no Backstage is configured. `helm` is looked for when something is to be rendered, and so is what
    `rendering` has besides. `certificates` encrypt secrets for clusters. `renew` is told the names of repositories that
    an action has committed to, so that the catalog and the pages show it at once; it doesn't wait for that. `approvals`
    are what others must agree to; `groups` are those of a user, as Backstage's catalog has them.
    """

    repositories: Mapping[str, ServedRepository]
    apart: ServedApart
    skeletons: SkeletonLibrary
    bakes: ConfinedBakes
    results: ResultFolders
    code_hosts: CodeHosts
    applications: ApplicationClones
    backstage: BackstageCatalog | None
    helm: HelmProgram
    rendering: RenderingTools
    renew: Callable[[Collection[str]], object]
    certificates: Certificates
    approvals: ApprovalEffects
    groups: Callable[[str], Collection[str]]
