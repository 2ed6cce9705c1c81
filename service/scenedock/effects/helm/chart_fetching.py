"""Fetch charts from chart repositories and registries: over https only, within limits of time and size.

Source: Helm, "The Chart Repository Guide", "Use OCI-based registries"; OCI, "Distribution Specification".
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlencode, urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from scenedock.documents.reading import read_document
from scenedock.effects.helm.ending_connections import EndingPool
from scenedock.effects.helm.remote_charts import RemoteChart
from scenedock.effects.network.connections import why
from scenedock.errors import InputError, NotAllowedError, NotFoundError, TemporaryError
from scenedock.model.addresses import without_credentials
from scenedock.model.json import JsonObject, as_list, as_object, as_text
from scenedock.structs import dataclass, field

Login = Callable[[str], tuple[str, str] | None]
"""From an address to the user and the token with which it may be asked; None where there is none for its host."""

_MOST_INDEX: Final = 64 << 20
_MOST_CHART: Final = 16 << 20
_MOST_REDIRECTS: Final = 5
_LAYER: Final = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
_CHALLENGE: Final = re.compile(r'(\w+)="([^"]*)"')
_OK, _UNAUTHORIZED, _NOT_FOUND = 200, 401, 404


def nobody(_address: str) -> None:
    """No credentials for any address."""


@dataclass(slots=True)
class ChartFetcher:
    """Fetches charts, for at most `seconds` in all; `login` gives the credentials for an address."""

    login: Login = nobody
    seconds: float = 60.0
    _pool: EndingPool = field(default_factory=EndingPool)
    _spent: float = 0.0
    _until: float = 0.0
    _indexes: dict[str, JsonObject] = field(default_factory=dict)

    def fetch(self, chart: RemoteChart) -> bytes:
        """The archive of a chart.

        Raises
        ------
        InputError        its address isn't https or oci, or what comes is too large, or not what was asked for
        NotFoundError     the repository has no such chart, or not this version
        NotAllowedError   the repository wants credentials that the list of code hosts doesn't have
        TemporaryError    it can't be reached, or that takes too long
        """
        begun = time.monotonic()
        self._until = begun + self.seconds - self._spent
        try:
            if chart.repository.startswith("oci://"):
                return self._from_registry(chart)
            return self._from_repository(chart)
        finally:
            self._spent += time.monotonic() - begun

    def _from_repository(self, chart: RemoteChart) -> bytes:
        base = f"{chart.repository.rstrip('/')}/"
        if base not in self._indexes:
            data = self._get(urljoin(base, "index.yaml"), _MOST_INDEX)
            self._indexes[base] = as_object(read_document(data, max_bytes=_MOST_INDEX).value)
        entries = map(as_object, as_list(as_object(self._indexes[base].get("entries")).get(chart.name)))
        wanted = chart.version.removeprefix("v")
        entry = next((each for each in entries if as_text(each.get("version")).removeprefix("v") == wanted), None)
        urls = as_list(entry.get("urls")) if entry else ()
        if entry is None or not urls:
            raise NotFoundError("the repository's index has no such chart, or not this version")
        data = self._get(urljoin(base, as_text(urls[0])), _MOST_CHART)
        digest = as_text(entry.get("digest")).removeprefix("sha256:")
        if digest and hashlib.sha256(data).hexdigest() != digest:
            raise InputError("the archive isn't the one that the repository's index describes")
        return data

    def _from_registry(self, chart: RemoteChart) -> bytes:
        host, _, path = chart.repository.removeprefix("oci://").partition("/")
        name = "/".join(filter(None, (path.strip("/"), chart.name)))
        base = f"https://{host}/v2/{name}/"
        tag = chart.version.replace("+", "_")
        headers = {"Accept": _MANIFEST}
        data = self._get(f"{base}manifests/{tag}", 1 << 20, headers, name)
        try:
            manifest = as_object(json.loads(data))
        except ValueError:
            raise InputError("the registry's manifest isn't JSON") from None
        layers = map(as_object, as_list(manifest.get("layers")))
        digest = next((as_text(each.get("digest")) for each in layers if each.get("mediaType") == _LAYER), "")
        if not digest.startswith("sha256:"):
            raise InputError("the registry has no Helm chart of this name")
        blob = self._get(f"{base}blobs/{digest}", _MOST_CHART, headers, name)
        if f"sha256:{hashlib.sha256(blob).hexdigest()}" != digest:
            raise InputError("the archive isn't the one that the registry's manifest describes")
        return blob

    def _get(self, address: str, most: int, headers: Mapping[str, str] | None = None, name: str = "") -> bytes:
        """What is at an address, also if it redirects; the token for `name` is asked for where a registry wants one.

        Credentials go only to the host that they are for, or to where this host says that it gives out tokens.
        """
        first = urlsplit(address).netloc
        sent = {**(headers or {}), **self._basic(address)}
        asked_for_token = False
        for _ in range(_MOST_REDIRECTS + 1):
            status, data, answered = self._answer(address, most, sent)
            if status == _OK:
                return data
            if location := answered.get("location"):
                address = urljoin(address, location)
                sent = {**(headers or {}), **self._basic(address)}
            elif _wants_token(status, answered) and name and urlsplit(address).netloc == first:
                if asked_for_token:
                    break
                asked_for_token = True
                token = self._token(address, answered["www-authenticate"], name)
                sent = {**(headers or {}), "Authorization": f"Bearer {token}"}
            else:
                raise _refusal(status, address)
        raise _refusal(_UNAUTHORIZED if asked_for_token else 0, address)

    def _token(self, registry: str, challenge: str, name: str) -> str:
        """A token to read `name`, for a registry's own credentials and no others: it may name any realm."""
        said = dict(_CHALLENGE.findall(challenge))
        service = {"service": said["service"]} if "service" in said else {}
        realm = f"{said.get('realm', '')}?{urlencode({**service, 'scope': f'repository:{name}:pull'})}"
        status, data, _ = self._answer(realm, 1 << 20, self._basic(registry))
        if status != _OK:
            raise _refusal(status, realm)
        try:
            answer = as_object(json.loads(data))
        except ValueError:
            answer = {}
        return as_text(answer.get("token")) or as_text(answer.get("access_token"))

    def _answer(self, address: str, most: int, headers: Mapping[str, str]) -> tuple[int, bytes, Mapping[str, str]]:
        shown = without_credentials(address)
        if urlsplit(address).scheme != "https":
            raise InputError(f"{shown}: charts are only fetched over https")
        left = self._until - time.monotonic()
        if left <= 0:
            raise TemporaryError(f"charts were fetched for {self.seconds:g} s, which is the limit", retry_after=1)
        try:
            with self._pool.ending_after(left):
                received = self._received(address, most, headers, left)
        except HTTPError as error:
            reason = "it takes too long" if self._is_late() else f"can't be reached: {why(error)}"
            raise TemporaryError(f"{shown}: {reason}", retry_after=1) from error
        if self._is_late():  # what was ended may look as if it were whole
            raise TemporaryError(f"{shown}: it takes too long", retry_after=1)
        return received

    def _is_late(self) -> bool:
        return time.monotonic() > self._until

    def _received(
        self, address: str, most: int, headers: Mapping[str, str], left: float
    ) -> tuple[int, bytes, Mapping[str, str]]:
        shown = without_credentials(address)
        answer = self._pool.manager.request(
            "GET",
            address,
            headers=dict(headers),
            redirect=False,
            preload_content=False,
            timeout=urllib3.Timeout(connect=min(5.0, left), read=min(15.0, left)),
        )
        try:
            parts: list[bytes] = []
            size = 0
            while part := answer.read1(1 << 16):  # what has come, so that the size is known early
                parts.append(part)
                size += len(part)
                if size > most:
                    raise InputError(f"{shown}: it has more than {most >> 20} MiB")
                if self._is_late():
                    raise TemporaryError(f"{shown}: it takes too long", retry_after=1)
            answered = {key.lower(): value for key, value in answer.headers.items()}
            return answer.status, b"".join(parts), answered
        finally:
            answer.close()

    def _basic(self, address: str) -> dict[str, str]:
        login = self.login(address)
        if login is None:
            return {}
        return {"Authorization": f"Basic {base64.b64encode(':'.join(login).encode()).decode()}"}


def _wants_token(status: int, headers: Mapping[str, str]) -> bool:
    return status == _UNAUTHORIZED and "bearer " in headers.get("www-authenticate", "").lower()


def _refusal(status: int, address: str) -> NotFoundError | NotAllowedError | TemporaryError:
    shown = without_credentials(address)
    if status == _NOT_FOUND:
        return NotFoundError(f"{shown}: there is nothing (status 404)")
    if status in {_UNAUTHORIZED, 403}:
        said = "it wants credentials; the list of code hosts (SCENEDOCK_CODE_HOSTS) has none for it that suffice"
        return NotAllowedError(f"{shown}: {said}")
    return TemporaryError(f"{shown}: it answers with status {status}", retry_after=1)
