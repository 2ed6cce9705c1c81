"""How people sign in to the pages."""

from __future__ import annotations

from scenedock.runtime.callers.openid import OpenId
from scenedock.runtime.callers.sessions import Sessions
from scenedock.runtime.callers.trusted_proxy import TrustedProxy
from scenedock.structs import dataclass


@dataclass(frozen=True, slots=True)
class SignIn:
    """The ways in: an OpenID provider, a trusted proxy, and the tokens of `sessions`; each may be missing."""

    sessions: Sessions
    openid: OpenId | None = None
    proxy: TrustedProxy | None = None

    @property
    def knows_people(self) -> bool:
        """Whether people have names here; then nobody reads the pages without one."""
        return self.openid is not None or self.proxy is not None

    @property
    def can_be_chosen(self) -> bool:
        """Whether somebody can sign in on the page for it: through a proxy, people have signed in before they come."""
        return self.openid is not None or bool(self.sessions.tokens.tokens)
