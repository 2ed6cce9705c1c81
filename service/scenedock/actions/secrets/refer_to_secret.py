"""`scenedock:refer-to-secret`: propose that a deployment reads a secret from a store."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from scenedock.actions.effects import Effects
from scenedock.actions.publishing.changes import attempt_of
from scenedock.actions.secrets.publishing import MOST_KEYS, RIGHTS, ChangeOfSecret, Key, SecretOutput
from scenedock.errors import InputError
from scenedock.model.action import Context, Example, action
from scenedock.model.json_documents import Model

if TYPE_CHECKING:
    from scenedock.changes.secrets.manifests import Remote


class RemoteInput(Model):
    """Where a value is in the store."""

    key: Annotated[
        str, "Path of the secret in the store, such as `billing/production`", Field(min_length=1, max_length=500)
    ]
    property: Annotated[str, "Property of it, such as `password`; by default all of it", Field(max_length=253)] = ""


class Input(ChangeOfSecret):
    """The references, and the secret that they are keys of."""

    key: Annotated[str, "The key of the Secret whose value `remoteKey` tells", Field(max_length=253)] = ""
    remote_key: Annotated[
        str, "Path of its secret in the store, such as `billing/production`", Field(max_length=500)
    ] = ""
    remote_property: Annotated[
        str, "Property of it, such as `password`; by default all of it", Field(max_length=253)
    ] = ""
    references: Annotated[
        dict[Key, RemoteInput],
        "Where several values are in the store, by the keys of the Secret",
        Field(default_factory=dict, max_length=MOST_KEYS),
    ]
    store: Annotated[str, "Name of the store; needed for a new secret", Field(max_length=253)] = ""
    store_kind: Annotated[
        Literal["ClusterSecretStore", "SecretStore"], "Whether the store is the cluster's or the namespace's"
    ] = "ClusterSecretStore"

    def remotes(self) -> dict[str, Remote]:
        """Where the values are, by key.

        Raises
        ------
        InputError   a key is named twice, or without its secret in the store
        """
        from scenedock.changes.secrets.manifests import Remote

        if bool(self.key) != bool(self.remote_key) or (self.remote_property and not self.key):
            raise InputError("`key` and `remoteKey` belong together, perhaps with `remoteProperty`; give both or none")
        if self.key in self.references:
            raise InputError(f"there are two references for {self.key}; leave one out")
        single = {self.key: Remote(self.remote_key, self.remote_property)} if self.key else {}
        return {**single, **{key: Remote(each.key, each.property) for key, each in self.references.items()}}


EXAMPLES = [
    Example(
        "A password that is in a vault",
        {
            "service": "billing",
            "environment": "production",
            "key": "PASSWORD",
            "remoteKey": "billing/production",
            "remoteProperty": "password",
            "store": "vault",
        },
    ),
    Example(
        "Several keys of an existing Secret",
        {
            "service": "billing",
            "environment": "production",
            "references": {"USER": {"key": "billing/mail", "property": "user"}, "TOKEN": {"key": "billing/token"}},
        },
    ),
]


@action("refer-to-secret", idempotent=True, examples=EXAMPLES, rights=RIGHTS)
def refer_to_secret_action(context: Context[Effects], request: Input) -> SecretOutput:
    """Propose references to a store as keys of an ExternalSecret, which the External Secrets Operator reads.

    A secret has one open pull request: a later call adds its keys to it. No value of a secret is asked for or read.

    Raises
    ------
    InputError        a key is invalid, or something must be named
    NotFoundError     there is no such service, or it isn't deployed there
    ConflictError     the environment is locked, or somebody else is changing the same at this moment
    NotAllowedError   the repository's host or owner isn't in the list of code hosts, or a lock may not be passed
    TemporaryError    the repository has changed meanwhile, or the host can't be reached
    """
    from scenedock.changes.secrets.manifests import Store
    from scenedock.changes.secrets.places import remotes_in, with_remotes
    from scenedock.usecases.secrets.find_served import find_served
    from scenedock.usecases.secrets.publish_secret import SecretChange, publish_secret

    effects, remotes = context.effects, request.remotes()
    wish = request.wish("ExternalSecret", frozenset(remotes))
    wish.check()
    found = effects.apart.read(find_served, wish)
    if found.place.is_new and not request.store:
        raise InputError(f"{found.place.pair} has no secret {found.place.name} yet; give its `store`")
    store = Store(request.store, request.store_kind)
    said = (f"The values are read from the store {request.store}.",) if request.store else ()
    change = SecretChange(remotes, remotes_in, partial(with_remotes, store=store), said, (), request.pass_lock)
    published = publish_secret(effects.code_hosts, found, change, request.how, attempt_of(context))
    return SecretOutput.of(found.place, published)
