"""Plan to move the end of an environment in the scenedock.yaml of a clone."""

from __future__ import annotations

from collections.abc import Mapping

from scenedock.catalog.vocabulary.settings import FILE_NAME
from scenedock.changes.end_edits import with_end
from scenedock.changes.planned import Planned, PlannedFile
from scenedock.effects.git.repositories import Repository
from scenedock.errors import InputError, NotFoundError
from scenedock.model.entity import service_name
from scenedock.usecases.catalog.export_catalog import Export
from scenedock.usecases.releases.survey import survey


def plan_extension(
    result: Export, repositories: Mapping[str, Repository], where: tuple[str, str, str | None], until: str
) -> Planned:
    """The day on which a service ends in an environment; `where` names both, and a repository if need be.

    The plan has no files if that is its end already.

    Raises
    ------
    NotFoundError   the service isn't deployed there, or there are no settings
    InputError      a repository must be named, or the settings can't be edited
    """
    service, environment, repository = service_name(where[0]), where[1], where[2]
    keys = [each.key for each in survey(result, repositories).releases]
    names = [key[0] for key in keys if key[1:] == (service, environment) and repository in {None, key[0]}]
    if not names:
        raise NotFoundError(f"{service!r} isn't deployed in {environment!r}")
    if len(names) > 1:
        raise InputError(f"{service} in {environment} is deployed by {', '.join(names)}; name one with --repository")
    name = names[0]
    try:
        before = repositories[name].read(FILE_NAME)
    except (InputError, NotFoundError) as error:
        raise NotFoundError(f"{error}; create the file first") from error
    title = f"Let {service} in {environment} {f'end on {until}' if until else 'have no end'}"
    file = PlannedFile(name, FILE_NAME, before, with_end(before, service, environment, until))
    return Planned((file,) if file.after != before else (), title=title, message=title)
