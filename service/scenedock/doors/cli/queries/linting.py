"""`scenedock deployments lint`: what is worth fixing in deployments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scenedock.doors.cli.export_views import MOST_SHOWN, coloured, printable
from scenedock.doors.cli.queries.findings import FINDING_FORMATS, format_findings
from scenedock.doors.cli.queries.verification import helm_option
from scenedock.doors.cli.sources import Sources, source_options
from scenedock.effects.helm.program import HelmProgram

if TYPE_CHECKING:
    from scenedock.usecases.releases.lint_deployments import Lint


@click.command("lint", short_help="Find what is worth fixing in deployments.")
@source_options(here=True)
@click.option(
    "--format",
    "layout",
    type=click.Choice(["text", "json", *FINDING_FORMATS, "junit"]),
    default="text",
    show_default=True,
    help="How to print.",
)
@click.option("--output", "-o", type=click.Path(path_type=Path), metavar="FILE", help="Print to a file.")
@click.option("--strict", is_flag=True, help="Fail on warnings, too.")
@click.option(
    "--render/--no-render",
    default=True,
    help="Render the charts, if there is a Helm: only then limits and probes are checked.",
)
@helm_option
@click.option("--verbose", "-v", is_flag=True, help="Print every finding.")
@click.pass_context
def lint_deployments(  # noqa: PLR0913 - options
    ctx: click.Context,
    *,
    sources: Sources,
    layout: str,
    output: Path | None,
    strict: bool,
    render: bool,
    helm: str,
    verbose: bool,
) -> None:
    """Find what is worth fixing in the deployments of REPO..., by default in the current folder.

    Secrets in plain text, tags that move or have no order, versions that differ between environments, missing owners,
    lines that several folders have copied and, in what Helm renders, missing memory limits and readiness probes. A
    rule is switched off in scenedock.yaml: `lint: {values-copied: false}`.

    Exit codes: 0 nothing to fix, 1 errors (with --strict also warnings), 2 wrong usage or a repository that can't be
    read, 3 this machine can't sandbox Helm.
    """
    from scenedock.effects.local.disk import write_file
    from scenedock.usecases.releases.lint_deployments import lint_deployments as lint

    failing = ("error", "warning") if strict else ("error",)
    with sources.opened() as opened:
        exported = sources.export_of(opened, keep_documents=True)
        result = lint(exported, opened, _program(helm) if render else None)
    failed = any(finding.severity in failing for finding in result.findings)
    if layout in FINDING_FORMATS:
        text = format_findings(layout, result.findings, exported)
    elif layout == "junit":
        from scenedock.linting.junit import as_junit

        text = as_junit(result.findings, failing).rstrip("\n")
    elif layout == "json":
        from scenedock.actions.releases.lint_deployments import LintOutput

        text = json.dumps(LintOutput.of(result).model_dump(by_alias=True), indent=2, ensure_ascii=False)
    else:
        text = "\n".join(coloured(printable(line)) for line in _lines(result, verbose=verbose, failed=failed))
    if output:
        write_file(output, f"{click.unstyle(text) if layout == 'text' else text}\n")
    else:
        click.echo(text)
    ctx.exit(1 if failed else 0)


def _program(helm: str) -> HelmProgram | None:
    """The helm of this machine; None if there is none."""
    from scenedock.errors import NotFoundError

    program = HelmProgram(helm)
    try:
        program.path()
    except NotFoundError:
        return None
    return program


def _lines(result: Lint, *, verbose: bool, failed: bool) -> Iterator[str]:
    """Each finding in a line, of each kind the first ones; then what wasn't checked, and a summary."""
    shown: dict[str, int] = {}
    for each in result.findings:
        shown[each.code] = shown.get(each.code, 0) + 1
        if verbose or shown[each.code] <= MOST_SHOWN:
            yield f"{each.severity}: {each.place}: {each.message} ({each.code})"
    for code, number in shown.items():
        if not verbose and number > MOST_SHOWN:
            yield f"and {number - MOST_SHOWN:,} more of {code}; --verbose prints all"
    yield from _not_checked(result, verbose=verbose)
    counts = [(severity, sum(each.severity == severity for each in result.findings)) for severity in _WORDS]
    words = ", ".join(f"{number:,} {_WORDS[severity][number != 1]}" for severity, number in counts if number)
    deployments = f"{result.deployments:,} deployment{'' if result.deployments == 1 else 's'}"
    unseen = sum(result.unrendered.values())
    nothing = f"nothing found, but limits and probes of {unseen:,} weren't looked at" if unseen else "nothing found"
    verdict = "Failed" if failed else "Not all was looked at" if unseen and not words else "All right"
    yield f"{verdict}: {deployments}: {words or nothing}"


def _not_checked(result: Lint, *, verbose: bool) -> Iterator[str]:
    reasons = list(result.unrendered.items())
    shown = reasons if verbose else reasons[:_MOST_REASONS]
    yield from (f"limits and probes of {number:,} not checked: {printable(why)}" for why, number in shown)
    if hidden := sum(number for _, number in reasons[len(shown) :]):
        yield f"nor those of {hidden:,} others; --verbose prints why"


_MOST_REASONS = 5
_WORDS = {"error": ("error", "errors"), "warning": ("warning", "warnings"), "info": ("note", "notes")}
