"""`scenedock:register-in-catalog`: what was made shows in Backstage's catalog."""

from __future__ import annotations

from typing import Annotated

from scenedock.actions.effects import Effects
from scenedock.errors import InputError, NotAllowedError
from scenedock.model.action import Address, Context, Example, Model, TaskInput, action
from scenedock.usecases.catalog.register_in_catalog import catalog_file_url, refresh_entity, register_file


class Input(TaskInput):
    """What to register: a file by `url`, or by `repoUrl` and `path`; or what to have read again, by `entityRef`."""

    url: Annotated[Address | None, "Address of a catalog-info.yaml as its code host shows it"] = None
    repo_url: Annotated[
        Address | None, "Repository of the file: its address, or what Backstage's RepoUrlPicker gives"
    ] = None
    path: Annotated[str, "With `repoUrl`: path of the file in the repository"] = "catalog-info.yaml"
    branch: Annotated[str | None, "With `repoUrl`: its branch; by default that of the repository"] = None
    entity_ref: Annotated[
        str | None, "An entity that the catalog has, whose file Backstage shall read again now: `component:billing`"
    ] = None


class Output(Model):
    """What the catalog has."""

    entity_refs: Annotated[tuple[str, ...], "The entities of the file, or the one whose file is read again; sorted"]
    location_id: Annotated[str | None, "Id under which Backstage keeps the Location; null for a mere `entityRef`"]
    created: Annotated[bool, "Whether it was registered now; false if it was before, and is read again"]


EXAMPLES = [
    Example("A file", {"url": "https://github.com/acme/billing/blob/main/catalog-info.yaml"}),
    Example("A file of a new repository", {"repoUrl": "github.com?owner=acme&repo=billing", "branch": "main"}),
    Example("Read the file of an entity again", {"entityRef": "component:default/billing"}),
]


@action("register-in-catalog", idempotent=True, examples=EXAMPLES)
def register_in_catalog_action(context: Context[Effects], request: Input) -> Output:
    """Register a catalog file in Backstage, or have a registered one read again.

    Backstage reads the file first without registering it; what it refuses is told as it says it. The call is made in
    the name of this service, so only files of the configured code hosts and owners are registered.

    Raises
    ------
    InputError        not exactly one of `url`, `repoUrl` and `entityRef` is given, or Backstage refuses what is there
    NotAllowedError   the file's host or owner is not in the list of code hosts, or Backstage doesn't let us
    NotFoundError     the catalog has no entity `entityRef`
    TemporaryError    Backstage can't be reached
    """
    backstage, hosts = context.effects.backstage, context.effects.code_hosts
    if sum(each is not None for each in (request.url, request.repo_url, request.entity_ref)) != 1:
        raise InputError("give one of `url`, `repoUrl` and `entityRef`")
    if backstage is None:
        raise NotAllowedError("the service knows no Backstage that it may tell; SCENEDOCK_BACKSTAGE_URL names it")
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
