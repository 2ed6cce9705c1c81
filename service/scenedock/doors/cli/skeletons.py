"""`scenedock skeletons`: list them, show the questions of one, bake one, compare a project; `scenedock example`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import to_builtins

from scenedock.doors.cli.settings import format_option, print_json
from scenedock.errors import InputError, NotFoundError
from scenedock.model.addresses import without_credentials
from scenedock.model.json import JsonObject, as_list, as_object, as_text
from scenedock.runtime.wiring import open_skeletons, shipped_folder

if TYPE_CHECKING:
    from scenedock.documents.configuration import Configuration
    from scenedock.skeletons.problems import AnswersError
    from scenedock.skeletons.rendering.output import BakedTree
    from scenedock.skeletons.sources import SkeletonSource

_PATH = click.Path(path_type=Path)


def library_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say where skeletons are."""
    listed = click.option(
        "--skeletons",
        "listed",
        type=_PATH,
        is_eager=True,
        envvar="SCENEDOCK_SKELETONS",
        show_envvar=True,
        metavar="FILE",
        help="File that lists skeletons to bake, in addition to those that ship with Scenedock.",
    )
    shipped = click.option(
        "--shipped",
        type=_PATH,
        is_eager=True,
        envvar="SCENEDOCK_COOKIECUTTERS",
        show_envvar=True,
        metavar="DIR",
        help="Folder of the skeletons that ship with Scenedock.",
    )
    return listed(shipped(command))


@click.command("list", short_help="List the skeletons that can be baked.")
@library_options
@format_option
def list_(listed: Path | None, shipped: Path | None, layout: str) -> None:
    """List the skeletons that can be baked: what each is for, and where it comes from."""
    from scenedock.usecases.skeletons.list_skeletons import list_skeletons

    sources = list_skeletons(open_skeletons(listed, shipped))
    if layout == "json":
        about = [to_builtins(source) | {"allow": sorted(source.allow)} for source in sources]
        print_json([{key: value for key, value in source.items() if value} for source in about])
        return
    widths = [max((len(each) for each in column), default=0) for column in zip(*map(_named_for, sources), strict=True)]
    for source in sources:
        folder = os.path.join(source.path, source.directory).rstrip("/")  # noqa: PTH118  # as it is written
        place = f"{source.git} {source.ref} {source.directory}".rstrip() if source.git else folder
        allowed = f"  (may run {', '.join(sorted(source.allow))})" if source.allow else ""
        columns = [f"{each:{width}}" for each, width in zip(_named_for(source), widths, strict=True) if width]
        click.echo("  ".join([*columns, f"{place}{allowed}"]))


def _named_for(source: SkeletonSource) -> tuple[str, str]:
    return source.name, source.purpose


@click.command(short_help="Show the questions of a skeleton.")
@click.argument("name")
@click.argument("answers", nargs=-1, metavar="[KEY=VALUE]...")
@library_options
@format_option
def show(name: str, answers: tuple[str, ...], listed: Path | None, shipped: Path | None, layout: str) -> None:
    """Show the questions of the skeleton NAME: a table, or with `json` their JSON Schema.

    NAME is a name from the list, or the path of a folder. If it offers nested skeletons, the answer that chooses one
    (templates=KEY) shows the questions of that one. The questions under `required` have no default: a bake needs their
    answers, which are also named on stderr.
    """
    from scenedock.doors.cli.queries.tables import print_table
    from scenedock.usecases.skeletons.list_skeletons import show_skeleton

    with _hint_at_folder(name):
        schema = show_skeleton(open_skeletons(listed, shipped), _named(name), _typed(answers))
    if layout == "json":
        print_json(schema)
    else:
        print_table([["QUESTION", "REQUIRED", "DEFAULT", "MEANING"], *_questions(schema)], "text")
    if required := as_list(schema.get("required")):
        click.echo(f"required: {' '.join(f'{each}=…' for each in required)}", err=True)


def _questions(schema: JsonObject) -> Iterator[list[str]]:
    required = as_list(schema.get("required"))
    for name, question in as_object(schema.get("properties")).items():
        about = as_object(question)
        default = "" if name in required else about.get("default", "")
        shown = default if isinstance(default, str) else json.dumps(default, ensure_ascii=False)
        yield [name, "yes" if name in required else "", shown, _meaning(about)]


def _meaning(question: JsonObject) -> str:
    """The words of a question, what may be chosen, and the default that depends on other answers."""
    choices = ", ".join(as_text(as_object(each).get("const")) for each in as_list(question.get("oneOf")))
    details = filter(None, [f"one of: {choices}" if choices else "", as_text(question.get("description"))])
    return " ".join([as_text(question.get("title")), *(f"({each[0].lower()}{each[1:]})" for each in details)])


class _Output(click.Option):
    """The folder of a bake: where it is missing, a skeleton that doesn't exist is told first."""

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        """The folder.

        Raises
        ------
        MissingParameter   there is none
        NotFoundError      nor is there such a skeleton
        """
        try:
            return super().process_value(ctx, value)
        except click.MissingParameter:
            name = ctx.params["name"]  # it and the eager options come first; one that isn't set is no path yet
            places = [each if isinstance(each := ctx.params[key], Path) else None for key in ("listed", "shipped")]
            with _hint_at_folder(name):
                open_skeletons(*places).open(_named(name))
            raise


