"""`scenedock environments create`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from scenedock.doors.cli.export_views import printable
from scenedock.doors.cli.queries.programs import Programs, rendering_options
from scenedock.doors.cli.settings import format_option, print_json
from scenedock.doors.cli.sources import Sources, source_options

if TYPE_CHECKING:
    from scenedock.changes.environments.planned import EnvironmentPlan
    from scenedock.manifests.difference import ManifestDiff

_WIDEST = 60


@click.command("create")
@click.argument("service", metavar="SERVICE")
@click.argument("environment", metavar="NEW")
@click.option("--from", "source", metavar="OLD", required=True, help="The environment that is copied.")
@click.option("--repository", metavar="NAME", help="Name of the repository, where several deploy the service there.")
@click.option("--answer", "answers", metavar="KEY=VALUE", multiple=True, help="The value of a key; may be repeated.")
@click.option(
    "--keep", "kept", metavar="PATTERN", multiple=True, help="Keys that are asked and get what OLD has: `resources.*`."
)
@click.option(
    "--accept",
    "accepted",
    metavar="PATTERN",
    multiple=True,
    help="Keys that are asked and get what is suggested.",
)
@click.option("--plan", "only_plan", is_flag=True, help="Show what would become of each key; the default.")
@click.option("--diff", is_flag=True, help="Show the manifests that it makes.")
@click.option("--write", is_flag=True, help="Write the files.")
@click.option("--commit", is_flag=True, help="Write the files, and commit them.")
@format_option
@rendering_options
@source_options(here=True)
def create(
    *,
    sources: Sources,
    programs: Programs,
    layout: str,
    only_plan: bool,
    diff: bool,
    write: bool,
    commit: bool,
    **asked: Any,
) -> None:
    """Create the environment NEW of SERVICE from OLD, in REPO... (the current folder).

    Each key of OLD is copied, replaced, left out or asked, with the evidence; nothing is written without --write or
    --commit, and neither does anything while keys are asked and not answered. What the environment lacks then, such as
    secrets to seal, is at the end.

    Exit codes: 0 done, or planned, 1 it is refused, 2 wrong usage, a key isn't answered, no such environment, or a
    repository that can't be read, 4 it is there already, or a file has other changes.
    """
    from scenedock.changes.environments.planned import NewEnvironment
    from scenedock.usecases.changes.ground import Ground
    from scenedock.usecases.environments.plan_environment import plan_environment
    from scenedock.usecases.environments.plan_served import with_rendered

    if only_plan and (write or commit):
        raise click.UsageError("--plan writes nothing; leave it out, or --write and --commit")
    if (write or commit) and sources.ref is not None:
        raise click.UsageError("with --ref nothing can be written")
    wish = NewEnvironment(**{**asked, "answers": _answers(asked["answers"])})
    with sources.opened() as opened:
        ground = Ground.of(sources.export_of(opened), opened, sources.export_of, datetime.now(UTC))
        plan, rendered, reason = with_rendered(plan_environment(ground, wish), opened, programs.tools())
    commits: Mapping[str, str] = {}
    if (write or commit) and not plan.planned.refusals:
        from scenedock.usecases.changes.make_locally import make_locally

        plan.check_answered()
        commits = make_locally(plan.planned, sources.roots, commit=commit)
    _print(plan, rendered if diff else None, reason, layout, commits, written=write or commit)
    click.get_current_context().exit(1 if plan.planned.refusals else 0)


def _answers(typed: Sequence[str]) -> dict[str, str]:
    found = {}
    for each in typed:
        key, sign, value = _split(each)
        if not sign or not key:
            raise click.UsageError(f"--answer takes KEY=VALUE, not {each!r}")
        found[key] = value
    return found


def _split(answer: str) -> tuple[str, str, str]:
    """Key and value of an answer; the sign between them isn't that of an item: `env[name=TAG].value=1`."""
    depth = 0
    for at, sign in enumerate(answer):
        depth += {"[": 1, "]": -1}.get(sign, 0)
        if sign == "=" and depth <= 0:
            return answer[:at], sign, answer[at + 1 :]
    return answer, "", ""


def _print(
    plan: EnvironmentPlan,
    rendered: ManifestDiff | None,
    reason: str,
    layout: str,
    commits: Mapping[str, str],
    *,
    written: bool,
) -> None:
    if layout == "json":
        from scenedock.actions.environments.planned import PlanOutput
        from scenedock.manifests.described import as_json

        document = PlanOutput.of(plan).model_dump(by_alias=True)
        manifests = as_json(rendered) if rendered else None
        print_json({**document, "manifests": manifests, "commits": dict(commits)})
        return
    lines = [*_table(plan), *_files(plan), *_manifests(rendered, reason), *_end(plan, commits, written=written)]
    click.echo("\n".join(map(printable, lines)))


def _table(plan: EnvironmentPlan) -> Iterator[str]:
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


def _files(plan: EnvironmentPlan) -> Iterator[str]:
    yield ""
    for file in plan.planned.files:
        yield f"{'new file' if file.before is None else 'changed'}: {file.repository}:{file.path}"
    yield f"namespace: {plan.namespace or 'the repository does not say it'}"
    yield f"hosts: {', '.join(plan.hosts) or 'none'}"


def _manifests(rendered: ManifestDiff | None, reason: str) -> Iterator[str]:
    if rendered:
        from scenedock.manifests.text import as_text

        yield from as_text(rendered).splitlines()
    elif reason:
        yield reason


def _end(plan: EnvironmentPlan, commits: Mapping[str, str], *, written: bool) -> Iterator[str]:
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
    elif not written and not plan.planned.refusals:
        yield "nothing is written; add --write, or --commit"
    for name, commit in commits.items():
        yield f"committed in {name}: {commit}"
