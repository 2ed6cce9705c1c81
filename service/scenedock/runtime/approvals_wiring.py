"""Where the effects of approvals are built: what needs one, where they are kept, and how people are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from scenedock.effects.approvals.effects import ApprovalEffects
from scenedock.effects.approvals.telling import Telling
from scenedock.effects.local.disk import read_file
from scenedock.errors import InputError
from scenedock.model.approvals import ApprovalRules
from scenedock.runtime.callers.rule_list import read_approval_rules
from scenedock.runtime.settings import Settings, variable

if TYPE_CHECKING:
    from scenedock.effects.approvals.webhook import Webhook
    from scenedock.effects.backstage.client import BackstageClient
    from scenedock.effects.tasks.approval_store import ApprovalStore
    from scenedock.effects.tasks.effects import TaskEffects


def open_approvals(
    settings: Settings, tasks: Callable[[], TaskEffects], backstage: BackstageClient | None
) -> ApprovalEffects:
    """The effects of approvals; `tasks` opens the database that has them, when one is needed.

    Raises
    ------
    InputError, NotFoundError   something that a setting names can't be used
    """
    telling = Telling(backstage, _webhook(settings), settings.pages_url)
    return ApprovalEffects(lambda: approval_store(tasks()), approval_rules(settings), telling)


def approval_store(tasks: TaskEffects) -> ApprovalStore:
    """Where approvals are kept: in the database of tasks."""
    from scenedock.effects.tasks.approval_store import ApprovalStore

    return ApprovalStore(tasks.database, tasks.clock)


def approval_rules(settings: Settings) -> ApprovalRules:
    """The rules about approvals in the file that a setting names.

    Raises
    ------
    InputError, NotFoundError   it can't be used
    """
    file = settings.rules
    if file is None:
        return ApprovalRules()
    from scenedock.actions import ACTIONS

    return read_approval_rules(
        read_file(file), str(file), actions={each.name for each in ACTIONS if each.asks_approval}
    )


def _webhook(settings: Settings) -> Webhook | None:
    if not settings.approvals_webhook:
        return None
    if not settings.approvals_webhook_secret:
        raise InputError(
            f"{variable('approvals_webhook_secret')} must be set: without it, whoever receives "
            f"{variable('approvals_webhook')} can't know that it is from us (openssl rand -hex 32)"
        )
    from scenedock.effects.approvals.webhook import Webhook

    webhook = Webhook(settings.approvals_webhook, settings.approvals_webhook_secret)
    try:
        webhook.key  # noqa: B018 - it is decoded
    except ValueError:
        raise InputError(
            f"{variable('approvals_webhook_secret')}: what follows `whsec_` must be base64 (openssl rand -base64 32)"
        ) from None
    return webhook
