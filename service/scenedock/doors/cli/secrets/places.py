"""What the commands about secrets share: their options, where a secret belongs, and how a change is made and told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from scenedock.doors.cli.export_views import printable
from scenedock.doors.cli.settings import format_option, print_json
from scenedock.doors.cli.sources import Sources
from scenedock.errors import ConflictError
from scenedock.structs import dataclass

if TYPE_CHECKING:
    from scenedock.changes.secrets.places import SecretPlace
    from scenedock.usecases.secrets.find_place import SecretWish

OPTIONS = (
    click.option("--environment", metavar="NAME", help="The environment; none where nothing names one."),
    click.option(
        "--repository", metavar="NAME", help="Name of the repository, where several deploy the service there."
    ),
    click.option(
        "--name",
        metavar="NAME",
        default="",
        help="Name of the Secret; by default the only one that the deployment has, or else the service's.",
    ),
    click.option(
        "--namespace",
        metavar="NAME",
        default="",
        help="Namespace of the Secret; by default the one to which the service is deployed.",
    ),
    click.option(
        "--form",
        type=click.Choice(["manifest", "values"]),
        help="A manifest, or an entry in values; by default as the deployment has its secrets already.",
    ),
    click.option("--path", metavar="FILE", default="", help="The file in the repository, or that of a new manifest."),
    click.option("--pass-lock", metavar="REASON", default="", help="Pass the locks of the environment, for a reason."),
    click.option("--write", is_flag=True, help="Write the file."),
    click.option("--commit", is_flag=True, help="Write the file, and commit it."),
    format_option,
)


def place_options(command: Callable[..., object]) -> Callable[..., object]:
    """Add the options that all commands about secrets have."""
    for option in reversed(OPTIONS):
        option(command)
    return command


@dataclass(frozen=True, slots=True)
class Making:
    """How a change of a secret is made."""

    sources: Sources
    layout: str
    write: bool
    commit: bool
    pass_lock: str

    @property
    def writes(self) -> bool:
        """Whether anything is written.

        Raises
        ------
        click.UsageError   it can't be
        """
        if (self.write or self.commit) and self.sources.ref is not None:
            raise click.UsageError("with --ref nothing can be written")
        return self.write or self.commit

    def place(self, wish: SecretWish) -> SecretPlace:
        """Where the secret belongs.

        Raises
        ------
        ConflictError   the environment is locked
        """
        from scenedock.usecases.changes.ground import Ground
        from scenedock.usecases.secrets.find_place import find_place
        from scenedock.usecases.secrets.publish_secret import locks_at

        with self.sources.opened() as opened:
            ground = Ground.of(self.sources.export_of(opened), opened, self.sources.export_of, datetime.now(UTC))
            place = find_place(ground, wish)
            locks = locks_at(ground.locks(place.key[0]), place)
        if locks and not self.pass_lock.strip():
            raise ConflictError(
                f"{'; '.join(map(str, locks))}: wait, or pass the lock with a reason (--pass-lock REASON)"
            )
        return place

    def make(self, place: SecretPlace, after: bytes, keys: Sequence[str], notes: Sequence[str]) -> str:
        """Write the file of a place; the id of the commit, if there is one.

        Raises
        ------
        ConflictError   a file has other changes, or is a link
        InputError      a file can't be written, or git can't commit it
        """
        from scenedock.changes.planned import Planned
        from scenedock.changes.secrets.places import planned_files
        from scenedock.changes.secrets.text import text_of
        from scenedock.usecases.changes.make_locally import make_locally

        planned = Planned(planned_files(place, after), message=text_of(place, keys, (), notes).message)
        return make_locally(planned, self.sources.roots, commit=self.commit).get(place.repository, "")

    def tell(self, place: SecretPlace, keys: Sequence[str], notes: Sequence[str], commit: str) -> None:
        """Print where the keys are or will be."""
        if self.layout == "json":
            print_json(_document(place, keys, notes, commit, written=self.writes))
            return
        click.echo("\n".join(map(printable, _lines(place, keys, notes, commit, written=self.writes))))


def _document(
    place: SecretPlace, keys: Sequence[str], notes: Sequence[str], commit: str, *, written: bool
) -> dict[str, Any]:
    return {
        "kind": place.kind,
        "form": place.form,
        "repository": place.repository,
        "path": place.path,
        "name": place.name,
        "namespace": place.namespace,
        "scope": place.scope,
        "keys": list(keys),
        "replaced": [key for key in keys if key in place.has],
        "notes": list(notes),
        "written": written,
        "commit": commit,
    }


def _lines(
    place: SecretPlace, keys: Sequence[str], notes: Sequence[str], commit: str, *, written: bool
) -> Iterator[str]:
    for key in keys:
        what = "replaces the one that is there" if key in place.has else "new"
        yield f"{place.pair}: {key} of the secret {place.name} ({what})"
    if place.kind == "SealedSecret":
        where = f"namespace {place.namespace}" if place.namespace else "any namespace"
        yield f"scope {place.scope}, name {place.name}, {where}"
    yield from notes
    files = [f"{place.repository}:{place.path}", *(f"{each.repository}:{each.path}" for each in place.also)]
    if commit:
        yield f"committed in {place.repository}: {commit}"
    elif written:
        yield from (f"written: {each}" for each in files)
    else:
        yield from files
        yield "nothing is written; add --write, or --commit"
