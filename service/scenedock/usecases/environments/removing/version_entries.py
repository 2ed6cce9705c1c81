"""Take out of files of versions what they say of deployments; a file goes where it has nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping

from scenedock.changes.contents import value_in
from scenedock.documents.reading import read_documents
from scenedock.errors import InputError
from scenedock.gitops.values_edits import remove_value
from scenedock.model.finding import Place
from scenedock.model.json import Json, as_list
from scenedock.releases.deployed import TagFile
from scenedock.releases.release import PairKey
from scenedock.releases.spots import Spot
from scenedock.usecases.environments.removing.removal import Removal, pair_of, written


def take_out_tags(removal: Removal) -> None:
    """Take away what settings name for the versions of the deployments: their entries, and a file with nothing else.

    Raises
    ------
    InputError, NotFoundError   a file can't be read or edited
    """
    for key in removal.keys:
        deployed = removal.now.deployed.get(key)
        if deployed and (tag_file := deployed.tag_file) and tag_file.spot:
            if value_in(removal.content(key[0], tag_file.path), tag_file.spot) is not None:
                _take_out_tag(removal, key, tag_file, tag_file.spot)
            removal.renew()


def _take_out_tag(removal: Removal, key: PairKey, tag_file: TagFile, spot: Spot) -> None:
    """Take a version out of its file; the file goes where nothing else is in it."""
    at, deployed = (key[0], tag_file.path), removal.ground.deployed
    readers = {each for each, one in deployed.items() if one.tag_file and (each[0], one.tag_file.path) == at}
    is_own = readers <= set(removal.keys)
    if spot.form == "text":
        if is_own and tag_file.version:
            removal.delete(*at)
        else:
            message = f"{tag_file.path} has its version, and more"
            removal.refuse(pair_of(key), message, Place(*at, tag_file.line))
        return
    data = removal.content(*at)
    if spot.form == "env":
        edited = _without_variable(data, str(spot.keys[0]), Place(*at, tag_file.line))
        is_empty = all(not line.strip() or line.startswith(b"#") for line in edited.splitlines())
    else:
        edited = remove_value(data, written(spot.keys), tag_file.path, spot.document)
        is_empty = not any(_has_values(each.value) for each in read_documents(edited))
    if is_empty and is_own:
        removal.delete(*at)
    else:
        removal.edit(*at, lambda _data: edited)


def _without_variable(data: bytes, name: str, place: Place) -> bytes:
    assigned = re.compile(rb"(?:export[ \t]+)?%b=(.*)" % re.escape(name.encode()), re.DOTALL)
    lines = data.splitlines(keepends=True)
    for line in lines:
        found = assigned.match(line)
        if found and (found[1].count(b'"') % 2 or found[1].count(b"'") % 2 or found[1].rstrip().endswith(b"\\")):
            raise InputError(f"{place}: {name} has more than one line; remove it by hand")
    return b"".join(line for line in lines if not assigned.match(line))


def _has_values(value: Json) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_values, value.values()))
    return any(map(_has_values, as_list(value))) or not (value is None or isinstance(value, (list, tuple)))
