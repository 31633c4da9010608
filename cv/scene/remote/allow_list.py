"""What a run may connect to: hosts, buckets and networks that its user named."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from cv.errors import InputError, SceneError
from cv.scene.remote.address import HTTPS_PORT, RemoteAddress, host_of, is_bucket_name

_ENTRY = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^][:/]+)):(\d{1,5})|([^][/:]+)")
"""[ADDRESS]:PORT, HOST:PORT or HOST."""
_MOST_PORT = 65535
_UNICAST = ip_network("2000::/3")
"""All of IPv6 that is public lies in it."""
_UNFIT = tuple(map(ip_network, ("2001::/23", "2002::/16", "3fff::/20", "192.88.99.0/24")))
"""In which addresses stand for others (6to4, Teredo), or for nothing."""


@dataclass(frozen=True)
class AllowList:
    """Nothing else is connected to."""

    hosts: frozenset[tuple[str, int]] = frozenset()
    """Host, lower case, and port."""
    buckets: frozenset[str] = frozenset()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """That are not public, and may be connected to nevertheless."""

    @classmethod
    def of(cls, entries: Iterable[str]) -> AllowList:
        """From entries HOST, HOST:PORT, s3://BUCKET, ADDRESS or NETWORK (10.1.0.0/16).

        A host is meant as it is, without its subdomains, and with port 443 where none is given. An
        address (with a port or without) is a host and a network of one; an IPv6 one with a port is
        written [ADDRESS]:PORT.
        Raises InputError.
        """
        hosts, buckets, networks = set(), set(), []
        for entry in (text.strip().lower() for text in entries):
            network = _network(entry)
            if network is not None:
                networks.append(network)
                if network.num_addresses == 1:
                    hosts.add((str(network.network_address), HTTPS_PORT))
            elif entry.startswith("s3://") and is_bucket_name(entry[5:].rstrip("/")):
                buckets.add(entry[5:].rstrip("/"))
            else:
                host, port = _host(entry)
                hosts.add((host, port))
                meant = _network(host)
                networks += [meant] if meant else []
        return cls(frozenset(hosts), frozenset(buckets), tuple(networks))

    def check(self, address: RemoteAddress) -> None:
        """Raises SceneError where `address` may not be connected to."""
        if address.scheme == "s3":
            if address.host not in self.buckets:
                raise _forbidden(address, f"s3://{address.host}")
        elif (address.host, address.port) not in self.hosts:
            raise _forbidden(address, _entry(address))

    def check_resolved(self, address: RemoteAddress, found: str) -> None:
        """Raises SceneError where `found`, what the name of the host stands for, is private."""
        number: IPv4Address | IPv6Address = ip_address(found.partition("%")[0])
        if isinstance(number, IPv6Address) and number.ipv4_mapped:
            number = number.ipv4_mapped
        public = number.is_global and not number.is_multicast
        public &= number.version == 4 or number in _UNICAST
        public &= not any(number in network for network in _UNFIT)
        if public or any(number in network for network in self.networks):
            return
        raise SceneError(
            str(address),
            f"{address.host} is {number}, an address that is not public",
            "a name may lead to public addresses only",
            f"If that is meant: --allow {number}.",
        )


def _network(entry: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(entry)
    except ValueError:
        return None


def _host(entry: str) -> tuple[str, int]:
    """Host and port of an entry; raises InputError."""
    parts = _ENTRY.fullmatch(entry)
    host = host_of(parts[1] or parts[2] or parts[4]) if parts else ""
    port = int(parts[3] or HTTPS_PORT) if parts else 0
    if host and 0 < port <= _MOST_PORT:
        return host, port
    raise InputError(
        "--allow",
        entry[:200],
        "HOST, HOST:PORT, s3://BUCKET or a network such as 10.1.0.0/16 is needed",
        "Correct it: hosts and buckets are allowed as a whole, and each by its name.",
    )


def _entry(address: RemoteAddress) -> str:
    """What allows the host of `address`."""
    return address.host if address.port == HTTPS_PORT else address.home


def _forbidden(address: RemoteAddress, entry: str) -> SceneError:
    return SceneError(
        str(address),
        f"{entry} is not allowed",
        "only hosts and buckets that were named are connected to",
        f"If that is meant: --allow {entry}.",
    )
