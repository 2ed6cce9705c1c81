"""One request to find out how an address is reached: what answers, when by its clock, or why nothing does."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

import urllib3

from scenedock.effects.network.connections import UNKNOWN_ISSUER, Connections, why
from scenedock.model.json import Json
from scenedock.structs import dataclass, field

_MOST_BYTES: Final = 4 << 20
_TIMEOUT: Final = urllib3.Timeout(connect=5.0, read=10.0)


@dataclass(frozen=True, slots=True)
class Probe:
    """What came of a request to `url`: a `status` with headers (in lower case) and data, or a `failure` without any.

    `ahead` is by how many seconds our clock is before the one that sent the answer, if it tells its time.
    """

    url: str
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    data: bytes = b""
    failure: str = ""
    ahead: float | None = None

    @property
    def knows_no_issuer(self) -> bool:
        """Whether it failed because an authority that we don't know has issued the certificate."""
        return UNKNOWN_ISSUER in self.failure

    @property
    def document(self) -> Json:
        """The answer's JSON; None if it is something else."""
        try:
            read: Json = json.loads(self.data)
        except ValueError:
            return None
        return read


def probe(url: str, headers: Mapping[str, str] | None = None) -> Probe:
    """Send one GET, follow no redirect, and wait for seconds."""
    asked = time.time()
    try:
        with Connections(retries=False, timeout=_TIMEOUT) as connections:
            answer = connections.request("GET", url, headers=dict(headers or {}), redirect=False, preload_content=False)
            received = time.time()
            try:
                data = answer.read(_MOST_BYTES, decode_content=True)
            finally:
                answer.close()
    except urllib3.exceptions.HTTPError as error:
        return Probe(url, failure=why(error))
    named = {name.lower(): value for name, value in answer.headers.items()}
    return Probe(url, answer.status, named, data, ahead=_ahead(named.get("date", ""), asked, received))


def _ahead(date: str, asked: float, received: float) -> float | None:
    """By how much we are ahead; a header has whole seconds, and was written between question and answer."""
    try:
        there = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None
    if there < asked - 1:
        return asked - 1 - there
    return received - there if there > received else 0.0
