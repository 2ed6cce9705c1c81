"""`scenedock:seal-secret`: encrypt values for a cluster, and propose them as a SealedSecret."""

from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

from pydantic import Field

from scenedock.actions.effects import Effects
from scenedock.actions.publishing.changes import attempt_of
from scenedock.actions.secrets.publishing import MOST_KEYS, RIGHTS, ChangeOfSecret, Key, SecretOutput
from scenedock.changes.secrets.naming import Scope
from scenedock.errors import InputError
from scenedock.model.action import Context, Example, Sensitive, action


class Input(ChangeOfSecret):
    """The values, and the secret that they are keys of."""

    key: Annotated[str, "The key of the Secret that gets `secretValue`", Field(max_length=253)] = ""
    secret_value: Annotated[
        str,
        "Its value, kept out of logs and stored tasks; in a Template `${{ secrets.value }}`, of a field with "
        "`ui:field: Secret`",
        Sensitive(),
        Field(json_schema_extra={"writeOnly": True}),
    ] = ""
    secrets: Annotated[
        dict[Key, str],
        "Several values by the keys of the Secret, kept as `secretValue` is",
        Sensitive(),
        Field(default_factory=dict, max_length=MOST_KEYS, json_schema_extra={"writeOnly": True}),
    ]
    binary_secrets: Annotated[
        dict[Key, str],
        "Values that aren't text, in base64, by the keys of the Secret; kept as `secretValue` is",
        Sensitive(),
        Field(default_factory=dict, max_length=MOST_KEYS, json_schema_extra={"writeOnly": True}),
    ]
    scope: Annotated[
        Scope | None,
        "Where the values can be opened: under their own name and namespace (`strict`), any name in the namespace, or "
        "anywhere in the cluster; by default that of the existing secret, or `strict`",
    ] = None
    type: Annotated[
        str,
        "Type of a new Secret, such as `kubernetes.io/basic-auth`; by default `Opaque`",
        Field(pattern=r"^[A-Za-z0-9./-]{0,253}$"),
    ] = ""

    def values(self) -> dict[str, bytes]:
        """The values by key.

        Raises
        ------
        InputError   a key is named twice, or a value isn't base64
        """
        if bool(self.key) != bool(self.secret_value):
            raise InputError("`key` and `secretValue` belong together; give both or none")
        single = {self.key: self.secret_value} if self.key else {}
        named = [*single, *self.secrets, *self.binary_secrets]
        if twice := sorted({key for key in named if named.count(key) > 1}):
            raise InputError(f"there are two values for {twice[0]}; leave one out")
        found = {key: value.encode() for key, value in {**single, **self.secrets}.items()}
        for key, value in self.binary_secrets.items():
            try:
                found[key] = b64decode(value, validate=True)
            except ValueError:  # also for what is not ASCII
                raise InputError(f"the value of {key} in `binarySecrets` is not base64") from None
        return found


EXAMPLES = [
    Example(
        "A password for production",
        {"service": "billing", "environment": "production", "key": "PASSWORD", "secretValue": "of-no-database"},
    ),
    Example(
        "Several keys of a Secret with another name",
        {
            "service": "billing",
            "environment": "production",
            "name": "billing-mail",
            "secrets": {"USER": "billing", "PASSWORD": "of-no-server"},
        },
    ),
]


@action("seal-secret", examples=EXAMPLES, rights=RIGHTS)
def seal_secret_action(context: Context[Effects], request: Input) -> SecretOutput:
    """Encrypt values with the public certificate of a cluster, and propose them as keys of a SealedSecret.

    A secret has one open pull request: a later call adds its keys to it. The other keys of an existing SealedSecret
    stay as they are, to the byte. The values are in memory for the call only, and nothing here can decrypt them.

    Raises
    ------
    InputError        a key or value is invalid, the certificate has expired, or something must be named
    NotFoundError     there is no such service, it isn't deployed there, or no certificate is listed for it
    ConflictError     the environment is locked, or somebody else is changing the same at this moment
    NotAllowedError   the repository's host or owner isn't in the list of code hosts, or a lock may not be passed
    TemporaryError    the repository has changed meanwhile, or a host can't be reached
    """
    from scenedock.changes.secrets.places import sealed_in, with_sealed
    from scenedock.usecases.secrets.find_served import find_served
    from scenedock.usecases.secrets.publish_secret import SecretChange, publish_secret
    from scenedock.usecases.secrets.seal import check_values, seal

    effects, values = context.effects, request.values()
    wish = request.wish("SealedSecret", frozenset(values), request.scope)
    wish.check()
    check_values(values)
    found = effects.apart.read(find_served, wish)
    place = found.place
    certificate = effects.certificates.choose(place.key[0], place.key[2], place.cluster)
    sealed = seal(certificate, place, values, datetime.now(UTC))
    for note in sealed.notes:
        context.log(note)
    change = SecretChange(
        sealed.values, sealed_in, partial(with_sealed, secret_type=request.type), sealed.said, sealed.notes,
        request.pass_lock,
    )  # fmt: skip
    published = publish_secret(effects.code_hosts, found, change, request.how, attempt_of(context))
    return SecretOutput.of(place, published)
