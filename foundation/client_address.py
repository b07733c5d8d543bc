"""From which network a request comes: the peer's address, or the one that a trusted proxy names.

`X-Forwarded-For` is read only where the peer itself is a proxy that the settings name, and from the right only as far
as the addresses in it are such proxies too: everything to the left of that was written by the caller.
"""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from flask import request

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
_PRIVATE = "127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16 ::1/128 fc00::/7 fe80::/10"
_NEAR = tuple(ip_network(text) for text in _PRIVATE.split())
"""This machine and private networks. Source: RFC 1918, RFC 3927, RFC 4193, RFC 4291."""


@dataclass(frozen=True)
class ProxyRule:
    """Which proxies are trusted: those in `given` networks, or `hops` of them, each in a private network."""

    given: tuple[Network, ...] = ()
    hops: int = 0

    @property
    def networks(self) -> tuple[Network, ...]:
        """The networks that a proxy may be in."""
        return _NEAR if self.hops else self.given

    def client(self, peer: str, forwarded: str) -> str:
        """The address of who asks; `forwarded` is the header X-Forwarded-For, `peer` who opened the connection."""
        named = [text.strip() for text in forwarded.split(",") if text.strip()]
        address, hops = peer, 0
        while named and self._is_proxy(address) and (not self.hops or hops < self.hops):
            if _read(named[-1]) is None:
                break
            address, hops = named.pop(), hops + 1
        return address

    def trusts(self, peer: str) -> bool:
        """Whether what the peer says of the connection before it is believed."""
        return self._is_proxy(peer)

    def _is_proxy(self, text: str) -> bool:
        address = _read(text)
        return address is not None and any(address in network for network in self.networks)


NO_PROXIES = ProxyRule()


class TrustedProxies:
    """WSGI middleware that puts the caller's address and scheme in place of those of trusted proxies."""

    def __init__(self, application: Callable[..., Any], rule: ProxyRule) -> None:
        self._application = application
        self._rule = rule

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer a request as if the caller had connected itself."""
        peer = environ.get("REMOTE_ADDR", "")
        if self._rule.trusts(peer):
            environ["REMOTE_ADDR"] = self._rule.client(peer, environ.get("HTTP_X_FORWARDED_FOR", ""))
            scheme = environ.get("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip()
            if scheme in ("http", "https"):
                environ["wsgi.url_scheme"] = scheme
        return self._application(environ, start_response)


def network_of(text: str) -> str:
    """The network of an address: the first 24 bits of IPv4, the first 56 of IPv6, which one subscriber may have.

    Source of 56: RFC 6177. An address in no form of either is a network of its own.
    """
    address = _read(text)
    if address is None:
        return text
    bits = 24 if address.version == 4 else 56
    return str(ip_network(f"{address}/{bits}", strict=False))


def client_network() -> str:
    """The network that the present request comes from."""
    return network_of(request.remote_addr or "")


def read_networks(text: str) -> tuple[Network, ...]:
    """Networks separated by commas; raises ValueError."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def _read(text: str) -> Address | None:
    """An address, without the port that some proxies add; IPv4 within IPv6 as IPv4."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
