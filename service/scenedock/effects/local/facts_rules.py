"""What tells facts that this code has read from those that other code has.

It is noted when this is imported: by the process that all are forked from, together with the code that they run. An
upgrade in place is no business of theirs.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import yaml


def _rules() -> bytes:
    """What tells these rules from others: the code and the schemas by which files are read, and Python's version."""
    digest = hashlib.sha256(f"{sys.version} {yaml.__version__}".encode())
    for file in _sources(files("scenedock")):
        digest.update(file.read_bytes())
    return digest.digest()


def _sources(folder: Traversable) -> Iterator[Traversable]:
    for each in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if each.is_dir():
            yield from _sources(each)
        elif each.name.endswith((".py", ".json")):
            yield each


RULES: Final = _rules()