@click.command(short_help="Bake a skeleton into a new folder.")
@click.argument("name", is_eager=True)
@click.argument("answers", nargs=-1, metavar="[KEY=VALUE]...")
@click.option(
    "--output",
    "-o",
    cls=_Output,
    type=_PATH,
    required=True,
    metavar="DIR",
    help="Folder to create the project's folder in.",
)
@click.option(
    "--answers",
    "file",
    type=_PATH,
    metavar="FILE",
    help="File with answers as YAML or JSON; KEY=VALUE takes precedence.",
)
@click.option("--overwrite", is_flag=True, help="Replace the whole project folder if it exists.")
@library_options
def bake(
    name: str,
    answers: tuple[str, ...],
    *,
    output: Path,
    file: Path | None,
    overwrite: bool,
    listed: Path | None,
    shipped: Path | None,
) -> None:
    """Bake the skeleton NAME into a new folder below DIR, and list its files.

    NAME is a name from the list, or the path of a folder. Answers are text: for a yes-or-no question, a word such as
    yes, no, true or false; for an object, JSON. A question without an answer uses its default; `skeletons show NAME`
    says which have none and must be answered.
    """
    from scenedock.effects.bakes.baked_trees import write_tree
    from scenedock.effects.bakes.confined_bakes import ConfinedBakes
    from scenedock.skeletons.problems import AnswersError
    from scenedock.usecases.skeletons.bake_skeleton import BakeRequest, bake_skeleton

    def write(tree: BakedTree) -> Path:
        return write_tree(tree, output, overwrite=overwrite)

    written = _read_answers(file) if file is not None else None
    request = BakeRequest(_named(name), written.value if written else {}, _typed(answers))
    place = os.path.abspath(output)  # noqa: PTH100  # unresolved
    try:
        with _hint_at_folder(name):
            tree, _ = bake_skeleton(open_skeletons(listed, shipped), ConfinedBakes(), request, write, place)
    except AnswersError as error:
        raise (_placed(error, written, request.typed) if written else error) from None
    for baked in tree.files:
        click.echo(output / baked.path)


@click.command(short_help="Show which files differ from what was baked.")
@click.argument("project", type=_PATH)
@click.option("--skeleton", metavar="NAME", help="Another skeleton than the project names: its name, or its folder.")
@library_options
@format_option
def drift(project: Path, skeleton: str | None, listed: Path | None, shipped: Path | None, layout: str) -> None:
    """Show which files of the folder PROJECT are not as they were baked.

    Its .scenedock/skeleton.yaml has a hash of each. The second column says what the skeleton bakes differently of the
    same answers today. What only the skeleton has changed can be taken over as it is.

    Exit codes: 0 done, whether or not anything differs, 2 wrong usage, or a folder that doesn't say what it was baked
    from.
    """
    from scenedock.doors.cli.queries.tables import print_table
    from scenedock.effects.bakes.confined_bakes import ConfinedBakes
    from scenedock.usecases.skeletons.find_drift import find_drift

    named = _named(skeleton) if skeleton else None
    found = find_drift(project, open_skeletons(listed, shipped), ConfinedBakes(), named)
    if layout == "json":
        print_json(to_builtins(found))
        return
    if found.files:
        rows = [[each.path, each.project, each.skeleton, "the same" * each.same] for each in found.files]
        print_table([["FILE", "PROJECT", "SKELETON", "NOW"], *rows], "text")
    click.echo(f"files: {found.baked} baked, {len(found.files)} different")
    if found.reason:
        click.echo(f"not compared with the skeleton {found.skeleton} of today: {found.reason}", err=True)


@click.command(short_help="Write an example repository, to try Scenedock on.")
@click.argument("folder", type=_PATH)
def example(folder: Path) -> None:
    """Write an example GitOps repository into the new FOLDER, to try Scenedock on.

    It is the one of an invented company: six folders of Helm charts, an ApplicationSet of Argo CD, two environments,
    and a history of some weeks. One of its services has no owner, so that there is something to fix.
    """
    from datetime import UTC, datetime

    from scenedock.usecases.skeletons.write_example import write_example

    shipped = shipped_folder("examples/acme-apps")
    if shipped is None:
        raise NotFoundError("the example isn't installed; reinstall the package")
    write_example(shipped, folder, datetime.now(UTC))
    click.echo(f"a repository with 3 commits, in {folder}")


def _named(name: str) -> str | Path:
    """A path if the name looks like one, else the name.

    Raises
    ------
    InputError   it is an address
    """
    if "://" in name:
        address = without_credentials(name)
        raise InputError(f"{address}: this is an address; clone it and name its folder, or list it (see --skeletons)")
    return Path(name) if os.sep in name or name in {".", ".."} else name


@contextmanager
def _hint_at_folder(name: str) -> Iterator[None]:
    """Add a hint on how to name a folder, if the name is not a listed skeleton but a folder."""
    try:
        yield
    except NotFoundError as error:
        if isinstance(_named(name), Path) or not Path(name).is_dir():
            raise
        raise NotFoundError(f"{error} (for the folder, write .{os.sep}{name})") from error


def _typed(words: Sequence[str]) -> dict[str, str]:
    typed: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise InputError(f"{word!r} is not an answer; write KEY=VALUE")
        typed[name] = value
    return typed


def _read_answers(path: Path) -> Configuration:
    from scenedock.documents.configuration import read_configuration
    from scenedock.effects.local.disk import read_file

    return read_configuration(read_file(path), str(path))


def _placed(error: AnswersError, file: Configuration, typed: Collection[str]) -> InputError:
    """The error with the place in the file of each answer that comes from the file."""
    from scenedock.documents.problems import DocumentProblem

    in_file = [DocumentProblem((each.question,), each.message) for each in error.problems if each.question not in typed]
    others = [str(each) for each in error.problems if each.question in typed]
    return InputError("\n".join([*([str(file.refusal(in_file))] if in_file else []), *others]))
