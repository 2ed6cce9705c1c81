"""`scenedock deployments promote`, `roll-back` and `set-version`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from scenedock.doors.cli.changes.outcome import what_is_done
from scenedock.doors.cli.export_views import printable
from scenedock.doors.cli.queries.programs import Programs, rendering_options
from scenedock.doors.cli.settings import format_option, print_json
from scenedock.doors.cli.sources import Sources, source_options

if TYPE_CHECKING:
    from scenedock.changes.planned import Lifted, Planned, PlannedFile, Refusal
    from scenedock.effects.git.repositories import Repository
    from scenedock.manifests.difference import ManifestDiff
    from scenedock.releases.release import Release
    from scenedock.usecases.changes.ground import Ground

_SERVICE = click.argument("service", metavar="SERVICE", required=False)
_SERVICES = click.option(
    "--service", "services", metavar="NAME", multiple=True, help="Instead of SERVICE; repeated, several change as one."
)
_REPOSITORY = click.option(
    "--repository", metavar="NAME", help="Name of the repository, where several deploy the service there."
)
_LIFTS = {
    "downgrade": click.option("--downgrade", is_flag=True, help="Allow an older version."),
    "pre-release": click.option("--pre-release", is_flag=True, help="Allow a pre-release in production."),
    "untried-version": click.option(
        "--untried-version", is_flag=True, help="Allow a version that the environment before doesn't have."
    ),
    "shared-line": click.option("--shared", "shared_line", is_flag=True, help="Allow an edit that others get, too."),
    "automated-line": click.option(
        "--automated-line", is_flag=True, help="Allow an edit of a line that an automation writes."
    ),
    "stale-chart-lock": click.option(
        "--stale-chart-lock", is_flag=True, help="Allow a Chart.lock that must be updated afterwards."
    ),
}
_PASS_LOCK = click.option(
    "--pass-lock", metavar="REASON", default="", help="Pass the locks of the environment, for a reason."
)
_WRITE = click.option("--write", is_flag=True, help="Write the files.")
_DIFF = click.option("--diff", is_flag=True, help="Render the manifests, and show what changes in them.")
_COMMIT = click.option("--commit", is_flag=True, help="Write the files, and commit them.")


def change_options(plan: Callable[..., Planned]) -> Callable[..., object]:
    """A command of a function that makes a plan, with the options that all changes of versions have.

    These say which refusals are lifted, and whether anything is written.
    """

    @source_options(here=True)
    @wraps(plan)
    def changing(
        *,
        sources: Sources,
        programs: Programs,
        layout: str,
        write: bool,
        commit: bool,
        diff: bool,
        pass_lock: str,
        **others: Any,
    ) -> None:
        from scenedock.changes.planned import Lifted
        from scenedock.usecases.changes.make_locally import check_whole

        codes = frozenset(code for code in _LIFTS if others.pop(code.replace("-", "_"), False))
        lifted = Lifted(codes, pass_lock)  # type: ignore[arg-type]
        if (write or commit) and sources.ref is not None:
            raise click.UsageError("with --ref nothing can be written")
        check_whole(sources.roots)
        with sources.opened() as opened:
            ground = _ground(sources, opened, programs.helm, frozenset(others["services"]))
            planned = plan(ground=ground, lifted=lifted, **others)
            rendered = _rendered(opened, planned, programs) if diff else []
        commits = {}
        if (write or commit) and not planned.refusals:
            from scenedock.usecases.changes.make_locally import make_locally

            as_wanted = _as_wanted(ground, planned, **others)
            commits = make_locally(planned, sources.roots, commit=commit, as_wanted=as_wanted)
        _print(planned, rendered, layout, commits, written=write or commit)
        click.get_current_context().exit(1 if planned.refusals else 0)

    @wraps(changing)
    def named(
        *, service: str | None, services: tuple[str, ...], repositories: tuple[str, ...], **others: object
    ) -> object:
        if service and services:  # then all arguments are repositories
            return changing(services=services, repositories=(service, *repositories), **others)
        if not service and not services:
            raise click.UsageError("Missing argument 'SERVICE'.")
        return changing(services=services or (service,), repositories=repositories, **others)

    found = rendering_options(named)
    for option in reversed(
        (_SERVICE, _SERVICES, *_LIFTS.values(), _PASS_LOCK, _REPOSITORY, _DIFF, _WRITE, _COMMIT, format_option)
    ):
        found = option(found)
    return found


@click.command("promote", short_help="Promote a version to the next environment.")
@click.option("--to", "environment", metavar="NAME", help="The environment that gets it; none where nothing names one.")
@click.option("--from", "source", metavar="NAME", help="The environment that has the version.")
@click.option("--version", metavar="VERSION", help="The version, instead of an environment that has it.")
@change_options
def promote(ground: Ground, lifted: Lifted, services: tuple[str, ...], **others: Any) -> Planned:
    """Promote the version of SERVICE in REPO... (the current folder) to an environment.

    Nothing is written without --write or --commit: the plan is shown, with the lines that change. The line that sets
    the version is edited; if it is inherited, one is inserted where only this environment has it. What speaks against
    the change refuses it, unless its own option allows it.

    Exit codes: 0 done, or nothing speaks against it, 1 it is refused, 2 wrong usage, no such deployment, or a
    repository that can't be read, 4 a file has other changes.
    """
    from scenedock.usecases.changes.promote import Promotion
    from scenedock.usecases.changes.promote import promote as promote_in

    return promote_in(ground, Promotion(services, **others), lifted)


@click.command("set-version", short_help="Set the version of a service in an environment.")
@click.option("--environment", metavar="NAME", help="The environment; none where nothing names one.")
@click.option("--version", metavar="VERSION", required=True, help="The version.")
@change_options
def set_version(ground: Ground, lifted: Lifted, services: tuple[str, ...], **others: Any) -> Planned:
    """Set the version of SERVICE in REPO... (the current folder) in an environment, as a pipeline does after a build.

    Everything else is as with `promote`, the refusals too.

    Exit codes: 0 done, or nothing speaks against it, 1 it is refused, 2 wrong usage, no such deployment, or a
    repository that can't be read, 4 a file has other changes.
    """
    from scenedock.usecases.changes.promote import Promotion
    from scenedock.usecases.changes.promote import promote as promote_in

    return promote_in(ground, Promotion(services, **others), lifted, "Set")


@click.command("roll-back", short_help="Roll a service back to an earlier version.")
@click.option("--environment", metavar="NAME", help="The environment; none where nothing names one.")
@click.option("--to", "version", metavar="VERSION", help="The version; by default the one before.")
@change_options
def roll_back(ground: Ground, lifted: Lifted, services: tuple[str, ...], **others: Any) -> Planned:
    """Roll SERVICE in REPO... (the current folder) back in an environment, to what its history has.

    The lines become what they were, as they were written; a line that a promotion inserted goes. An older version, and
    one that the environment before doesn't have, need no option here.

    Exit codes: 0 done, or nothing speaks against it, 1 it is refused, 2 wrong usage, no such deployment or version, or
    a repository that can't be read, 4 a file has other changes.
    """
    from scenedock.usecases.changes.roll_back import RollBack
    from scenedock.usecases.changes.roll_back import roll_back as roll_back_in

    return roll_back_in(ground, RollBack(services, **others), lifted)


def _ground(sources: Sources, opened: Mapping[str, Repository], helm: str, services: Collection[str]) -> Ground:
    from scenedock.effects.helm.program import HelmProgram
    from scenedock.model.entity import service_name
    from scenedock.usecases.changes.ground import Ground
    from scenedock.usecases.releases.rendered import let_helm_choose

    choose = let_helm_choose(HelmProgram(helm), opened, frozenset(map(service_name, services)))
    return Ground.of(sources.export_of(opened), opened, sources.export_of, datetime.now(UTC), choose)


def _as_wanted(
    ground: Ground,
    planned: Planned,
    *,
    services: Collection[str],
    environment: str | None,
    repository: str | None,
    **_others: object,
) -> list[Release]:
    """What was asked for and doesn't change."""
    found = (each for service in services for each in ground.find(service, environment))
    return [each for each in found if each.key not in planned.pairs and repository in {None, each.repository}]


