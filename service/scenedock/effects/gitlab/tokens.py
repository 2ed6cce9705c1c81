"""When a token of GitLab ends."""

from __future__ import annotations

from datetime import date

from scenedock.effects.gitlab.client import GitLabClient
from scenedock.model.json import as_object, as_text


def token_end(client: GitLabClient) -> date | None:
    """The day on which the client's token is no longer valid; None if it has no end, or GitLab doesn't tell.

    Tokens of people, groups and projects are all asked for in this way.

    Raises
    ------
    NotAllowedError   GitLab doesn't accept the token
    TemporaryError    GitLab can't be reached
    """
    answer = client.call("GET", "/personal_access_tokens/self", expected=(403, 404))
    try:
        return date.fromisoformat(as_text(as_object(answer.body).get("expires_at")))
    except ValueError:
        return None
