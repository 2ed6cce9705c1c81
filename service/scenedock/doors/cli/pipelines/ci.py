"""`scenedock ci`: what a pipeline checks of a pull request, and says on it."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scenedock.doors.cli.export_views import coloured, printable
from scenedock.doors.cli.queries.programs import Programs, rendering_options
from scenedock.doors.cli.sources import Sources
from scenedock.errors import ScenedockError
from scenedock.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenedock.effects.code_hosts.pipeline import Pipeline
    from scenedock.model.code_hosts.comment import KeptComment
    from scenedock.usecases.ci.review_change import Review

_SUMMARY_BYTES = 900_000
"""GitHub takes a megabyte for a step."""


@click.command(
    "ci",
    context_settings={"auto_envvar_prefix": "SCENEDOCK_CI"},
    short_help="Check a pull request, and comment on it.",
)
@click.argument("path", default=".", envvar="SCENEDOCK_CI_PATH", metavar="[REPO]")
@click.option(
    "--since",
    metavar="REF",
    default="",
    help="Compare with where HEAD left this branch, tag or commit. By default, what the pull request is based on.",
)
@click.option("--check/--no-check", default=True, help="Check the generated catalog-info.yaml files.")
@click.option("--catalog/--no-catalog", default=True, help="Compare the catalog.")
@click.option("--manifests/--no-manifests", default=True, help="Compare what Helm renders, if there is a Helm.")
@click.option("--comment/--no-comment", default=True, help="Comment on the pull request in whose pipeline this runs.")
@click.option(
    "--reports",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Also write report.md, findings.sarif, code-quality.json and outputs.env here.",
)
@rendering_options
@click.pass_context
def ci(  # noqa: PLR0913 - click passes each option
    ctx: click.Context,
    *,
    path: str,
    since: str,
    check: bool,
    catalog: bool,
    manifests: bool,
    comment: bool,
    reports: Path | None,
    programs: Programs,
) -> None:
    """Check a pull request in a pipeline, and comment on it with what changes in the catalog and in the manifests.

    Reads REPO, by default the current folder: a clone, or a folder of one. In GitHub Actions and GitLab CI/CD, the
    pipeline's variables name the pull request. There is one comment for each REPO (and each choice of what is
    compared): later runs replace it, and delete it when nothing changes any more. It needs the token GITHUB_TOKEN or
    GITLAB_TOKEN; where that doesn't suffice, as in forks, the report is in GitHub's summary of the job, in --reports
    and in the log.

    Where the pipeline isn't that of a pull request, and without --since, only the files are checked. Where no generated
    file is committed, only what can't be read fails. Each option may be set by a variable: SCENEDOCK_CI_SINCE,
    SCENEDOCK_CI_CHECK=false; REPO by SCENEDOCK_CI_PATH.

    If there is no Helm, the comment says that manifests weren't compared, and stays; that the Helm of --helm or
    SCENEDOCK_HELM can't be used is an error.

    Exit codes: 0 nothing to fix, 1 files or findings to fix, 2 wrong usage, a repository or commit that can't be read,
    or a named Helm that can't be used, 3 this machine can't sandbox that.
    """
    from scenedock.doors.cli.pipelines.telling import commands_stopped, tell_error, tell_outcome
    from scenedock.effects.code_hosts.pipeline import read_pipeline
    from scenedock.effects.git.commands import ask_git, prefix_of
    from scenedock.effects.local.disk import read_file
    from scenedock.model.code_hosts.comment import KeptComment
    from scenedock.usecases.ci.find_base import find_base
    from scenedock.usecases.ci.report import as_report

    pipeline = read_pipeline(os.environ, read_file)
    url, refused = "", ""
    try:
        with commands_stopped(pipeline):
            base = find_base(Path(path), since, pipeline) if catalog or manifests else ""
            review = _review(Sources((path,), None, None, None), base, (check, catalog, manifests), programs)
            for line in _lines(review):
                click.echo(coloured(printable(line)))
            subject = prefix_of(Path(path)) or "."
            head = (pipeline.head if pipeline else "") or ask_git(Path(path), "rev-parse", "HEAD").text
            footer = _footer(head, base, pipeline)
            if comment and pipeline and pipeline.number:
                shown = as_report(review, subject, footer) if review.is_news else ""
                duties = {"check": check, "catalog": catalog, "manifests": manifests}
                part = "" if all(duties.values()) else "-".join(name for name, wanted in duties.items() if wanted)
                url, refused = _comment(pipeline, KeptComment(subject, pipeline.run, shown, part))
            text = as_report(review, subject, footer, _SUMMARY_BYTES)
    except ScenedockError as error:
        if pipeline is None:
            raise
        tell_error(pipeline, error)
        ctx.exit(error.exit_code)
    try:
        tell_outcome(review, text, pipeline, reports, url=url, refused=refused)
    except ScenedockError as error:
        if pipeline is None and not review.failed:
            raise
        tell_error(pipeline, error)
        ctx.exit(1 if review.failed else error.exit_code)
    ctx.exit(1 if review.failed else 0)


def _review(sources: Sources, base: str, duties: tuple[bool, bool, bool], programs: Programs) -> Review:
    from scenedock.effects.git.commands import is_in
    from scenedock.usecases.ci.review_change import before_all, review_change

    check, catalog, manifests = duties
    (root,) = sources.roots.values()
    with ExitStack() as stack:
        new = stack.enter_context(sources.opened())
        old = None
        if base:
            was_there = is_in(root, base)
            old = stack.enter_context(replace(sources, ref=base).opened()) if was_there else before_all(new)
        tools = programs.tools() if manifests else None
        return review_change(old, new, sources.export_of, check=check, catalog=catalog, tools=tools)


def _lines(review: Review) -> Iterator[str]:
    """The review for the log: all of it, without secrets, as in the report."""
    from scenedock.catalog.comparing.text import as_lines
    from scenedock.doors.cli.check import check_lines
    from scenedock.manifests.text import as_text
    from scenedock.usecases.ci.report import safe_line

    if review.changes is not None:
        yield from [*map(safe_line, as_lines(review.changes)), ""]
    if review.manifests is not None:
        yield from [*as_text(review.manifests).splitlines(), ""]
    yield from (f"{safe_line(note)}." for note in (*review.notes, *review.uncompared))
    if review.check:
        yield from map(safe_line, check_lines(review.check, review.export, verbose=True))


def _footer(head: str, base: str, pipeline: Pipeline | None) -> str:
    compared = f", compared with {base[:10]}" if base else ""
    return f"Of {head[:10]}{compared}{f' ([log]({pipeline.url}))' if pipeline and pipeline.url else ''}" if head else ""


def _comment(pipeline: Pipeline, comment: KeptComment) -> tuple[str, str]:
    """The comment's address, and why there is none, if there should be one."""
    from scenedock.usecases.publishing.keep_comment import keep_comment

    try:
        hosts, address = pipeline.code_hosts()
        with hosts.open(address) as repository:
            if repository.pulls is None:
                return "", ""
            return keep_comment(repository.pulls, pipeline.number, comment), ""
    except ScenedockError as error:
        return "", f"{error} (a comment needs {pipeline.needs})" if comment.text else ""
