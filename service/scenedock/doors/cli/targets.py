"""The target of an export: standard output, a file, or the folders of the repositories."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scenedock.catalog.emitting.output import OutputFormat, describe_repository, render
from scenedock.structs import dataclass, replace

if TYPE_CHECKING:
    from scenedock.doors.cli.proposing import CatalogProposals
    from scenedock.effects.git.repositories import Repository
    from scenedock.model.finding import Finding
    from scenedock.model.json import JsonObject
    from scenedock.usecases.catalog.export_catalog import Export
    from scenedock.usecases.catalog.publish_catalog import PublishedCatalog

STDOUT = "-"
_LONGEST = 60  # characters, each of at most four bytes: so the name of a lock file is never too long for a disk


@dataclass(frozen=True, slots=True)
class Target:
    """The options of the target; `roots` are the folders of the repositories by name, `output` a path or `STDOUT`.

    Nothing is written if that is `withheld` because of the findings. With `proposals`, these get the files.
    """

    roots: Mapping[str, Path]
    output: str
    layout: OutputFormat
    in_place: bool
    allow_deletions: bool
    withheld: Callable[[Sequence[Finding]], bool]
    proposals: CatalogProposals | None = None

    @property
    def to_stdout(self) -> bool:
        """Whether the entities go to standard output."""
        return self.output == STDOUT and not self.in_place

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Exclude all other runs that write to the same target."""
        from scenedock.effects.local.locks import only_one

        with ExitStack() as locks:
            for lock, what in self._locks():
                locks.enter_context(only_one(lock, str(what)))
            yield

    def publish(
        self, result: Export, repositories: Mapping[str, Repository], unchanged: Mapping[str, float]
    ) -> PublishedCatalog:
        """Write the export; an error that left nothing doesn't empty the file of an earlier run.

        `unchanged` says of repositories for how many seconds their files are known to be the same.
        """
        from scenedock.effects.local.disk import write_file
        from scenedock.usecases.catalog.publish_catalog import (
            Leave,
            PublishedCatalog,
            publish_file,
            publish_in_place,
            write_on_disk,
        )

        if self.withheld(result.findings):
            return PublishedCatalog(result, result.entities, withheld=True)
        leave = Leave(self.allow_deletions, unchanged, self.withheld)
        if self.proposals:
            self.proposals.clear()
            published = publish_in_place(result, repositories, self.proposals.add, leave)
            return replace(published, proposed=True)
        if self.in_place:
            return publish_in_place(result, repositories, write_on_disk(self.roots), leave)
        failed = any(each.severity == "error" for each in result.findings)
        if not self.to_stdout and failed and not _documents(result):
            return PublishedCatalog(result, (), withheld=True)
        if result.mapped is not None and self._is_replaced:
            return publish_file(result, self.layout, Path(self.output), leave)
        text = render(_documents(result), self.layout)
        if self.to_stdout:
            click.echo(text, nl=False)
            return PublishedCatalog(result, result.entities, "")
        write_file(Path(self.output), text)
        return PublishedCatalog(result, result.entities, self.output)

    @property
    def _is_replaced(self) -> bool:
        """Whether the output is a file, which is replaced, and not a stream or a device."""
        from scenedock.effects.local.disk import is_stream

        return not self.to_stdout and not is_stream(Path(self.output))

    def _locks(self) -> Iterator[tuple[Path, Path]]:
        if self.proposals:
            return
        if self.in_place:
            yield from ((root / ".scenedock.lock", root) for root in sorted(self.roots.values()) if root.is_dir())
        elif self._is_replaced:
            path = Path(self.output)
            yield path.parent / f".{path.name[:_LONGEST]}.lock", path


def _documents(result: Export) -> list[JsonObject]:
    if result.mapped is None:
        return [document for contents in result.repositories for document in describe_repository(contents)]
    return [entity.document for entity in result.entities]
