"""The effects that use cases of approvals need."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from scenedock.effects.approvals.telling import Telling
from scenedock.model.approvals import ApprovalRules
from scenedock.structs import dataclass, field

if TYPE_CHECKING:  # its import loads SQLAlchemy
    from scenedock.effects.tasks.approval_store import ApprovalStore


@dataclass(frozen=True, slots=True)
class ApprovalEffects:
    """`store` opens the database of tasks when it is needed; `rules` say what needs whose approval."""

    store: Callable[[], ApprovalStore]
    rules: ApprovalRules = field(default_factory=ApprovalRules)
    telling: Telling = field(default_factory=Telling)
