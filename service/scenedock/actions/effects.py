"""The effects that actions hand to use cases; built once, in wiring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scenedock.effects.repositories import RepositoryFolder


@dataclass(frozen=True, slots=True)
class Effects:
    """`repositories` are the GitOps repositories by name."""

    repositories: Mapping[str, RepositoryFolder]
