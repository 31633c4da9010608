"""The hosts, buckets and networks that the user allows connections to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from cv.errors import InputError, SceneError
from cv.remote.remote_address import BUCKET_NAME, HTTPS_PORT, RemoteAddress, host_of

_ENTRY = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^][:/]+)):(\d{1,5})|([^][:/]+)")
"""[ADDRESS]:PORT, HOST:PORT or HOST."""
_PUBLIC_IPV6 = ip_network("2000::/3")
"""Contains all public IPv6 addresses."""
_TRANSLATED = tuple(map(ip_network, ("2001::/23", "2002::/16", "3fff::/20", "192.88.99.0/24")))
"""Networks that embed other addresses (Teredo, 6to4) or that are reserved."""


@dataclass(frozen=True)
class AllowList:
    """Permits connections to its entries and to nothing else."""

    hosts: frozenset[tuple[str, int]] = frozenset()
    """Pairs of host in lower case and port."""
    buckets: frozenset[str] = frozenset()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """Networks with addresses that are not public and are allowed all the same."""

    @classmethod
    def of(cls, entries: Iterable[str]) -> AllowList:
        """Build the list from entries HOST, HOST:PORT, s3://BUCKET, ADDRESS or NETWORK (CIDR).

        A host does not include its subdomains; its port is 443 unless one is given. An IP address,
        with or without a port, allows both the host and the network of that one address; with a
        port, an IPv6 address is written [ADDRESS]:PORT. Raises InputError.
        """
        hosts, buckets, networks = set(), set(), []
        for entry in (text.strip().lower() for text in entries):
            network = _network(entry)
            if network is not None:
                networks.append(network)
                if network.num_addresses == 1:
                    hosts.add((str(network.network_address), HTTPS_PORT))
            elif entry.startswith("s3://") and BUCKET_NAME.fullmatch(entry[5:].rstrip("/")):
                buckets.add(entry[5:].rstrip("/"))
            else:
                host, port = _host_and_port(entry)
                hosts.add((host, port))
                networks += filter(None, [_network(host)])
        return cls(frozenset(hosts), frozenset(buckets), tuple(networks))

    def check(self, address: RemoteAddress) -> None:
        """Raise SceneError unless the host or bucket of `address` is allowed."""
        if address.scheme == "s3":
            entry, allowed = f"s3://{address.host}", address.host in self.buckets
        else:
            entry = address.host if address.port == HTTPS_PORT else address.home
            allowed = (address.host, address.port) in self.hosts
        if not allowed:
            limit = "only hosts and buckets named by --allow are contacted"
            raise _not_allowed(address, f"{entry} is not allowed", limit, entry)

    def check_resolved(self, address: RemoteAddress, resolved: str) -> None:
        """Raise SceneError if `resolved`, an IP address of the host, is private and not allowed."""
        ip: IPv4Address | IPv6Address = ip_address(resolved.partition("%")[0])
        if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        public = ip.is_global and not ip.is_multicast
        public &= ip.version == 4 or ip in _PUBLIC_IPV6
        public &= not any(ip in network for network in _TRANSLATED)
        if not public and not any(ip in network for network in self.networks):
            found = f"{address.host} is {ip}, an address that is not public"
            raise _not_allowed(address, found, "a host name may only lead to public addresses", ip)


def _network(entry: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(entry)
    except ValueError:
        return None


def _host_and_port(entry: str) -> tuple[str, int]:
    parts = _ENTRY.fullmatch(entry)
    host = host_of(parts[1] or parts[2] or parts[4]) if parts else ""
    port = int(parts[3] or HTTPS_PORT) if parts else 0
    if host and 0 < port < 2**16:
        return host, port
    limit = "HOST, HOST:PORT, s3://BUCKET or a network such as 10.1.0.0/16 is needed"
    remedy = "Correct it: name each host or bucket exactly, without a path or wildcard."
    raise InputError("--allow", entry[:200], limit, remedy)


def _not_allowed(address: RemoteAddress, found: str, limit: str, entry: object) -> SceneError:
    return SceneError(str(address), found, limit, f"If this is intended: --allow {entry}.")
