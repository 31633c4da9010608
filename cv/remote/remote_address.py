"""The address of a remote scene: https://HOST/PATH or s3://BUCKET/KEY."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from cv.errors import SceneError
from cv.io.hashing import sha256

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PATH_PART = re.compile(r"[\w. +@=,()-]{1,200}")
_SUFFIXES = (".tif", ".tiff", ".png", ".jpg", ".jpeg")
_UNQUOTED = "%/?:@!$&'()*+,;=~[]"
"""Characters of a URL that are sent as they are, besides letters and digits."""
HTTPS_PORT = 443


@dataclass(frozen=True)
class RemoteAddress:
    """The address of one remote file."""

    scheme: str
    """`https` or `s3`."""
    host: str
    """Host without port, normalized by `host_of`; the bucket for `s3`."""
    port: int
    """0 for `s3`."""
    path: tuple[str, ...]
    """The parts of the path or key, decoded; the last one is the file's name."""
    target: str
    """What is requested: path and query, percent-encoded; the key for `s3`."""

    @classmethod
    def parse(cls, text: str) -> RemoteAddress:
        """Parse `text`; raise SceneError if it is not the address of an image file."""
        if not text.isprintable():
            raise _invalid(text, "characters in it that cannot be printed")
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError as error:
            raise _invalid(text, str(error)) from error
        if "@" in parts.netloc or "#" in text:
            raise _invalid(text, "a user, a password or a fragment in it")
        if parts.scheme == "https":
            host = host_of(parts.hostname or "")
            if not host or port == 0:
                raise _invalid(text, "no valid host in it")
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            path = _path(text, map(unquote, parts.path.split("/")[1:]))
            return cls("https", host, port or HTTPS_PORT, path, quote(target, _UNQUOTED))
        bucket = parts.netloc.lower()
        if parts.scheme != "s3" or not BUCKET_NAME.fullmatch(bucket) or parts.query:
            raise _invalid(text, "neither https://HOST/PATH nor s3://BUCKET/KEY")
        path = _path(text, parts.path.split("/")[1:])  # keys are not percent-encoded
        return cls("s3", bucket, 0, path, "/".join(path))

    def __str__(self) -> str:
        """Return the address without its query, which may hold a secret."""
        return f"{self.scheme}://{self.home}/{'/'.join(self.path)}"

    @property
    def home(self) -> str:
        """Host as written in a URL, with the port unless it is the default; or the bucket."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port in (0, HTTPS_PORT) else f"{host}:{self.port}"

    def within(self, folder: Path) -> Path:
        """Return the path under `folder` for the file; different queries give different paths."""
        port = f"_{self.port}" if self.port not in (0, HTTPS_PORT) else ""
        query = self.target.partition("?")[2]
        subfolder = (f"query~{sha256(query)[:16]}",) if query else ()
        host = f"[{self.host.replace(':', '-')}]" if ":" in self.host else self.host
        home = f"{self.scheme}_{host}{port}"
        return folder.joinpath(home, *self.path[:-1], *subfolder, self.path[-1])


def host_of(text: str) -> str:
    """Return the host in `text` in lower case, IPv6 addresses in short form; "" if invalid."""
    try:
        return "" if "%" in text else str(ip_address(text))
    except ValueError:
        return text.lower() if _HOST_NAME.fullmatch(text.lower()) else ""


def is_remote(text: object) -> bool:
    """Return whether `text` is an https:// or s3:// address."""
    return isinstance(text, str) and text.lower().startswith(("https://", "s3://"))


def without_secrets(text: str) -> str:
    """Return `text` without user, password and query, so that it can be printed."""
    return re.sub(r"(://)[^/@]*@", r"\1***@", text.partition("?")[0])[:200]


def _path(text: str, parts: Iterable[str]) -> tuple[str, ...]:
    """Return `parts`; raise SceneError unless they can be folders and an image file."""
    path = tuple(parts)
    for part in path:
        if not _PATH_PART.fullmatch(part) or part.startswith(".") or part.endswith(" "):
            found = f"the part {part[:40]!r} in its path"
            raise _invalid(text, f"{found}; only letters, digits and . _ - + @ = , ( ) are allowed")
    if not path or not path[-1].lower().endswith(_SUFFIXES):
        raise _invalid(text, f"not a file name that ends in {', '.join(_SUFFIXES)}")
    return path


def _invalid(text: str, found: str) -> SceneError:
    limit = "https://HOST/PATH or s3://BUCKET/KEY of one image file is needed"
    remedy = "Correct the address, or download the scene and give the path of its file."
    return SceneError(without_secrets(text), found, limit, remedy)
