"""Backstage's permission policy, asked about actions on behalf of a user."""

from __future__ import annotations

import hashlib
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from scenedock.effects.backstage.client import SECONDS_FOR_TASKS, BackstageClient
from scenedock.effects.backstage.plugin_tokens import PluginTokens
from scenedock.errors import TemporaryError
from scenedock.model.json import JsonObject, as_list, as_object

_PLUGIN: Final = "permission"
_PERMISSION: Final[JsonObject] = {
    "type": "resource",
    "name": "scaffolder.action.execute",
    "attributes": {},
    "resourceType": "scaffolder-action",
}
"""The permission that the scaffolder asks for before each step of a Template."""
_MOST_USERS: Final = 1000


@dataclass(slots=True)
class PermissionPolicy:
    """Asks for the decision about `scaffolder.action.execute`, and remembers it for `keep` seconds, for lists."""

    client: BackstageClient
    tokens: PluginTokens
    keep: float = 10.0
    clock: Callable[[], float] = time.monotonic
    _known: OrderedDict[bytes, tuple[JsonObject, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def decision(self, user_token: str, *, fresh: bool) -> JsonObject:
        """The decision about the user whose token this is: `{result}`, with `conditions` if it depends on the action.

        Unless it must be `fresh`, it may be some seconds old.

        Raises
        ------
        TemporaryError   the policy can't be asked, or doesn't answer
        """
        digest = hashlib.sha256(user_token.encode()).digest()
        with self._lock:
            decision, until = self._known.get(digest, ({}, 0.0))
        if not fresh and self.clock() < until:
            return decision
        decision = self._ask(user_token)
        with self._lock:
            self._known[digest] = decision, self.clock() + self.keep
            self._known.move_to_end(digest)
            if len(self._known) > _MOST_USERS:
                self._known.popitem(last=False)
        return decision

    def _ask(self, user_token: str) -> JsonObject:
        client = self.client.with_tokens(lambda plugin: self.tokens.token_of_user(plugin, user_token))
        question: JsonObject = {"id": str(uuid.uuid4()), "permission": _PERMISSION}
        body: JsonObject = {"items": [question]}
        reply = client.ask("POST", "permission/authorize", plugin=_PLUGIN, body=body, seconds=SECONDS_FOR_TASKS)
        if reply.status != HTTPStatus.OK:
            raise TemporaryError(
                f"Backstage's permission policy doesn't answer ({reply.status} from {reply.url}), and "
                "SCENEDOCK_BACKSTAGE_PERMISSIONS says to ask it",
                retry_after=5,
            )
        items = [as_object(item) for item in as_list(as_object(reply.document()).get("items"))]
        return next((item for item in items if item.get("id") == question["id"]), {})