def _rendered(opened: Mapping[str, Repository], planned: Planned, programs: Programs) -> list[ManifestDiff]:
    """What the plan does to the manifests, by repository."""
    from scenedock.usecases.manifests.preview import preview

    contents: dict[str, dict[str, bytes | None]] = {}
    for each in planned.files:
        contents.setdefault(each.repository, {})[each.path] = each.after
    tools = programs.tools()
    return [preview(opened, name, changed, tools, planned.pairs) for name, changed in contents.items()]


def _print(
    planned: Planned, rendered: Sequence[ManifestDiff], layout: str, commits: Mapping[str, str], *, written: bool
) -> None:
    if layout == "json":
        from scenedock.actions.changes.planned import PlannedOutput
        from scenedock.manifests.described import as_json

        document = PlannedOutput.of(planned).model_dump(by_alias=True)
        print_json({**document, "manifests": [as_json(each) for each in rendered], "commits": dict(commits)})
        return
    click.echo("\n".join(map(printable, _lines(planned, rendered, commits, written=written))))


def _lines(
    planned: Planned, rendered: Sequence[ManifestDiff], commits: Mapping[str, str], *, written: bool
) -> Iterator[str]:
    for each in planned.changes:
        shares = "" if each.asked else ", which shares the line"
        yield f"{each.pair}: {each.old} -> {each.new} ({each.step}){shares}"
    for file in planned.files:
        yield from _of_file(file)
    for diff in rendered:
        from scenedock.manifests.text import as_text

        yield from as_text(diff).splitlines()
    yield from planned.notes
    for refusal in planned.lifted:
        yield f"allowed: {_said(refusal)}"
    for refusal in planned.refusals:
        yield f"refused: {_said(refusal)}"
        if refusal.remedy or refusal.is_liftable:
            yield f"    {refusal.remedy}{_option(refusal)}"
    yield from _outcome(planned, commits, written=written)


def _outcome(planned: Planned, commits: Mapping[str, str], *, written: bool) -> Iterator[str]:
    if not planned.changes and not planned.refusals:
        yield "nothing to change"
    elif not planned.refusals:
        yield from what_is_done(planned.files, commits, written=written)


def _of_file(file: PlannedFile) -> Iterator[str]:
    yield f"{file.repository}:{file.path}"
    for line in file.lines:
        if line.old is not None:
            yield f"  -{line.old}"
        if line.new is not None:
            yield f"  +{line.new}"


def _said(refusal: Refusal) -> str:
    place = f" ({refusal.place})" if str(refusal.place) and str(refusal.place) not in refusal.message else ""
    return f"{refusal.pair}: {refusal.message}{place}"


def _option(refusal: Refusal) -> str:
    if not refusal.is_liftable:
        return ""
    options = {"shared-line": "--shared", "locked": "--pass-lock REASON"}
    return f" ({options.get(refusal.code, f'--{refusal.code}')})"
