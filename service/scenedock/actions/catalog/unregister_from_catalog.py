"""`scenedock:unregister-from-catalog`: unregister the Locations of catalog files from Backstage."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from scenedock.actions.effects import Effects
from scenedock.errors import NotAllowedError
from scenedock.model.action import Address, Context, Example, Model, TaskInput, action
from scenedock.usecases.environments.unregister_from_catalog import unregister_files


class Input(TaskInput):
    """The files whose Locations go."""

    catalog_files: Annotated[
        tuple[Address, ...],
        "Addresses of catalog files, with a branch, or without one for all branches, as a retirement returns them",
        Field(max_length=100),
    ]


class Output(Model):
    """What was registered, and isn't any more."""

    unregistered: Annotated[tuple[str, ...], "The addresses of the Locations that are gone"]


EXAMPLES = [Example("Of a retired service", {"catalogFiles": ["https://github.com/acme/billing/catalog-info.yaml"]})]


@action("unregister-from-catalog", destructive=True, idempotent=True, examples=EXAMPLES)
def unregister_from_catalog_action(context: Context[Effects], request: Input) -> Output:
    """Unregister the Locations of catalog files from Backstage, and so their entities; the files stay.

    A file that isn't registered is no error. Only files of the configured code hosts and owners can be named.

    Raises
    ------
    InputError        an address is not that of a file
    NotAllowedError   a file's host or owner is not in the list of code hosts, or Backstage denies permission
    TemporaryError    Backstage can't be reached
    """
    backstage = context.effects.backstage
    if backstage is None:
        raise NotAllowedError("no Backstage is configured to unregister from; set SCENEDOCK_BACKSTAGE_URL")
    gone = unregister_files(backstage, context.effects.code_hosts, request.catalog_files)
    for each in gone:
        context.log(f"{each} is unregistered")
    return Output(unregistered=gone)
