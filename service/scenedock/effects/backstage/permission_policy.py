"""Backstage's permission policy, asked about actions on behalf of a user."""

from __future__ import annotations

import hashlib
import uuid
from http import HTTPStatus
from typing import Final

from scenedock.effects.backstage.client import SECONDS_FOR_TASKS, BackstageClient
from scenedock.effects.backstage.plugin_tokens import PluginTokens
from scenedock.effects.backstage.remembered import Remembered
from scenedock.errors import TemporaryError
from scenedock.model.json import JsonObject, as_list, as_object
from scenedock.structs import dataclass, field

_PLUGIN: Final = "permission"
_PERMISSION: Final[JsonObject] = {
    "type": "resource",
    "name": "scaffolder.action.execute",
    "attributes": {},
    "resourceType": "scaffolder-action",
}
"""The permission that the scaffolder asks for before each step of a Template."""
_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class PermissionPolicy:
    """Asks for the decision about `scaffolder.action.execute`, and remembers it for some seconds, for lists."""

    client: BackstageClient
    tokens: PluginTokens
    known: Remembered[bytes, JsonObject] = field(default_factory=lambda: Remembered(_SECONDS))

    def decision(self, user_token: str, *, fresh: bool) -> JsonObject:
        """The decision about the user whose token this is: `{result}`, with `conditions` if it depends on the action.

        Unless it must be `fresh`, it may be some seconds old.

        Raises
        ------
        TemporaryError   the policy can't be asked, or doesn't answer
        """
        digest = hashlib.sha256(user_token.encode()).digest()
        if not fresh and (known := self.known.get(digest)) is not None:
            return known
        decision = self._ask(user_token)
        self.known.put(digest, decision)
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
