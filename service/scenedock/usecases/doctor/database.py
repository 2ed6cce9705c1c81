"""Checks of the database: whether it is there, has our version, keeps sessions, and whom it knows."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Final

from scenedock.effects.tasks.storage.inspection import Inspection
from scenedock.effects.tasks.storage.key_table import ProcessKey, Purpose
from scenedock.effects.tasks.storage.migrations import MIGRATIONS
from scenedock.errors import NotFoundError, TemporaryError
from scenedock.model.tasks.changes import OTHER_KEY
from scenedock.usecases.doctor.diagnosis import Diagnosis, fine, problem, unknown

_ALIVE: Final = """SELECT count(*) FROM executor WHERE alive_at >=
CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint) - 20000"""
_DUE: Final = """SELECT count(*), min(coalesce(wake_at, created_at)) FROM task
WHERE lease_owner IS NULL AND (status = 'open' OR (status = 'processing' AND wake_at <= {now:d}))"""
_UNOPENED: Final = f"SELECT count(*) FROM task WHERE status = 'processing' AND reason = '{OTHER_KEY}'"  # noqa: S608
_DELIVERIES: Final = "SELECT count(*), max(received_at) FROM webhook_delivery"
_SETTINGS: Final[dict[Purpose, tuple[str, str]]] = {
    "seal": ("SCENEDOCK_SEAL_KEY", "What one seals, such as a task's secrets, the other can't open."),
    "sign": ("SCENEDOCK_SIGNING_KEY", "What one signs, such as calls of Backstage or a sign-in, the other refuses."),
}


def check_database(inspection: Inspection) -> Diagnosis:
    """Whether the database can be reached, and has the version of this release."""
    check = "database"
    try:
        version = inspection.version()
    except NotFoundError:
        return fine(check, f"{inspection.name}: it will be created when the service starts")
    except TemporaryError as error:
        remedy = "Check SCENEDOCK_DATABASE_URL (or SCENEDOCK_DATA), that the database runs, and the way to it."
        return problem(check, f"{inspection.name}: {error}", remedy)
    ours = len(MIGRATIONS)
    evidence = f"{inspection.name} has version {version}, this release needs {ours}"
    if version > ours:
        remedy = "A newer release has migrated it: use that release, or restore the backup from before."
        return problem(check, evidence, remedy)
    if version < ours and not inspection.is_sqlite:
        return problem(check, evidence, "Run `scenedock migrate` with this release, then restart the others.")
    migrated = "; the service migrates it when it starts" if version < ours else ""
    return fine(check, f"{evidence}{migrated}")


def check_sessions(inspection: Inspection) -> Diagnosis:
    """Whether a connection keeps its session, in which workers hold locks and listen."""
    check = "database-sessions"
    try:
        shared = inspection.shares_sessions()
    except TemporaryError as error:
        return unknown(check, f"{inspection.name}: {error}")
    if not shared:
        return fine(check, f"{inspection.name}: two connections have two sessions")
    evidence = f"{inspection.name}: two open connections share a session, as behind PgBouncer in transaction mode"
    remedy = (
        "Connect workers and `serve` to PostgreSQL itself, or set `pool_mode = session` for this database: workers "
        "hold locks and listen in their sessions."
    )
    return problem(check, evidence, remedy)


def check_keys(own: Collection[ProcessKey], recorded: Sequence[ProcessKey]) -> Diagnosis:
    """Whether what one process seals or signs is valid for all others; `own` are the keys in the settings here."""
    check = "keys"
    here = [each.named("here") for each in own]
    for key in (*recorded, *here):
        for other in (*recorded, *here):
            if key.purpose == other.purpose and not other.takes(key):
                setting, why = _SETTINGS[key.purpose]
                evidence = (
                    f"{key.process} has the key {key.digest} to {key.purpose}, {other.process} has {other.digest}"
                )
                return problem(check, f"{evidence}. {why}", f"Give all processes the same {setting}, and restart them.")
    if not recorded:
        return unknown(check, "no process has told its keys in the last 15 minutes", "Start `serve` or a worker.")
    processes = sorted({each.process for each in recorded})
    return fine(check, f"{len(processes)} processes have the same keys: {', '.join(processes)}")


def check_workers(inspection: Inspection) -> Diagnosis:
    """Whether somebody runs the tasks that wait, and can open their secrets."""
    check = "tasks"
    try:
        rows = inspection.rows(_DUE.format(now=time.time_ns() // 1_000_000))
        unopened = (inspection.rows(_UNOPENED) or [(0,)])[0][0]
        alive = None if inspection.is_sqlite else (inspection.rows(_ALIVE) or [(0,)])[0][0]
    except (NotFoundError, TemporaryError) as error:
        return unknown(check, str(error))
    due, since = rows[0] if rows else (0, None)
    waiting = f"{due} tasks could begin{f', the first since {_when(since)}' if since else ''}"
    if unopened:
        remedy = (
            "Add the former key to SCENEDOCK_SEAL_KEY, after a comma, or restore seal.key, and restart. If it is lost, "
            "cancel these tasks and submit them again: docs/incidents.md, A key is lost."
        )
        return problem(check, f"{unopened} tasks wait {OTHER_KEY}", remedy)
    if alive is None:
        return fine(check, f"{waiting}; `scenedock serve` runs them")
    evidence = f"{waiting}; {alive} processes run tasks"
    if due and not alive:
        return problem(check, evidence, "Start `scenedock worker`, and look into its log if it ends.")
    return fine(check, evidence)


def check_webhooks(inspection: Inspection, hosts: Sequence[str], days: int) -> Diagnosis:
    """Whether a webhook of these hosts, each of which has a secret for it, arrived in so many `days`."""
    check = "webhooks"
    try:
        rows = inspection.rows(_DELIVERIES)
    except NotFoundError:
        rows = []
    except TemporaryError as error:
        return unknown(check, str(error))
    count, last = rows[0] if rows else (0, None)
    if not count:
        remedy = (
            "Check the webhook's address and secret, and its recent deliveries, on the code host: docs/webhooks.md. "
            "Until one arrives, changes are seen by polling."
        )
        return problem(check, f"of {', '.join(hosts)}, none that concerns us arrived in {days} days", remedy)
    evidence = f"{count} were received, the last one on {_when(last)}"
    if len(hosts) > 1:
        return unknown(check, f"{evidence}; their record doesn't say from which of {', '.join(hosts)}")
    return fine(check, evidence)


def _when(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1_000, UTC):%Y-%m-%d %H:%M} UTC"
