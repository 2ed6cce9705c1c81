"""`scenedock skeletons`: list them, show what one asks, bake one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scenedock.errors import InputError, NotFoundError
from scenedock.model.json import Json
from scenedock.runtime.wiring import open_skeletons

if TYPE_CHECKING:
    from scenedock.skeletons.rendering.output import BakedTree

_PATH = click.Path(path_type=Path)


def _library_options(command: Callable[..., Any]) -> Callable[..., Any]:
    listed = click.option(
        "--skeletons",
        "listed",
        type=_PATH,
        envvar="SCENEDOCK_SKELETONS",
        show_envvar=True,
        metavar="FILE",
        help="The list of skeletons that may be baked, besides those that ship with Scenedock.",
    )
    shipped = click.option(
        "--shipped",
        type=_PATH,
        envvar="SCENEDOCK_COOKIECUTTERS",
        show_envvar=True,
        metavar="DIR",
        help="The folder of those that ship with Scenedock.",
    )
    return listed(shipped(command))


@click.command("list")
@_library_options
@click.option("--format", "layout", type=click.Choice(["text", "json"]), default="text", show_default=True)
def list_(listed: Path | None, shipped: Path | None, layout: str) -> None:
    """List the skeletons that may be baked, and where each comes from."""
    from scenedock.usecases.skeletons.list_skeletons import list_skeletons

    sources = list_skeletons(open_skeletons(listed, shipped))
    if layout == "json":
        about = [asdict(source) | {"allow": sorted(source.allow)} for source in sources]
        click.echo(json.dumps([{key: value for key, value in source.items() if value} for source in about], indent=2))
        return
    width = max((len(source.name) for source in sources), default=0)
    for source in sources:
        place = f"{source.git} {source.ref} {source.directory}".rstrip() if source.git else source.path
        allowed = f"  (may run {', '.join(sorted(source.allow))})" if source.allow else ""
        click.echo(f"{source.name:{width}}  {place}{allowed}")


@click.command()
@click.argument("name")
@click.argument("answers", nargs=-1, metavar="[KEY=VALUE]...")
@_library_options
def show(name: str, answers: tuple[str, ...], listed: Path | None, shipped: Path | None) -> None:
    """Show what the skeleton NAME asks, as a JSON Schema.

    NAME is one of the list, or the path of a folder. Where it offers nested skeletons, the answer that chooses one
    (templates=KEY) shows what that one asks.
    """
    from scenedock.usecases.skeletons.list_skeletons import show_skeleton

    with _hint_at_folder(name):
        schema = show_skeleton(open_skeletons(listed, shipped), _named(name), _typed(answers))
    click.echo(json.dumps(schema, indent=2, ensure_ascii=False))


@click.command()
@click.argument("name")
@click.argument("answers", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--output", "-o", type=_PATH, required=True, metavar="DIR", help="Where the project's folder is made.")
@click.option("--answers", "file", type=_PATH, metavar="FILE", help="Answers as YAML or JSON; KEY=VALUE wins over it.")
@click.option("--overwrite", is_flag=True, help="Replace the project's folder, whole, if it exists.")
@_library_options
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

    NAME is one of the list, or the path of a folder. Answers are text; for a question that wants true or false, a word
    for it; for an object, JSON. A question without an answer takes its default.
    """
    from scenedock.effects.bakes.baked_trees import write_tree
    from scenedock.effects.bakes.confined_bakes import ConfinedBakes
    from scenedock.usecases.skeletons.bake_skeleton import BakeRequest, bake_skeleton

    def write(tree: BakedTree) -> Path:
        return write_tree(tree, output, overwrite=overwrite)

    request = BakeRequest(_named(name), _read_answers(file) if file is not None else {}, _typed(answers))
    place = os.path.abspath(output)  # noqa: PTH100  # unresolved
    with _hint_at_folder(name):
        tree, _ = bake_skeleton(open_skeletons(listed, shipped), ConfinedBakes(), request, write, place)
    for baked in tree.files:
        click.echo(output / baked.path)


def _named(name: str) -> str | Path:
    """What looks like a path is one."""
    return Path(name) if os.sep in name or name in {".", ".."} else name


@contextmanager
def _hint_at_folder(name: str) -> Iterator[None]:
    """Say how a folder is named to somebody who wrote its name where that of a listed skeleton was expected."""
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
            raise InputError(f"{word!r} is no answer; write KEY=VALUE")
        typed[name] = value
    return typed


def _read_answers(path: Path) -> dict[str, Json]:
    from scenedock.documents.reading import BACKSTAGE, DocumentError, read_document
    from scenedock.effects.local.disk import read_file

    try:
        document = read_document(read_file(path), meaning=BACKSTAGE)
    except DocumentError as error:
        raise InputError(f"{path}:{error.line or 1}: {error}") from error
    if document.value is None:
        return {}
    if not isinstance(document.value, dict):
        raise InputError(f"{path}:{document.line}: answers are an object, question: answer")
    return dict(document.value)
