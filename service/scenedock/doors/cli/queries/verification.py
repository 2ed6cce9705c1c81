"""`scenedock deployments verify`: the known versions beside what Helm renders; and the option `--helm`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from scenedock.doors.cli.export_views import MOST_SHOWN, printable
from scenedock.doors.cli.settings import format_option, print_json
from scenedock.doors.cli.sources import Sources, source_options
from scenedock.effects.helm.program import SETTING, HelmProgram

if TYPE_CHECKING:
    from scenedock.usecases.releases.rendered import Compared

helm_option = click.option(
    "--helm",
    envvar=SETTING,
    show_envvar=True,
    default="helm",
    show_default=True,
    metavar="PROGRAM",
    help="Helm 3.17 or newer, or 4: a path, or a name on PATH.",
)


@click.command("verify", short_help="Compare known versions with what Helm renders.")
@source_options(here=True)
@helm_option
@format_option
@click.option("--verbose", "-v", is_flag=True, help="Print every deployment that can't be rendered or compared.")
@click.pass_context
def verify_deployments(ctx: click.Context, *, sources: Sources, helm: str, layout: str, verbose: bool) -> None:
    """Compare the known versions in REPO..., by default in the current folder, with the images that Helm renders.

    Each chart is rendered with the values files of the environment, in a sandbox without a network: a chart that needs
    others from elsewhere can be rendered if they are in its folder `charts`.

    Exit codes: 0 no version differs, 1 some do, 2 wrong usage, a repository that can't be read, or no Helm that can be
    used, 3 this machine can't sandbox it.
    """
    from scenedock.usecases.releases.list_deployments import verify_deployments as verify

    with sources.opened() as opened:
        compared = verify(sources.export_of(opened, keep_documents=True), opened, HelmProgram(helm))
    if layout == "json":
        from scenedock.actions.releases.deployments import ComparedOutput

        print_json([ComparedOutput.of(each).model_dump(by_alias=True) for each in compared])
    else:
        click.echo("\n".join(map(printable, _verdicts(compared, verbose=verbose))))
    ctx.exit(1 if any(each.verdict == "differs" for each in compared) else 0)


def _verdicts(compared: Sequence[Compared], *, verbose: bool) -> Iterator[str]:
    counts = Counter(each.verdict for each in compared)
    for each in compared:
        if each.verdict == "differs":
            release, images = each.release, ", ".join(each.images[:MOST_SHOWN])
            yield f"{release.pair}: {release.version} ({release.place}), but rendered are {images}"
    aside = [each for each in compared if each.reason]
    shown = aside if verbose else aside[:MOST_SHOWN]
    yield from (f"{each.release.pair}: {each.verdict}: {each.reason}" for each in shown)
    if hidden := len(aside) - len(shown):
        yield f"and {hidden:,} more; --verbose prints all"
    rendered = counts["same"] + counts["differs"]
    yield (
        f"{counts['same']:,} of {rendered:,} versions are as rendered; {counts['not rendered']:,} can't be rendered, "
        f"{counts['not compared']:,} can't be compared"
    )
