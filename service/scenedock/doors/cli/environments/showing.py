"""How plans that are lists of decisions are asked for and shown at the command line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from scenedock.doors.cli.changes.outcome import what_is_done
from scenedock.doors.cli.queries.programs import rendering_options
from scenedock.doors.cli.settings import format_option
from scenedock.doors.cli.sources import Sources, source_options
from scenedock.structs import dataclass

if TYPE_CHECKING:
    from scenedock.changes.environments.planned import CopyPlan
    from scenedock.manifests.difference import ManifestDiff

_WIDEST = 60


@dataclass(frozen=True, slots=True)
class Doing:
    """What a command does with its plan, besides showing it."""

    writes: bool = False
    commits: bool = False
    diffs: bool = False


def decision_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of all commands that plan a list of decisions: answers, what is done, and where."""
    options = (
        click.option(
            "--answer", "answers", metavar="KEY=VALUE", multiple=True, help="The value of a key; may be repeated."
        ),
        click.option(
            "--keep",
            "kept",
            metavar="PATTERN",
            multiple=True,
            help="Keys that are asked and get what OLD has: `resources.*`.",
        ),
        click.option(
            "--accept",
            "accepted",
            metavar="PATTERN",
            multiple=True,
            help="Keys that are asked and get what is suggested.",
        ),
        click.option("--drop", "dropped", metavar="PATTERN", multiple=True, help="Keys of OLD that are left out."),
        click.option("--plan", "only_plan", is_flag=True, help="Show what would become of each key; the default."),
        click.option("--diff", is_flag=True, help="Show the manifests that it makes."),
        click.option("--write", is_flag=True, help="Write the files."),
        click.option("--commit", is_flag=True, help="Write the files, and commit them."),
        format_option,
        rendering_options,
        source_options(here=True),
    )

    @wraps(command)
    def deciding(
        *,
        sources: Sources,
        only_plan: bool,
        diff: bool,
        write: bool,
        commit: bool,
        answers: Sequence[str],
        **others: Any,
    ) -> None:
        if only_plan and (write or commit):
            raise click.UsageError("--plan writes nothing; leave it out, or --write and --commit")
        if (write or commit) and sources.ref is not None:
            raise click.UsageError("with --ref nothing can be written")
        doing = Doing(write or commit, commit, diff)
        command(sources=sources, doing=doing, answers=read_answers(answers), **others)

    decorated: Callable[..., None] = deciding
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


def read_answers(typed: Sequence[str]) -> dict[str, str]:
    """The answers that were typed, by key."""
    from scenedock.changes.environments.answering import split_answer

    found = {}
    for each in typed:
        key, sign, value = split_answer(each)
        if not sign or not key:
            raise click.UsageError(f"--answer takes KEY=VALUE, not {each!r}")
        found[key] = value
    return found


def table(plan: CopyPlan) -> Iterator[str]:
    """The decisions, by what becomes of the keys."""
    from scenedock.changes.environments.decisions import OUTCOMES
    from scenedock.changes.environments.text import change

    for outcome in OUTCOMES:
        rows = [(each.key, change(each), each) for each in plan.decisions if each.outcome == outcome]
        if not rows:
            continue
        yield f"{outcome.upper()} ({len(rows)})"
        texts = [key for key, _, _ in rows], [value for _, value, _ in rows]
        widths = [min(_WIDEST, max(map(len, column))) for column in texts]
        for key, value, each in rows:
            suggested = f" (probably {_shown(each)})" if each.is_open and each.suggestion is not None else ""
            yield f"  {key:{widths[0]}}  {value:{widths[1]}}  {each.reason}{suggested}".rstrip()
    if not plan.decisions:
        yield "nothing to copy"


def _shown(decision: object) -> str:
    from scenedock.changes.environments.decisions import Decision
    from scenedock.changes.environments.planned import shown

    return shown(decision.suggestion) if isinstance(decision, Decision) else ""


def files(plan: CopyPlan) -> Iterator[str]:
    """The files that are new or change."""
    yield ""
    for file in plan.planned.files:
        yield f"{'new file' if file.before is None else 'changed'}: {file.repository}:{file.path}"


def shown_manifests(rendered: ManifestDiff | None, reason: str) -> Iterator[str]:
    """What it does to the manifests, or why that isn't known."""
    if rendered:
        from scenedock.manifests.text import as_text

        yield from as_text(rendered).splitlines()
    elif reason:
        yield reason


def end(plan: CopyPlan, commits: Mapping[str, str], *, written: bool) -> Iterator[str]:
    """What speaks against it, what it lacks, and what has been done."""
    yield from plan.planned.notes
    for refusal in plan.planned.refusals:
        yield f"refused: {refusal.message}"
        yield f"    {refusal.remedy}"
    if plan.lacks:
        yield f"It still lacks ({len(plan.lacks)}):"
    for lack in plan.lacks:
        place = f" ({lack.place})" if str(lack.place) else ""
        yield f"  {lack.need}: {lack.what}{place}"
        yield f"      {lack.remedy}"
    if plan.questions:
        count = len(plan.questions)
        yield f"{count} key{'' if count == 1 else 's'} must be answered: --answer KEY=VALUE, --keep, --accept"
    if not plan.planned.refusals:
        yield from what_is_done(plan.planned.files, commits, written=written)


def make(plan: CopyPlan, sources: Sources, doing: Doing) -> Mapping[str, str]:
    """Write or commit what is planned, if that is asked for and nothing speaks against it; the commits by repository.

    Raises
    ------
    InputError, ConflictError   a key isn't answered, or a file has other changes
    """
    if not doing.writes or plan.planned.refusals:
        return {}
    from scenedock.usecases.changes.make_locally import make_locally

    plan.check_answered()
    return make_locally(plan.planned, sources.roots, commit=doing.commits)
