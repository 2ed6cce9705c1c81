"""Connections of urllib3 that go through the proxy that the environment names for an address, as all others do.

Source: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, with the meaning that requests gives them; git's is the
same but for networks in NO_PROXY (`10.0.0.0/8`), which its curl knows since version 7.86.
"""

from __future__ import annotations

import os
from typing import Any, Final

import urllib3

_PROXIES: Final = ("https_proxy", "http_proxy", "all_proxy")


class Connections(urllib3.PoolManager):
    """A pool of connections, each direct or through a proxy."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._options = options
        self._through: dict[str, urllib3.ProxyManager] = {}

    def urlopen(  # type: ignore[override] # urllib3 passes all options by name
        self,
        method: str,
        url: str,
        redirect: bool = True,  # noqa: FBT001, FBT002 - urllib3's
        **options: Any,
    ) -> urllib3.BaseHTTPResponse:
        """Send a request."""
        proxy = proxy_for(url)
        if not proxy:
            return super().urlopen(method, url, redirect, **options)
        return self._manager(proxy).urlopen(method, url, redirect, **options)

    def _manager(self, proxy: str) -> urllib3.ProxyManager:
        if proxy not in self._through:
            from requests import utils

            user, password = utils.get_auth_from_url(proxy)
            login = urllib3.make_headers(proxy_basic_auth=f"{user}:{password}") if user else None
            manager = urllib3.ProxyManager(proxy, proxy_headers=login, **self._options)
            manager.pool_classes_by_scheme = self.pool_classes_by_scheme
            self._through[proxy] = manager
        return self._through[proxy]


def proxy_for(url: str) -> str:
    """The address of the proxy through which a URL is reached; empty if directly."""
    if not any(os.environ.get(name) or os.environ.get(name.upper()) for name in _PROXIES):
        return ""
    from requests import utils

    proxy = utils.select_proxy(url, utils.get_environ_proxies(url))
    return utils.prepend_scheme_if_needed(proxy, "http") if proxy else ""


def why(error: Exception) -> str:
    """Why there was no answer, in a few words: the name of the error, or what is wrong with a certificate."""
    reason = getattr(error, "reason", None) or error
    said = str(reason)
    if "certificate verify failed" in said:
        about = said.partition("certificate verify failed: ")[2].partition(" (_ssl")[0]
        unknown = "issuer" in about or "self-signed" in about
        return f"its certificate isn't trusted: {about}{UNKNOWN_ISSUER if unknown else ''}"
    return type(reason).__name__


UNKNOWN_ISSUER: Final = (
    "; if your company's authority has issued it, SCENEDOCK_CA_FILE must name that one's certificate"
)
