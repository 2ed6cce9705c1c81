"""Facts on disk, which only save time: a file that is damaged, or of other rules, is as good as none."""

from __future__ import annotations

import io
import os
import pickle
import re
import stat
from importlib import import_module
from pathlib import Path
from typing import Final

from msgspec import Struct

from scenedock.effects.local.disk import new_file_beside, remove_left_over
from scenedock.structs import dataclass

_MARK: Final = b"scenedock facts 2\n"
_MOST_BYTES: Final = 1 << 28
"""What fits into the memory of a build: at about 4 KB a folder, facts of 60,000 folders."""
_ROOMS: Final = (
    "scenedock.model.",
    "scenedock.catalog.",
    "scenedock.releases.",
    "scenedock.usecases.catalog.",
    "scenedock.usecases.releases.",
    "scenedock.effects.git.",
)
_BUILT_IN: Final = {("builtins", "frozenset"): frozenset, ("builtins", "set"): set}


# As in model/addresses, inside one string: between two of them, pickle writes bytes that no address has.
_CREDENTIALS: Final = re.compile(
    rb"https?://[^\s\"<>/?#\x00-\x1f\x80-\xff]{1,200}@|://[^\s\"<>/?#:@\x00-\x1f\x80-\xff]*:[^\s\"<>/?#\x00-\x1f\x80-\xff]{1,200}@",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FactsFile:
    """A file of facts; each instance of an installation may replace it by its own."""

    path: Path
    makes_folder: bool = True
    """Whether its folder is made; else nothing is kept where the folder isn't there."""
    keeps_credentials: bool = True
    """Whether facts are kept in which an address has a password or a token."""

    def load(self) -> object | None:
        """What was saved by these same rules; None where there is nothing, or nothing that can be used."""
        try:
            # A pipe isn't waited for.
            with os.fdopen(os.open(self.path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
                facts = os.fstat(file.fileno())
                is_usable = stat.S_ISREG(facts.st_mode) and facts.st_size <= _MOST_BYTES
                data = file.read(_MOST_BYTES) if is_usable else b""
        except OSError:
            return None
        head, body = data[: len(_MARK) + 64], data[len(_MARK) + 64 :]
        if head[: len(_MARK)] != _MARK or head[len(_MARK) :] != _digest(body):
            return None
        return unpack(body)

    def save(self, facts: object) -> None:
        """Keep facts; a disk that can't is no error, for then they are read again."""
        body = pack(facts)
        if len(body) > _MOST_BYTES - len(_MARK) - 64:
            return
        try:
            if not self.keeps_credentials and _CREDENTIALS.search(body):
                self.path.unlink(missing_ok=True)
                return
            if self.makes_folder:
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with new_file_beside(self.path, _MARK + _digest(body) + body, 0o600) as beside:
                beside.replace(self.path)
            remove_left_over(self.path.parent)
        except OSError:
            return


def pack(facts: object) -> bytes:
    """Facts as bytes: structs and named tuples of this package, in collections and with numbers and text."""
    return pickle.dumps(facts, 5)


def unpack(data: bytes) -> object | None:
    """The facts in some bytes; None where they are no facts.

    pickle makes any object that its data names; this one only makes those.
    """
    try:
        facts: object = _Reader(io.BytesIO(data)).load()
    except Exception:  # noqa: BLE001 - damaged data may raise anything
        return None
    return facts


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if (module, name) in _BUILT_IN:
            return _BUILT_IN[module, name]
        found = getattr(import_module(module), name, None) if module.startswith(_ROOMS) and "." not in name else None
        if isinstance(found, type) and found.__module__ == module and issubclass(found, Struct | tuple):
            return found
        raise pickle.UnpicklingError(f"{module}.{name} is neither a struct of ours nor a named tuple")


def _digest(body: bytes) -> bytes:
    import hashlib

    from scenedock.effects.local.facts_rules import RULES  # it reads all our code, which most commands don't need

    digest = hashlib.sha256(RULES)
    digest.update(body)
    return digest.hexdigest().encode()
