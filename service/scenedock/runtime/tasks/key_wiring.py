"""Where the keys of this process are told to the database that replicas share."""

from __future__ import annotations

from scenedock.effects.backstage.signing_keys import SigningKey
from scenedock.effects.tasks.sealing import Seal
from scenedock.effects.tasks.storage.database import database_address
from scenedock.effects.tasks.storage.key_table import KeyTable, ProcessKey
from scenedock.runtime.settings import Settings
from scenedock.runtime.tasks.key_witness import KeyWitness
from scenedock.runtime.tasks.settings import Role
from scenedock.runtime.tasks.wiring import seal_of


def open_key_witness(settings: Settings, key: SigningKey, role: Role) -> KeyWitness:
    """What tells the keys of this process, in a role; with SQLite, nothing is told, for there are no replicas.

    Raises
    ------
    InputError, NotFoundError   a key can't be used
    """
    address = database_address(settings.database_url, settings.data)
    if address.file:
        return KeyWitness(None, (), role)
    keys = process_keys(seal_of(settings.seal_key, settings.data), key)
    return KeyWitness(KeyTable(address.url), keys, role)


def process_keys(seal: Seal | None, key: SigningKey | None) -> tuple[ProcessKey, ...]:
    """The keys as they are recorded, of a process without a name."""
    sealing = (ProcessKey("", "seal", seal.prints[0], seal.prints[1:]),) if seal else ()
    return (*sealing, ProcessKey("", "sign", key.fingerprint)) if key else sealing
