"""The types of settings: each function reads one type, from the text of a variable or the JSON value of a file.

Each raises ValueError if the value is invalid; the message says what a value must be, but doesn't repeat the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path

from scenedock.model.action import PAGES
from scenedock.model.addresses import credentials_in
from scenedock.model.json import Json
from scenedock.structs import dataclass

_HOST_AND_PORT = re.compile(r"^(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>\d{1,5})$")
_DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
_HEADER = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
_OWNER = re.compile(r"(group|user):([A-Za-z0-9-]{1,63}/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?", re.IGNORECASE)
_LIMIT = re.compile(r".+=[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class Listen:
    """An address to listen on; port 0 means any free port."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in {"127.0.0.1", "::1", "[::1]", "localhost"}

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def text(value: Json) -> str:
    """Text."""
    if not isinstance(value, str):
        raise ValueError("must be text")  # noqa: TRY004 - readers raise one error
    return value


def path(value: Json) -> Path:
    """A path; `~` is the home folder."""
    if not (written := text(value)):
        raise ValueError("must be a path")
    try:
        return Path(written).expanduser()
    except RuntimeError:
        raise ValueError("names a home folder that isn't there; write the path without `~`") from None


def optional_path(value: Json) -> Path | None:
    """A path, or nothing."""
    return path(value) if value else None


def texts(value: Json) -> tuple[str, ...]:
    """Texts: a list in the file, separated by commas in the environment."""
    parts = re.split(r"[,\n]", value) if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise ValueError("must be a list (in the environment, separated by commas)")
    return tuple(part.strip() for part in parts if part.strip())


def repositories(value: Json) -> tuple[str, ...]:
    """Paths and addresses of repositories; a password in an address would be shown wherever the repository is named."""
    named = texts(value)
    # The whole value, too: a password may contain a comma.
    if credentials_in(value) or any("://" in each and "@" in each for each in named):
        raise ValueError("must not contain a password, token or `@` in an address; SCENEDOCK_CODE_HOSTS is for tokens")
    return named


def plugins(value: Json) -> tuple[str, ...]:
    """Ids of plugins."""
    from scenedock.effects.backstage.public_keys import PLUGIN

    named = texts(value)
    if not all(map(PLUGIN.fullmatch, named)):
        raise ValueError("must be ids of plugins, such as scaffolder")
    if PAGES in named:
        raise ValueError(f"must not contain `{PAGES}`, which rules call the service's own pages")
    return named


def issuer(value: Json) -> str:
    """The issuer of an OpenID provider, exactly as its tokens name it, or nothing; a secret is sent there."""
    written = text(value)
    if written and not re.match(r"^(https://[^/?#@\s]+|http://(127\.0\.0\.1|localhost)(:\d+)?)(/[^?#\s]*)?$", written):
        raise ValueError("must be an https address (http only on this machine) without credentials or query")
    return written


def domains(value: Json) -> tuple[str, ...]:
    """Domains of e-mail addresses, in lower case."""
    named = tuple(each.lower().removeprefix("@") for each in texts(value))
    if not all(map(_DOMAIN.fullmatch, named)):
        raise ValueError("must be domains of e-mail addresses, such as acme.example")
    return named


def networks(value: Json) -> tuple[str, ...]:
    """Addresses and networks of machines that are trusted; never all."""
    named = texts(value)
    try:
        wide = any(ip_network(each).prefixlen == 0 for each in named)
    except ValueError:
        raise ValueError("must be IP addresses or networks, such as 10.1.2.3 or 10.1.2.0/24") from None
    if wide:
        raise ValueError("must not be every address: anybody could send the header")
    return named


def header(value: Json) -> str:
    """The name of a header, or nothing."""
    written = text(value)
    if written and not _HEADER.fullmatch(written):
        raise ValueError("must be the name of a header, letters, digits and `-`, such as X-Forwarded-User")
    return written


def limits(value: Json) -> tuple[str, ...]:
    """How many steps of an action may run at once, each as `ACTION=NUMBER`."""
    listed = texts(value)
    if not all(map(_LIMIT.fullmatch, listed)):
        raise ValueError("must be ACTION=NUMBER, such as scenedock:bake-skeleton=4")
    return listed


def address(value: Json) -> Listen:
    """An address to listen on."""
    match = _HOST_AND_PORT.match(text(value))
    if not match or int(match["port"]) > 65535:
        raise ValueError("must be HOST:PORT, such as 127.0.0.1:8000")
    return Listen(match["host"], int(match["port"]))


def optional_address(value: Json) -> Listen | None:
    """An address to listen on, or nothing."""
    return address(value) if value else None


def url(value: Json) -> str:
    """An http(s) address without a trailing slash, or nothing."""
    written = text(value).rstrip("/")
    if written and not re.match(r"^https?://[^/?#@\s]+(/[^?#\s]*)?$", written):
        raise ValueError("must be an http(s) address without credentials or query")
    return written


def owner(value: Json) -> str:
    """The reference of a Group or User with its kind, or nothing."""
    written = text(value)
    if written and not _OWNER.fullmatch(written):
        raise ValueError("must be a Group or a User, such as group:default/platform")
    return written


def flag(value: Json) -> bool:
    """Yes or no."""
    if isinstance(value, bool):
        return value
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if not isinstance(value, str) or value.lower() not in words:
        raise ValueError("must be true or false")
    return words[value.lower()]


def number(least: int, most: int) -> Callable[[Json], int]:
    """A whole number within limits."""

    def read(value: Json) -> int:
        written = str(value)
        if isinstance(value, bool) or not re.fullmatch(r"\d{1,12}", written) or not least <= int(written) <= most:
            raise ValueError(f"must be a whole number from {least:,} to {most:,}")
        return int(written)

    return read


def log_format(value: Json) -> str:
    """The format of log lines."""
    if value not in {"auto", "json", "text"}:
        raise ValueError("must be auto, json or text")
    return str(value)
