"""`scenedock:register-in-catalog`: register a catalog file in Backstage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from scenedock.actions.effects import Effects
from scenedock.errors import InputError, NotAllowedError
from scenedock.model.action import Context, Example, action
from scenedock.model.json import as_text
from scenedock.model.json_documents import Address, Model, TaskInput
from scenedock.model.tasks.compensations import DoneStep, undone_by


class Input(TaskInput):
    """The file to register, by `url` or by `repoUrl` and `path`; or the entity to refresh, by `entityRef`."""

    url: Annotated[Address | None, "Address of a catalog-info.yaml on its code host, as a browser shows it"] = None
    repo_url: Annotated[
        Address | None, "Repository of the file: its address, or the value of Backstage's RepoUrlPicker"
    ] = None
    path: Annotated[str, "With `repoUrl`: path of the file in the repository"] = "catalog-info.yaml"
    branch: Annotated[str | None, "With `repoUrl`: its branch; by default the repository's default branch"] = None
    entity_ref: Annotated[
        str | None, "An entity of the catalog whose file Backstage reads again now, such as `component:billing`"
    ] = None


class Output(Model):
    """The result of the registration."""

    entity_refs: Annotated[tuple[str, ...], "The entities of the file, or the refreshed entity; sorted"]
    location_id: Annotated[str | None, "Id of the Location in Backstage; null with `entityRef`"]
    created: Annotated[bool, "Whether the file was registered now; false if it already was, and is read again"]


EXAMPLES = [
    Example("A file", {"url": "https://github.com/acme/billing/blob/main/catalog-info.yaml"}),
    Example("A file of a new repository", {"repoUrl": "github.com?owner=acme&repo=billing", "branch": "main"}),
    Example("Refresh an entity", {"entityRef": "component:default/billing"}),
]


def _removed(context: Context[Effects], done: DoneStep) -> Sequence[str]:
    location = as_text(done.output.get("locationId"))
    if done.output.get("created") is not True or not location:
        return ["the Location stays: the step didn't register it"]
    if context.effects.backstage is None:
        raise NotAllowedError("no Backstage is configured; set SCENEDOCK_BACKSTAGE_URL")
    removed = context.effects.backstage.remove_location(location)
    return [f"the Location {location} is {'removed from' if removed else 'not in'} Backstage's catalog"]


@undone_by(_removed)
@action("register-in-catalog", idempotent=True, examples=EXAMPLES)
def register_in_catalog_action(context: Context[Effects], request: Input) -> Output:
    """Register a catalog file in Backstage, or refresh a registered one.

    First, Backstage reads and validates the file without registering it; its error messages are passed on. The call is
    made in the name of this service, so only files of the configured code hosts and owners can be registered.

    Raises
    ------
    InputError        not exactly one of `url`, `repoUrl` and `entityRef` is set, or Backstage refuses the file
    NotAllowedError   the file's host or owner is not in the list of code hosts, or Backstage denies permission
    NotFoundError     the catalog has no entity `entityRef`
    TemporaryError    Backstage can't be reached
    """
    from scenedock.usecases.catalog.register_in_catalog import catalog_file_url, refresh_entity, register_file

    backstage, hosts = context.effects.backstage, context.effects.code_hosts
    if sum(each is not None for each in (request.url, request.repo_url, request.entity_ref)) != 1:
        raise InputError("set exactly one of `url`, `repoUrl` and `entityRef`")
    if backstage is None:
        raise NotAllowedError("no Backstage is configured to register in; set SCENEDOCK_BACKSTAGE_URL")
    if request.entity_ref is not None:
        registration = refresh_entity(backstage, request.entity_ref)
        context.log(f"Backstage reads the file of {request.entity_ref} again")
    else:
        url = request.url or catalog_file_url(hosts, request.repo_url or "", request.path, request.branch)
        registration = register_file(backstage, hosts, url)
        context.log(f"{url} {'is registered' if registration.created else 'was registered before, and is read again'}")
    return Output(
        entity_refs=registration.entity_refs, location_id=registration.location_id, created=registration.created
    )
