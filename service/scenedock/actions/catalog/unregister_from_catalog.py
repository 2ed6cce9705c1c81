"""`scenedock:unregister-from-catalog`: unregister the Locations of catalog files from Backstage."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from scenedock.actions.effects import Effects
from scenedock.errors import NotAllowedError
from scenedock.model.action import Context, Example, action
from scenedock.model.json_documents import Address, Model, TaskInput


class Input(TaskInput):
    """The files whose Locations go."""

    catalog_files: Annotated[
        tuple[Address, ...],
        "Addresses of catalog files, with a branch, or without one for all branches, as a retirement returns them",
        Field(max_length=100),
    ]
    reason: Annotated[
        str,
        "Why those are unregistered, too, whose file is still there, such as the API of a retired service in the "
        "repository of its source code; only who the rules allow `unregister-existing` may. The audit log has it",
        Field(max_length=500),
    ] = ""


class Output(Model):
    """What was registered, and isn't any more."""

    unregistered: Annotated[tuple[str, ...], "The addresses of the Locations that are gone"]


EXAMPLES = [
    Example("Of a retired service", {"catalogFiles": ["https://github.com/acme/apps/billing/catalog-info.yaml"]}),
    Example(
        "Of its source code, which stays",
        {"catalogFiles": ["https://github.com/acme/billing/catalog-info.yaml"], "reason": "billing is retired"},
    ),
]
RIGHTS = {"reason": "unregister-existing"}


@action("unregister-from-catalog", destructive=True, idempotent=True, examples=EXAMPLES, rights=RIGHTS)
def unregister_from_catalog_action(context: Context[Effects], request: Input) -> Output:
    """Unregister the Locations of catalog files from Backstage, and so their entities; the files stay.

    A file that isn't registered is no error. Only files of the configured code hosts and owners can be named, and
    without a `reason` only those that have gone from the branch from which they are registered.

    Raises
    ------
    ConflictError     a file is still there, or isn't known to have gone; nothing is unregistered
    InputError        an address is not that of a file
    NotAllowedError   a file's host or owner is not in the list of code hosts, or Backstage denies permission
    TemporaryError    Backstage or a code host can't be reached
    """
    from scenedock.usecases.environments.unregister_from_catalog import unregister_files

    backstage = context.effects.backstage
    if backstage is None:
        raise NotAllowedError("no Backstage is configured to unregister from; set SCENEDOCK_BACKSTAGE_URL")
    hosts, existing = context.effects.code_hosts, bool(request.reason.strip())
    gone = unregister_files(backstage, hosts, request.catalog_files, existing=existing)
    for each in gone:
        context.log(f"{each} is unregistered")
    return Output(unregistered=gone)
