"""A webhook of ours, signed as Standard Webhooks says: <https://www.standardwebhooks.com>."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Final

import urllib3

from scenedock.effects.network.connections import Connections, why
from scenedock.errors import TemporaryError
from scenedock.model.json import JsonObject
from scenedock.structs import dataclass, field

_SECONDS: Final = 10.0
_PREFIX: Final = "whsec_"


@dataclass(frozen=True, slots=True)
class Webhook:
    """Sends JSON to `url`; receivers check it with the `secret`, the key of the signature.

    A secret with the prefix `whsec_` is base64, as the standard has it.
    """

    url: str
    secret: str = field(repr=False)
    clock: Callable[[], float] = time.time

    @property
    def key(self) -> bytes:
        """The key of signatures."""
        encoded = self.secret.removeprefix(_PREFIX)
        return base64.b64decode(encoded) if encoded != self.secret else encoded.encode()

    def send(self, delivery_id: str, body: JsonObject) -> None:
        """Send a message; the same id means the same message, should it come twice.

        Raises
        ------
        TemporaryError   the receiver can't be reached, or doesn't accept it
        """
        data = json.dumps(body, separators=(",", ":")).encode()
        at = str(int(self.clock()))
        signature = hmac.new(self.key, b".".join((delivery_id.encode(), at.encode(), data)), hashlib.sha256)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": delivery_id,
            "webhook-timestamp": at,
            "webhook-signature": f"v1,{base64.b64encode(signature.digest()).decode()}",
        }
        try:
            with Connections(retries=False, timeout=_SECONDS) as connections:
                answer = connections.request("POST", self.url, body=data, headers=headers, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            raise TemporaryError(f"the webhook of approvals can't be reached ({why(error)})", retry_after=60) from error
        if answer.status >= 300:
            raise TemporaryError(f"the webhook of approvals was answered with {answer.status}", retry_after=60)
