"""The settings of the service: one flat, frozen table, read once from the environment and one file."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from scenedock.documents.configuration import field_problems, read_configuration
from scenedock.errors import InputError
from scenedock.model.json import Json, JsonObject
from scenedock.runtime.setting_values import (
    Listen,
    address,
    flag,
    limits,
    log_format,
    number,
    optional_address,
    optional_path,
    path,
    plugins,
    repositories,
    text,
    url,
)

PREFIX = "SCENEDOCK_"
SETTINGS_FILE = "SCENEDOCK_SETTINGS"
MASK = "********"
# Kubernetes gives these to every pod beside a Service named scenedock.
_OF_KUBERNETES = re.compile(r"^SCENEDOCK_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_.*)?)$")


@dataclass(frozen=True, slots=True)
class Setting:
    """What is said about one setting: how its value is read, one sentence, and whether it must not be shown."""

    read: Callable[[Json], Any]
    about: str
    secret: bool = False


_LOOPBACK = Listen("127.0.0.1", 8000)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the service is told. Each field is `SCENEDOCK_<NAME>` in the environment and `<name>` in the file."""

    data: Annotated[
        Path, Setting(path, "Folder of everything that is kept: tasks, results, the last catalog, our signing key.")
    ] = Path("scenedock-data")
    listen: Annotated[Listen, Setting(address, "Address of the service, HOST:PORT.")] = _LOOPBACK
    public_url: Annotated[
        str, Setting(url, "Address under which others reach the service; by default http:// and `listen`.")
    ] = ""
    backstage_url: Annotated[
        str, Setting(url, "Base address of the Backstage backend; without it, no token of Backstage is accepted.")
    ] = ""
    backstage_plugins: Annotated[tuple[str, ...], Setting(plugins, "Plugins of Backstage that may call.")] = (
        "scaffolder",
        "mcp-actions",
    )
    repositories: Annotated[
        tuple[str, ...],
        Setting(
            repositories,
            "GitOps repositories whose catalog is served: folders, or addresses `https://HOST/OWNER/NAME#BRANCH` "
            "(by default the repository's own branch); what is listed first wins.",
        ),
    ] = ()
    skeletons: Annotated[
        Path | None, Setting(optional_path, "File that lists the skeletons that may be baked, beside those shipped.")
    ] = None
    cookiecutters: Annotated[
        Path | None, Setting(optional_path, "Folder of the skeletons that ship with Scenedock, where it isn't found.")
    ] = None
    code_hosts: Annotated[
        Path | None,
        Setting(optional_path, "File that lists the code hosts where repositories may be written to, and how."),
    ] = None
    public_feed: Annotated[
        bool,
        Setting(flag, "Whether anybody may read the catalog feed: Backstage reads a Location without a token."),
    ] = False
    refresh_seconds: Annotated[int, Setting(number(1, 86_400), "Seconds between two looks at the repositories.")] = 60
    tokens_file: Annotated[
        Path | None, Setting(optional_path, "File of the static tokens, for callers beside Backstage.")
    ] = None
    signing_key: Annotated[
        str,
        Setting(text, "Our private key (PEM, EC P-256); by default a file in `data`, made at first.", secret=True),
    ] = ""
    folders_listen: Annotated[
        Listen | None,
        Setting(optional_address, "Address on which Backstage fetches results that are folders; off by default."),
    ] = None
    folders_url: Annotated[
        str, Setting(url, "Address under which Backstage reaches `folders_listen`; by default http:// and that.")
    ] = ""
    folders_seconds: Annotated[int, Setting(number(60, 604_800), "Seconds for which such a result can be fetched.")] = (
        3600
    )
    database_url: Annotated[
        str,
        Setting(text, "PostgreSQL for tasks, postgresql://…; by default SQLite, a file in `data`.", secret=True),
    ] = ""
    seal_key: Annotated[
        str,
        Setting(
            text,
            "Key that seals the secrets of tasks (32 bytes, URL-safe base64; after a comma, older ones that still "
            "open); by default a file in `data`, made at first.",
            secret=True,
        ),
    ] = ""
    task_threads: Annotated[int, Setting(number(1, 256), "Tasks that one process works on at once.")] = 8
    task_limits: Annotated[
        tuple[str, ...],
        Setting(limits, "How many steps of an action run at once everywhere: `scenedock:bake-skeleton=4`."),
    ] = ()
    step_seconds: Annotated[int, Setting(number(1, 604_800), "Seconds that a step may take, with its retries.")] = 3_600
    task_days: Annotated[int, Setting(number(1, 3_650), "Days for which ended tasks and their logs are kept.")] = 30
    event_readers: Annotated[int, Setting(number(1, 256), "Clients that may follow the events of tasks at once.")] = 4
    threads: Annotated[int, Setting(number(2, 512), "Requests that are worked on at once.")] = 16
    quiet_seconds: Annotated[
        int,
        Setting(
            number(1, 240),
            "Seconds of silence that a call's connection bears: less than what Backstage (300) and any proxy between "
            "(often 60) wait.",
        ),
    ] = 25
    max_body_bytes: Annotated[int, Setting(number(1_024, 104_857_600), "Bytes that a request's body may have.")] = (
        4_194_304
    )
    requests_per_minute: Annotated[
        int,
        Setting(number(1, 1_000_000), "Requests that one caller (without a token: one address) may make in a minute."),
    ] = 6_000
    grace_seconds: Annotated[
        int, Setting(number(1, 3_600), "Seconds that running calls have to end when the service stops.")
    ] = 60
    log_format: Annotated[
        str, Setting(log_format, "`json`, `text`, or `auto`: text on a terminal, else a line of JSON each.")
    ] = "auto"

    @property
    def folders_address(self) -> str:
        """The address under which Backstage fetches results that are folders; empty where it can't."""
        return self.folders_url or (f"http://{self.folders_listen}" if self.folders_listen else "")

    @property
    def url(self) -> str:
        """The address under which others reach the service."""
        return self.public_url or f"http://{self.listen}"


def describe_settings() -> dict[str, Setting]:
    """What is said about each setting, by the name of its field, in order."""
    hints = get_type_hints(Settings, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}


def variable(name: str) -> str:
    """The name of a setting in the environment."""
    return f"{PREFIX}{name.upper()}"


def shown_value(value: object) -> str:
    """A value as it may be written in the environment."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, tuple) else str(value)


@dataclass(frozen=True, slots=True)
class Known:
    """The settings in force, and for each field where its value came from."""

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
    InputError      one or more settings are wrong or unknown; each is named with its source
    NotFoundError   a file that was named isn't there
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
    """Name, value and place of each setting that a file gives and the environment doesn't override."""
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
        elif name.startswith(PREFIX) and name != SETTINGS_FILE and not _OF_KUBERNETES.match(name):
            problems.append(f"{name}: there is no such setting; `scenedock settings` lists all")
    return values
