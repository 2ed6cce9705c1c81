"""How GitHub signs what its webhooks tell."""

from __future__ import annotations

import hashlib
import hmac
import uuid

from tests.fakes.shared.messages import Event


def delivery_headers(event: Event, secret: str, body: bytes) -> dict[str, str]:
    """The headers of one delivery."""
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {
        "User-Agent": "GitHub-Hookshot/044aadd",
        "X-GitHub-Event": event.name,
        "X-GitHub-Delivery": str(uuid.uuid4()),
        "X-GitHub-Hook-ID": "1",
        "X-Hub-Signature-256": f"sha256={signature}",
    }
