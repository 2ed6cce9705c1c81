"""Seal values for a place, with the certificate of its cluster; they are in memory for this call only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from scenedock.changes.secrets.naming import MOST_BYTES, label_of
from scenedock.changes.secrets.places import SecretPlace
from scenedock.effects.sealed_secrets.certificate import Certificate
from scenedock.errors import InputError
from scenedock.structs import dataclass


@dataclass(frozen=True, slots=True)
class Sealed:
    """Encrypted values by key, what is a fact of them, and what somebody should know."""

    values: Mapping[str, str]
    said: tuple[str, ...]
    notes: tuple[str, ...]


def check_values(values: Mapping[str, bytes]) -> None:
    """Refuse values that no Secret may have.

    Raises
    ------
    InputError   one is empty, or all are too large together
    """
    for key, value in values.items():
        if not value:
            raise InputError(f"the value of {key} is empty")
    if sum(map(len, values.values())) > MOST_BYTES:
        raise InputError(f"the values have more than {MOST_BYTES >> 20} MiB together, which no Secret may have")


def seal(certificate: Certificate, place: SecretPlace, values: Mapping[str, bytes], now: datetime) -> Sealed:
    """Values, encrypted so that they can be opened only where the scope of their secret allows.

    Raises
    ------
    InputError   the certificate isn't valid now, or a value can't be one
    """
    certificate.check(now)
    check_values(values)
    label = label_of(place.scope, place.namespace, place.name)
    sealed = {key: certificate.encrypt(value, label) for key, value in values.items()}
    warning = certificate.warning(now)
    return Sealed(sealed, _said(certificate, place), (warning,) if warning else ())


def _said(certificate: Certificate, place: SecretPlace) -> tuple[str, ...]:
    where = {
        "strict": f"only as {place.name} in the namespace {place.namespace}",
        "namespace-wide": f"under any name in the namespace {place.namespace}",
        "cluster-wide": "under any name in any namespace",
    }[place.scope]
    return (
        f"Scope {place.scope}: it can be opened {where}.",
        f"Sealed with the certificate {certificate.source}, which expires on {certificate.ends:%Y-%m-%d}.",
    )
