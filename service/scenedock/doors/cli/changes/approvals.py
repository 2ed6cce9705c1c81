"""`scenedock approvals`: what tasks wait for, decided at the command line, with the data that settings name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scenedock.doors.cli.settings import format_option, print_json, settings_option
from scenedock.doors.cli.tasks import tasks_of

if TYPE_CHECKING:
    from scenedock.effects.tasks.approval_store import ApprovalStore
    from scenedock.usecases.approvals.decide_approval import Decider, Decision


@click.command("list", short_help="List the approvals that tasks wait for.")
@click.option("--all", "all_", is_flag=True, help="Also those that were decided, or have ended.")
@settings_option
@format_option
def list_approvals(*, all_: bool, file: Path | None, layout: str) -> None:
    """List the approvals that tasks wait for, the newest first.

    Exit codes: 0 done, 2 there is no database of tasks.
    """
    from scenedock.model.approvals.documents import ApprovalDocument
    from scenedock.usecases.approvals.decide_approval import find_approvals

    with _approvals_of(file) as (store, who):
        found = find_approvals(store, who, only_open=not all_)
    if layout == "json":
        print_json([ApprovalDocument.of(each).model_dump(mode="json") for each in found])
        return
    for each in found:
        click.echo(f"{each.id}  {each.state:<8}  {each.request.what}  (asked by {each.request.asked_by})")


@click.command("show", short_help="Print an approval.")
@click.argument("approval_id", metavar="ID")
@settings_option
def show_approval(approval_id: str, file: Path | None) -> None:
    """Print the approval ID as JSON.

    Exit codes: 0 done, 2 there is no such approval.
    """
    from scenedock.model.approvals.documents import ApprovalDocument
    from scenedock.usecases.approvals import decide_approval

    with _approvals_of(file) as (store, who):
        record = decide_approval.show_approval(store, who, approval_id)
    print_json(ApprovalDocument.of(record).model_dump(mode="json"))


@click.command(short_help="Approve what a task waits for.")
@click.argument("approval_id", metavar="ID")
@click.option("--comment", default="", help="What whoever asked should know.")
@settings_option
def approve(approval_id: str, comment: str, file: Path | None) -> None:
    """Approve what a task waits for; the service goes on with it.

    The command line may approve what others have asked for, whoever the rules name: it could change them.

    Exit codes: 0 done, 2 there is no such approval, 3 the command line asked itself, 4 it was decided or has ended.
    """
    _decide(approval_id, "approve", comment, file)


@click.command(short_help="Refuse what a task waits for.")
@click.argument("approval_id", metavar="ID")
@click.option("--comment", required=True, help="Why; whoever asked reads it.")
@settings_option
def refuse(approval_id: str, comment: str, file: Path | None) -> None:
    """Refuse what a task waits for; the task fails with the comment.

    Exit codes: 0 done, 2 there is no such approval, 3 the command line asked itself, 4 it was decided or has ended.
    """
    _decide(approval_id, "refuse", comment, file)


def _decide(approval_id: str, decision: Decision, comment: str, file: Path | None) -> None:
    from scenedock.usecases.approvals.decide_approval import decide_approval

    with _approvals_of(file) as (store, who):
        decided = decide_approval(store, who, approval_id, decision, comment)
    click.echo(f"{decided.id}  {decided.state}  {decided.request.what}")


@contextmanager
def _approvals_of(file: Path | None) -> Iterator[tuple[ApprovalStore, Decider]]:
    from scenedock.model.action import COMMAND_LINE
    from scenedock.runtime.approvals_wiring import approval_store
    from scenedock.usecases.approvals.decide_approval import Decider

    with tasks_of(file) as tasks:
        yield approval_store(tasks.effects), Decider(COMMAND_LINE, lambda: ())
