"""The effects that actions hand to use cases; built once, in wiring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scenedock.effects.code_hosts import CodeHosts
from scenedock.effects.confined_bakes import ConfinedBakes
from scenedock.effects.repositories import ServedRepository
from scenedock.effects.result_folders import ResultFolders
from scenedock.effects.skeleton_library import SkeletonLibrary


@dataclass(frozen=True, slots=True)
class Effects:
    """`repositories` are the GitOps repositories by name, `results` the folders that actions leave.

    `code_hosts` are where repositories may be written to.
    """

    repositories: Mapping[str, ServedRepository]
    skeletons: SkeletonLibrary
    bakes: ConfinedBakes
    results: ResultFolders
    code_hosts: CodeHosts
