"""`scenedock manifests`: what repositories deploy, rendered, and what a change of them does to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scenedock.doors.cli.export_views import printable
from scenedock.doors.cli.queries.programs import Programs, rendering_options
from scenedock.doors.cli.settings import print_json
from scenedock.doors.cli.sources import Sources, source_options
from scenedock.structs import replace

if TYPE_CHECKING:
    from scenedock.manifests.difference import ManifestDiff
    from scenedock.model.json import JsonObject
    from scenedock.usecases.manifests.rendering import Printed
    from scenedock.usecases.manifests.state import State
    from scenedock.usecases.manifests.tools import RenderingTools

_service_option = click.option(
    "--service",
    "services",
    multiple=True,
    metavar="NAME",
    help="Only this service, by its name, its folder or its Application; may be repeated.",
)
_kubernetes_option = click.option(
    "--kubernetes", metavar="VERSION", default="", help="With --validate, as `1.34`. By default, the newest there is."
)


@click.command(short_help="Render what repositories deploy.")
@source_options(here=True)
@_service_option
@click.option("--environment", metavar="NAME", help="Only this environment.")
@click.option(
    "--validate", is_flag=True, help="Check against the schemas of Kubernetes, and print what is wrong instead."
)
@_kubernetes_option
@click.option(
    "--output", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER", help="Write a file for each here."
)
@rendering_options
@click.pass_context
def render(  # noqa: PLR0913 - click passes each option
    ctx: click.Context,
    *,
    sources: Sources,
    services: tuple[str, ...],
    environment: str | None,
    validate: bool,
    kubernetes: str,
    output: Path | None,
    programs: Programs,
) -> None:
    """Render what REPO... deploy, by default the current folder, as YAML documents.

    What is rendered, and with which values, Argo CD's Applications say, also those that charts and ApplicationSets
    make; else folders with their values files. With --output, each service has a file for each environment,
    SERVICE/ENVIRONMENT.yaml. What can't be rendered is said on standard error.

    With --validate, prints what is wrong by the schemas of Kubernetes, and of the custom resources that are defined in
    what is rendered; and what no schema is known for.

    Exit codes: 0 done, 1 something can't be rendered or is wrong, 2 wrong usage, nothing of this name, a repository
    that can't be read, or no Helm that can be used, 3 this machine can't sandbox it.
    """
    from scenedock.errors import NotFoundError
    from scenedock.usecases.manifests.deployed_targets import Selected
    from scenedock.usecases.manifests.differences import all_targets
    from scenedock.usecases.manifests.rendering import TargetRenderer
    from scenedock.usecases.manifests.state import State

    if validate and output:
        raise click.UsageError("--validate prints no manifests; it can't be used with --output")
    _check_version(validate, kubernetes)
    tools = _checked(programs)
    with sources.opened() as opened, TargetRenderer(tools) as renderer:
        state = State(opened)
        targets = all_targets(state, renderer, Selected(services, environment))
        if not targets:
            raise NotFoundError("nothing like that is deployed; `scenedock deployments list` shows what is")
        printed = renderer.print_all([(state, each) for each in targets])
    for each in printed:
        if each.reason:
            click.echo(printable(f"{_name(each)}: not rendered: {each.reason}"), err=True)
    done = [each for each in printed if not each.reason]
    if validate:
        is_valid = _validate(done, kubernetes)
        ctx.exit(0 if is_valid and len(done) == len(printed) else 1)
    if output:
        _write(output, done)
    else:
        for each in done:
            click.echo(f"---\n# {_name(each)}\n".encode() + b"\n---\n".join(each.texts), nl=False)
    ctx.exit(1 if len(done) < len(printed) else 0)


@click.command(short_help="Show how the rendered manifests have changed.")
@source_options(here=True)
@click.option("--since", metavar="REF", help="Compare with this branch, tag or commit. By default, HEAD.")
@click.option("--from", "earlier", metavar="REF", help="Compare two revisions: this one …")
@click.option("--to", "later", metavar="REF", help="… with this one.")
@_service_option
@click.option("--environment", metavar="NAME", help="Only this environment.")
@click.option(
    "--against", metavar="NAME", help="Show what is other here (+) than in --environment (-), at one revision."
)
@click.option(
    "--format",
    "layout",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="How to print.",
)
@click.option("--validate", is_flag=True, help="Also print what it breaks, by the schemas of Kubernetes.")
@_kubernetes_option
@rendering_options
@click.pass_context
def diff(  # noqa: PLR0913 - click passes each option
    ctx: click.Context,
    *,
    sources: Sources,
    since: str | None,
    earlier: str | None,
    later: str | None,
    services: tuple[str, ...],
    environment: str | None,
    against: str | None,
    layout: str,
    validate: bool,
    kubernetes: str,
    programs: Programs,
) -> None:
    """Show how what REPO... deploy has changed, by default the current folder since its last commit.

    Compares the manifests that are rendered from the folders, or at --ref, with those at --since; those of two
    revisions (--from, --to); or those of two environments (--environment qa --against production). Only what has
    changed files is rendered. The values of secrets are never shown. Markdown is meant for the text of a pull request,
    and has at most 60 kB.

    With --validate, also shows what is wrong by the schemas of Kubernetes, and of the custom resources that are defined
    in what is rendered, and wasn't wrong before.

    Exit codes: 0 done, whether or not anything differs, 1 with --validate something is wrong or can't be rendered that
    wasn't before, 2 wrong usage, nothing of this name, a repository or ref that can't be read, or no Helm that can be
    used, 3 this machine can't sandbox it.
    """
    if against and not environment:
        raise click.UsageError("--against needs --environment")
    if against and (since or earlier or later):
        raise click.UsageError("--against compares environments of one revision; it can't be used with another")
    if bool(earlier) != bool(later) or (earlier and (since or sources.ref)):
        raise click.UsageError("--from and --to belong together, without --since and --ref")
    _check_version(validate, kubernetes)
    tools = _checked(programs)
    if validate:
        tools = replace(tools, schemas=_definitions(kubernetes))
    if against and environment:
        found = _between_environments(sources, tools, environment, against, services)
    else:
        before = replace(sources, ref=earlier or since or "HEAD")
        found = _between_times(before, replace(sources, ref=later or sources.ref), tools, services, environment)
    _print(found, layout)
    ctx.exit(1 if found.validation else 0)


def _between_environments(
    sources: Sources, tools: RenderingTools, environment: str, against: str, services: tuple[str, ...]
) -> ManifestDiff:
    from scenedock.usecases.manifests.deployed_targets import Selected
    from scenedock.usecases.manifests.differences import diff_environments
    from scenedock.usecases.manifests.state import State

    with sources.opened() as opened:
        return diff_environments(State(opened), environment, against, tools, Selected(services))


def _between_times(
    before: Sources, after: Sources, tools: RenderingTools, services: tuple[str, ...], environment: str | None
) -> ManifestDiff:
    from scenedock.usecases.manifests.deployed_targets import Selected
    from scenedock.usecases.manifests.differences import diff_repositories
    from scenedock.usecases.manifests.state import State

    with before.opened() as old, after.opened() as new:
        found = diff_repositories(old, new, tools, Selected(services, environment))
        if (services or environment) and not found.blocks and not found.unrendered:
            _require([State(new), State(old)], tools, services, environment)
        return found


def _require(
    states: Sequence[State], tools: RenderingTools, services: tuple[str, ...], environment: str | None
) -> None:
    """Refuse what is deployed at no time: that nothing of it has changed would be no answer.

    Raises
    ------
    NotFoundError   a service isn't deployed, or not in this environment
    """
    from scenedock.catalog.vocabulary.environments import promotion_rank
    from scenedock.errors import NotFoundError
    from scenedock.model.similar import similar
    from scenedock.usecases.manifests.deployed_targets import Selected
    from scenedock.usecases.manifests.differences import all_targets
    from scenedock.usecases.manifests.rendering import TargetRenderer

    with TargetRenderer(tools) as renderer:
        every = [each for state in states for each in all_targets(state, renderer)]
    for service in services or [None]:
        wanted = Selected([service] if service else [], environment)
        if not any(map(wanted.includes, every)):
            of_service = [each for each in every if Selected(wanted.services).includes(each)]
            if service and not of_service:
                hint = similar(service, sorted({each.service for each in every}))
                raise NotFoundError(f"nothing called {service!r} is deployed{hint}")
            known = sorted({each.environment for each in of_service if each.environment}, key=promotion_rank)
            there = similar(environment or "", known) or f"; environments are: {', '.join(known) or 'none'}"
            what = f"{service!r} isn't" if service else "nothing is"
            raise NotFoundError(f"{what} deployed in {environment!r}{there}")


def _print(found: ManifestDiff, layout: str) -> None:
    if layout == "json":
        from scenedock.manifests.described import as_json

        print_json(as_json(found))
    elif layout == "markdown":
        from scenedock.manifests.markdown import as_markdown

        click.echo(as_markdown(found))
    else:
        from scenedock.manifests.text import as_text

        click.echo("\n".join(map(printable, as_text(found).splitlines())))


def _checked(programs: Programs) -> RenderingTools:
    tools = programs.tools()
    tools.helm.check()
    return tools


def _check_version(validate: bool, kubernetes: str) -> None:  # noqa: FBT001 - as click passes it
    if kubernetes and not validate:
        raise click.UsageError("--kubernetes belongs to --validate")


def _definitions(version: str) -> tuple[str, JsonObject]:
    """A version of Kubernetes, by default the newest, and its definitions."""
    from scenedock.effects.local.kubernetes_schemas import kubernetes_definitions

    return kubernetes_definitions(version)


def _validate(printed: list[Printed], version: str) -> bool:
    """Print what is wrong, and what wasn't checked; whether nothing is wrong."""
    from scenedock.manifests.lines import counted, not_checked
    from scenedock.manifests.validation import KubernetesSchemas, validate

    rendered = [each.rendered() for each in printed]
    every = [manifest for each in rendered for manifest in each.manifests]
    schemas = KubernetesSchemas(*_definitions(version), every)
    found = validate(rendered, schemas)
    for problem in found.problems:
        click.echo(printable(str(problem)))
    for each in rendered:
        if each.reason:
            click.echo(printable(f"{each.pair}: not checked: {each.reason}"))
    for line in not_checked(found.unchecked):
        click.echo(printable(line))
    checked = f"{counted(found.checked, 'manifest')} checked with Kubernetes {schemas.version}"
    click.echo(f"{checked}, {counted(len(found.problems), 'problem')}.")
    return not found.problems and not any(each.reason for each in rendered)


def _name(printed: Printed) -> str:
    target = printed.target
    environment = f"/{target.environment}" if target.environment else ""
    called = f" ({target.name})" if target.name != target.service else ""
    return f"{target.service}{environment}{called}"


def _write(folder: Path, printed: list[Printed]) -> None:
    """A file for each service and environment."""
    texts: dict[Path, list[bytes]] = {}
    for each in printed:
        target = each.target
        path = folder / target.service / f"{target.environment or 'default'}.yaml"
        texts.setdefault(path, []).extend(each.texts)
    for path, parts in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\n---\n".join(parts))
