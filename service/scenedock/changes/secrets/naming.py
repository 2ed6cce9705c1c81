"""What Kubernetes allows as a Secret's name, namespace and keys, and what a SealedSecret is bound to.

Sources: Kubernetes, "Object Names and IDs", "Secrets"; Sealed Secrets, "Scopes".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, Literal, TypeAlias, get_args

from scenedock.errors import InputError
from scenedock.model.json import Json, as_object

Scope: TypeAlias = Literal["strict", "namespace-wide", "cluster-wide"]
"""What must be the same where a SealedSecret is opened: name and namespace, the namespace, or nothing."""
SCOPES: Final[tuple[Scope, ...]] = get_args(Scope)
MOST_BYTES: Final = 1 << 20
"""What a Secret may hold, in bytes."""
_ANNOTATION: Final = "sealedsecrets.bitnami.com/"
_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*")
_NAMESPACE: Final = re.compile(_LABEL)
_KEY: Final = re.compile(r"(?!\.\.|[.-]\Z)[A-Za-z0-9._-]{1,253}")
"""A mere `-`, which Kubernetes allows, is the next item of a list in our paths."""


def check_name(name: str) -> None:
    """Refuse a name that no Secret can have.

    Raises
    ------
    InputError   it is one
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name[:100]!r} can't be the name of a Secret: use lower-case letters, digits, `-` and `.`, at most 253"
        )


def check_namespace(namespace: str) -> None:
    """Refuse a name that no namespace can have.

    Raises
    ------
    InputError   it is one
    """
    if not _NAMESPACE.fullmatch(namespace):
        raise InputError(
            f"{namespace[:100]!r} can't be a namespace: use lower-case letters, digits and `-`, at most 63"
        )


def check_keys(keys: Iterable[str]) -> None:
    """Refuse keys that no Secret can have.

    Raises
    ------
    InputError   one is such a key, or there are none
    """
    names = list(keys)
    if not names:
        raise InputError("name at least one key of the Secret")
    for key in names:
        if not _KEY.fullmatch(key):
            raise InputError(
                f"{key[:100]!r} can't be a key of a Secret: use letters, digits, `-`, `_` and `.`, at most 253, and no "
                "`..` in front"
            )


def label_of(scope: Scope, namespace: str, name: str) -> str:
    """What the encryption is bound to: another label opens nothing.

    >>> label_of("strict", "billing-qa", "billing"), label_of("namespace-wide", "billing-qa", "billing")
    ('billing-qa/billing', 'billing-qa')
    """
    return {"strict": f"{namespace}/{name}", "namespace-wide": namespace, "cluster-wide": ""}[scope]


def annotations_of(scope: Scope) -> Mapping[str, str]:
    """The annotations that tell the controller of a scope; none for the strict one."""
    return {} if scope == "strict" else {f"{_ANNOTATION}{scope}": "true"}


def scope_in(annotations: Json) -> Scope:
    """The scope that the annotations of a SealedSecret say; of both, the wider one counts."""
    said = as_object(annotations)
    for scope in ("cluster-wide", "namespace-wide"):
        if said.get(f"{_ANNOTATION}{scope}") == "true":
            return scope
    return "strict"
