"""Which deployments of a list are shown, and what is said where there are none, or where several repositories are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scenedock.structs import dataclass

if TYPE_CHECKING:
    from scenedock.doors.cli.sources import Sources
    from scenedock.usecases.releases.list_deployments import Deployments

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Selection:
    """The deployments in some `environments` (none: in all), and with `behind` only those that are behind."""

    environments: tuple[str, ...]
    behind: bool

    def of(self, deployments: Deployments) -> Deployments:
        """Those of a list.

        Raises
        ------
        NotFoundError   nothing is deployed in such an environment
        """
        return deployments.selected(self.environments, behind=self.behind)


def selection_options(command: Callable[..., object]) -> Callable[..., object]:
    """Add --environment and --behind to a command, which gets them as `chosen`."""

    @wraps(command)
    def with_selection(*, environments: tuple[str, ...], behind: bool, **others: object) -> object:
        return command(chosen=Selection(environments, behind), **others)

    environment = click.option(
        "--environment", "environments", multiple=True, metavar="NAME", help="Only this environment; repeatable."
    )
    behind = click.option("--behind", is_flag=True, help="Only what is behind another environment of its service.")
    return environment(behind(with_selection))


def notes(sources: Sources, deployments: Deployments) -> Iterator[str]:
    """What to say of folders that hold several repositories and were read as one, or that deploy nothing."""
    for name, root in sources.roots.items():
        if inside := _repositories_in(root):
            shown = " ".join(str(root / each) for each in inside[:_MOST_NAMED])
            more = " …" if len(inside) > _MOST_NAMED else ""
            yield f"{root} was read as one repository, but {len(inside)} are in it; pass them: {shown}{more}"
        elif not any(each.repository == name for each in deployments.releases):
            yield f"{root} deploys nothing that Scenedock knows of; `scenedock catalog export {root}` says more"


def _repositories_in(root: Path) -> list[str]:
    """The names of the repositories in a folder that is not one itself."""
    if (root / ".git").exists() or not root.is_dir():
        return []
    found = sorted(each.name for each in root.iterdir() if (each / ".git").exists())
    return found if len(found) > 1 else []
