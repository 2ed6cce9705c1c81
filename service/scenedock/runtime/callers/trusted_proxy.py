"""A proxy in front of the service that signs people in, and names them in a header."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from scenedock.errors import NotAllowedError
from scenedock.model.action import Caller
from scenedock.runtime.callers.people import group_references, user_reference
from scenedock.runtime.callers.sessions import person
from scenedock.structs import dataclass


@dataclass(frozen=True, slots=True)
class TrustedProxy:
    """The networks of the proxy, and the headers in which it names the user and the groups (empty: it doesn't)."""

    networks: Sequence[IPv4Network | IPv6Network]
    user_header: str
    groups_header: str
    domains: Sequence[str]

    @classmethod
    def at(cls, networks: Sequence[str], user_header: str, groups_header: str, domains: Sequence[str]) -> TrustedProxy:
        """The proxy at some addresses or networks."""
        return cls(tuple(map(ip_network, networks)), user_header, groups_header, domains)

    def is_peer(self, address: str) -> bool:
        """Whether a connection from this address is the proxy's."""
        try:
            peer = ip_address(address)
        except ValueError:  # a socket of this machine has none
            return False
        if isinstance(peer, IPv6Address) and peer.ipv4_mapped:
            peer = peer.ipv4_mapped
        return any(peer in network for network in self.networks)

    def caller(self, header: Callable[[str], str]) -> Caller | None:
        """Whom a request of the proxy names; None if nobody. `header` gives its headers by name, empty without one.

        Raises
        ------
        NotAllowedError   they may not use the service, or two are named
        """
        name = header(self.user_header).strip()
        if not name:
            return None
        if "," in name:
            raise NotAllowedError(f"the header {self.user_header} names more than one user; the proxy must replace it")
        groups = header(self.groups_header) if self.groups_header else None
        return person(
            user_reference(name, self.domains, None),
            None if groups is None else group_references(groups.split(",")),
        )
