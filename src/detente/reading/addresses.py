"""What may be fetched: the text of an address -> its checked parts; a network address -> whether it is public. Pure; nothing is looked up."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import quote, urlsplit

WEB_PORTS = frozenset([80, 443, 8000, 8008, 8080, 8443])
"""Ports where the public web is served; on others a forged link could speak to mail servers, databases and the like."""
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24"),
        *("192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)
"""Special-purpose networks of the IANA registries (RFC 6890 and its updates to 2025): Python's own ``is_global`` passes several of them, by version."""
_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""How a network without IPv4 writes an IPv4 address (RFC 6052): judged by the address within."""
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_KEPT = "%/:=&?~#+!$,;'@()*[]|"

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(Exception):
    """An address that is not fetched; ``reason`` is a fixed code that can be counted."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class Address(NamedTuple):
    """A checked web address. ``host`` is in ASCII, without brackets; ``target`` is path and query as they are sent."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """Host, and port if it is not that of the scheme."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"http": 80, "https": 443}[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The address as one text."""
        return f"{self.scheme}://{self.authority}{self.target}"


def looks_like_url(text: str) -> bool:
    """A text -> whether it begins as a URL does; which ones are fetched is decided by ``parse_url``."""
    return _SCHEME.match(text.lstrip()) is not None


def parse_url(text: str, *, any_port: bool = False) -> Address:
    """The text of a URL -> its parts. Raises ``Refused`` for schemes other than http and https, for user names, unusual ports and malformed hosts."""
    given = text.strip()
    if _UNSAFE.search(given):
        raise Refused("bad-url", "found a space, a control character or a backslash in the address; expected them as %20 and the like")
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError as error:
        raise Refused("bad-url", f"found no valid address ({error}); expected http://HOST/PATH or https://HOST/PATH") from None
    scheme = parts.scheme.lower()
    if scheme not in ("http", "https"):
        raise Refused("bad-scheme", f"found the scheme {scheme or 'none'!r}; expected http or https")
    if "@" in parts.netloc:
        raise Refused("bad-url", "found a user name or password in the address; expected one without")
    host = _check_host(parts.hostname or "")
    port = port if port is not None else (443 if scheme == "https" else 80)
    if port not in WEB_PORTS and not any_port:
        raise Refused("bad-port", f"found port {port}; expected one of the web ({', '.join(map(str, sorted(WEB_PORTS)))})")
    target = quote(parts.path or "/", safe=_KEPT) + (f"?{quote(parts.query, safe=_KEPT)}" if parts.query else "")
    return Address(scheme, host, port, target)


def _check_host(host: str) -> str:
    """A host as written -> in ASCII and lower case; an IPv4 address must be written as four plain decimal numbers."""
    if ":" in host:
        try:
            return str(ipaddress.IPv6Address(host.replace("%", " ")))  # a zone (%eth0) names an interface of this machine
        except ValueError:
            raise Refused("bad-url", f"found the host [{host}]; expected an IPv6 address") from None
    try:
        plain = host.encode("idna").decode("ascii").lower().removesuffix(".") if not host.isascii() else host.lower().removesuffix(".")
    except UnicodeError:
        plain = ""
    labels = plain.split(".")
    if not plain or len(plain) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise Refused("bad-url", f"found the host {host!r}; expected a name such as example.org")
    if _NUMERIC.fullmatch(labels[-1]):
        try:  # 0177.0.0.1, 0x7f.1 and 2130706433 are all 127.0.0.1 to some resolvers, and nobody writes a host so in good faith
            ipaddress.IPv4Address(plain)
        except ValueError:
            raise Refused("bad-url", f"found the host {host!r}; expected a name, or an address of four decimal numbers") from None
    return plain


def is_public(address: Ip | str) -> bool:
    """A network address -> whether it is one of the public internet.

    Not so are loopback, private, link-local, shared (carrier-grade NAT), documentation, benchmarking, multicast, reserved and unspecified
    addresses, and all IPv6 addresses outside of 2000::/3; IPv4 addresses within IPv6 ones (mapped, NAT64) count as themselves, those of 6to4 and Teredo
    are refused.
    """
    ip = ipaddress.ip_address(address) if isinstance(address, str) else address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(ip.ipv4_mapped)
        if ip in _NAT64:
            return is_public(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
        if ip not in _GLOBAL_IPV6:
            return False
    return not ip.is_multicast and not ip.is_private and not any(ip.version == network.version and ip in network for network in _NOT_PUBLIC)
