"""The list of certificates: which cluster's is for what, from files, or fetched from addresses."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urljoin, urlsplit

from scenedock.documents.configuration import read_configuration
from scenedock.documents.problems import DocumentProblem
from scenedock.effects.local.disk import read_file
from scenedock.effects.sealed_secrets.certificate import Certificate
from scenedock.errors import InputError, NotFoundError, TemporaryError
from scenedock.model.addresses import credentials_in
from scenedock.model.code_hosts.code_host import is_loopback
from scenedock.model.json import Json, JsonObject, as_list, as_object, as_text
from scenedock.model.schemas import list_of_names
from scenedock.structs import dataclass, field

SETTING: Final = "SCENEDOCK_CERTIFICATES"
_MOST_BYTES: Final = 64 << 10
_SECONDS: Final = 10.0
_SECONDS_KEPT: Final = 3_600.0
_RETRY_AFTER: Final = 30.0


_names: Final = partial(list_of_names, unless="the certificate is for all")
SCHEMA: Final[JsonObject] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "required": ["certificates"],
    "properties": {
        "certificates": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "oneOf": [{"required": ["file"]}, {"required": ["url"]}],
                "oneOfErrorMessage": "must have either `file` or `url`",
                "properties": {
                    "environments": _names("Names of the environments that it is for; by default all"),
                    "clusters": _names("Clusters that it is for, as `cluster` in scenedock.yaml has them"),
                    "repositories": _names("Names of the repositories that it is for; by default all"),
                    "file": {
                        "type": "string",
                        "minLength": 1,
                        "description": "File with the certificate in PEM, relative to this file",
                    },
                    "url": {
                        "type": "string",
                        "description": "Address of the certificate, such as "
                        "`https://sealed-secrets.acme.example/v1/cert.pem`; a redirect is refused",
                    },
                },
            },
        }
    },
}
"""The schema of the list; the first entry that matches counts."""


@dataclass(frozen=True, slots=True)
class ListedCertificate:
    """An entry of the list; None is for all."""

    file: Path | None
    url: str = ""
    environments: frozenset[str] | None = None
    clusters: frozenset[str] | None = None
    repositories: frozenset[str] | None = None

    def is_for(self, repository: str, environment: str | None, cluster: str) -> bool:
        """Whether it is for an environment of a repository, in a cluster."""
        pairs = ((self.repositories, repository), (self.environments, environment), (self.clusters, cluster))
        return all(names is None or name in names for names, name in pairs)


@dataclass(frozen=True, slots=True)
class Certificates:
    """The certificates of a list; those at addresses are fetched when they are needed, and kept for an hour."""

    listed: tuple[ListedCertificate, ...] = ()
    _kept: dict[str, tuple[Certificate, float]] = field(default_factory=dict)

    def choose(self, repository: str, environment: str | None, cluster: str) -> Certificate:
        """The certificate for an environment of a repository, in a cluster (empty: not known).

        Raises
        ------
        NotFoundError    none is listed, or its file isn't there
        InputError       it can't be used
        TemporaryError   its host can't be reached
        """
        found = next((each for each in self.listed if each.is_for(repository, environment, cluster)), None)
        if found is None:
            where = environment or repository
            raise NotFoundError(
                f"no certificate is listed for {where}, so nothing can be sealed for it; list it in the file that "
                f"{SETTING} names"
            )
        return Certificate.read(read_file(found.file), str(found.file)) if found.file else self._fetched(found.url)

    def _fetched(self, url: str) -> Certificate:
        kept = self._kept.get(url)
        if kept and time.monotonic() < kept[1]:
            return kept[0]
        certificate = Certificate.read(_fetch(url), url)
        self._kept[url] = certificate, time.monotonic() + _SECONDS_KEPT
        return certificate


def read_certificates(data: bytes, label: str, folder: Path) -> Certificates:
    """The list in a YAML file; files are relative to a folder, and are read, too.

    Raises
    ------
    InputError, NotFoundError   entries are invalid, each told with its line, or a file can't be used
    """
    listed = read_configuration(data, label, schema=SCHEMA, rules=_problems)
    found = tuple(_entry(as_object(each), folder) for each in as_list(listed.value["certificates"]))
    for each in found:
        if each.file:
            Certificate.read(read_file(each.file), str(each.file))
    return Certificates(found)


def _problems(value: JsonObject) -> Iterator[DocumentProblem]:
    for number, entry in enumerate(as_list(value.get("certificates"))):
        url = as_object(entry).get("url")
        if isinstance(url, str) and not _is_safe(url):
            message = "must be an address `https://HOST/PATH` without a password: who changes it on its way reads all"
            yield DocumentProblem(("certificates", number, "url"), message)


def _is_safe(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.netloc
    except ValueError:
        return False
    is_private = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    return is_private and bool(parts.hostname) and not credentials_in(url) and url.isascii() and url.isprintable()


def _entry(entry: JsonObject, folder: Path) -> ListedCertificate:
    file = as_text(entry.get("file"))
    return ListedCertificate(
        folder / file if file else None,
        as_text(entry.get("url")),
        *(_texts(entry, key) for key in ("environments", "clusters", "repositories")),
    )


def _texts(entry: Mapping[str, Json], key: str) -> frozenset[str] | None:
    return frozenset(map(as_text, as_list(entry[key]))) if key in entry else None


def _fetch(url: str) -> bytes:
    """What is at an address; no redirect is followed, and neither a large nor a slow answer is waited for.

    Raises
    ------
    InputError       it is something else, redirects, or is too large
    TemporaryError   the host can't be reached, or takes too long
    """
    import urllib3

    from scenedock.effects.network.connections import Connections, why

    until = time.monotonic() + _SECONDS
    pool = Connections(retries=False, timeout=urllib3.Timeout(connect=3.0, read=5.0))
    try:
        answer = pool.request("GET", url, redirect=False, preload_content=False, decode_content=False)
        try:
            data = b""
            while part := answer.read1(1 << 14):
                data += part
                if len(data) > _MOST_BYTES:
                    raise InputError(f"{url}: it has more than {_MOST_BYTES >> 10} KiB, which no certificate has")
                if time.monotonic() > until:
                    raise TemporaryError(f"{url}: it takes too long", retry_after=_RETRY_AFTER)
        finally:
            answer.close()
    except urllib3.exceptions.HTTPError as error:
        raise TemporaryError(f"{url}: can't be reached ({why(error)})", retry_after=_RETRY_AFTER) from error
    if location := answer.headers.get("location"):
        host = urlsplit(urljoin(url, location)).netloc
        raise InputError(f"{url}: it redirects to {host}, which isn't followed; list the address where it is")
    if answer.status >= 500:
        raise TemporaryError(f"{url}: it answers with status {answer.status}", retry_after=_RETRY_AFTER)
    if answer.status != 200:
        raise InputError(f"{url}: it answers with status {answer.status}; check the address")
    return data
