"""The effects that actions hand to use cases; built once, in wiring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scenedock.effects.bakes.confined_bakes import ConfinedBakes
from scenedock.effects.bakes.result_folders import ResultFolders
from scenedock.effects.code_hosts.hosts import CodeHosts
from scenedock.effects.git.repositories import ServedRepository
from scenedock.effects.skeletons.library import SkeletonLibrary

if TYPE_CHECKING:  # it brings the libraries of HTTP and tokens
    from scenedock.effects.backstage.catalog import BackstageCatalog


@dataclass(frozen=True, slots=True)
class Effects:
    """`repositories` are the GitOps repositories by name, `results` the folders that actions leave.

    `code_hosts` are where repositories may be written to, `backstage` whose catalog has what is registered; None where
    the service knows no Backstage.
    """

    repositories: Mapping[str, ServedRepository]
    skeletons: SkeletonLibrary
    bakes: ConfinedBakes
    results: ResultFolders
    code_hosts: CodeHosts
    backstage: BackstageCatalog | None
