"""Read the settings of the service, once, from the environment and one file."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from scenedock.documents.configuration import field_problems, read_configuration
from scenedock.errors import InputError
from scenedock.model.json import JsonObject
from scenedock.model.similar import similar
from scenedock.runtime.settings import PREFIX, Setting, Settings, describe_settings, shown_value, variable
from scenedock.structs import dataclass

SETTINGS_FILE = "SCENEDOCK_SETTINGS"
MASK = "********"
_OF_OTHERS = frozenset({"SCENEDOCK_TOKEN", "SCENEDOCK_BACKSTAGE_TOKEN"})
"""Variables that Backstage's configuration and commands read, and the service doesn't."""
# Kubernetes sets these in every pod of a namespace with a Service named scenedock.
_OF_KUBERNETES = re.compile(r"^SCENEDOCK_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT_.*)=|SCENEDOCK_PORT=\w+://")


@dataclass(frozen=True, slots=True)
class Known:
    """The settings in effect, and for each field where its value came from."""

    settings: Settings
    sources: Mapping[str, str]

    def lines(self) -> Iterator[tuple[str, str, str]]:
        """Name in the environment, value (secret ones masked) and source of every setting."""
        for name, setting in describe_settings().items():
            value = getattr(self.settings, name)
            yield variable(name), MASK if setting.secret and value else shown_value(value), self.sources[name]


def read_settings(
    environment: Mapping[str, str], read_file: Callable[[Path], bytes], file: Path | None = None
) -> Known:
    """The settings; the environment wins over the file, which `file` or `SCENEDOCK_SETTINGS` names.

    `SCENEDOCK_<NAME>_FILE` names a file that holds a secret setting's value.

    Raises
    ------
    InputError      one or more settings are invalid or unknown; the message names each with its source
    NotFoundError   a file that a setting names doesn't exist
    """
    about = describe_settings()
    problems: list[str] = []
    values: dict[str, Any] = {}
    sources = dict.fromkeys(about, "default")
    variables = _from_environment(environment, read_file, about, problems)
    for name, (written, source) in variables.items():
        sources[name] = source
        try:
            values[name] = about[name].read(written)
        except ValueError as error:
            problems.append(f"{source}: {error}")
    named = file or (Path(environment[SETTINGS_FILE]) if environment.get(SETTINGS_FILE) else None)
    if named is not None:
        try:
            for name, value, place in _from_file(named, read_file(named), about, variables):
                values[name], sources[name] = value, place
        except InputError as error:
            problems.append(str(error))
    if problems:
        raise InputError("\n".join(problems))
    return Known(Settings(**values), sources)


def _from_file(
    file: Path, data: bytes, about: Mapping[str, Setting], overridden: Collection[str]
) -> list[tuple[str, Any, str]]:
    """Name, value and place of each setting that the file sets and the environment doesn't override."""
    readers = {name: setting.read for name, setting in about.items()}

    def in_force(value: JsonObject) -> JsonObject:
        return {name: each for name, each in value.items() if name not in overridden}

    written = read_configuration(data, str(file), rules=lambda value: field_problems(in_force(value), (), readers))
    return [
        (name, readers[name](each), f"{file}:{written.line_of(name)}") for name, each in in_force(written.value).items()
    ]


def _from_environment(
    environment: Mapping[str, str],
    read_file: Callable[[Path], bytes],
    about: Mapping[str, Setting],
    problems: list[str],
) -> dict[str, tuple[str, str]]:
    """The text of each setting in the environment, and where it came from."""
    variables = {variable(name): name for name in about}
    files = {f"{variable(name)}_FILE": name for name, setting in about.items() if setting.secret}
    values: dict[str, tuple[str, str]] = {}
    for name, value in sorted(environment.items()):
        if name in variables:
            values[variables[name]] = value, name
        elif name in files:
            values[files[name]] = read_file(Path(value)).decode("utf-8", "replace").strip(), f"{name}={value}"
        elif (
            name.startswith(PREFIX)
            and name not in {SETTINGS_FILE, *_OF_OTHERS}
            and not _OF_KUBERNETES.match(f"{name}={value}")
        ):
            problems.append(
                f"{name}: there is no such setting{similar(name, variables)}; `scenedock settings` lists all"
            )
    return values
