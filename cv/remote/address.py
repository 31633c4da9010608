"""The address of a remote scene: https://HOST/PATH or s3://BUCKET/KEY."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from cv.errors import SceneError

_REMOTE = re.compile(r"(https|s3)://", re.IGNORECASE)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PATH_PART = re.compile(r"[\w. +@=,()-]{1,200}")
_SUFFIXES = (".tif", ".tiff", ".png", ".jpg", ".jpeg")
_UNQUOTED = "%/?:@!$&'()*+,;=~[]"
"""Characters of a URL that are sent as they are, besides letters and digits."""
HTTPS_PORT = 443
_MAX_BYTES, _MAX_PART_BYTES = 2000, 200
"""Of an address and of one part of its path: the parts become the names of files and folders."""


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
        _check_characters(text)
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError as error:
            raise _invalid(text, str(error)) from error
        if parts.username is not None or parts.password is not None:
            raise _invalid(text, "a user or a password in it")
        if parts.fragment or "#" in text:
            raise _invalid(text, "a fragment in it")
        if parts.scheme == "https":
            host = host_of(parts.hostname or "")
            if not host:
                raise _invalid(text, "no valid host in it")
            if port == 0:
                raise _invalid(text, "port 0")
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            path = tuple(unquote(part) for part in parts.path.split("/")[1:])
            _check_path(text, path)
            return cls("https", host, port or HTTPS_PORT, path, quote(target, _UNQUOTED))
        bucket = parts.netloc.lower()
        if parts.scheme != "s3" or not is_bucket_name(bucket) or parts.query:
            raise _invalid(text, "neither https://HOST/PATH nor s3://BUCKET/KEY")
        path = tuple(parts.path.split("/")[1:])  # keys are not percent-encoded
        _check_path(text, path)
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
        query = self.target.partition("?")[2] if self.scheme == "https" else ""
        subfolder = (f"query~{hashlib.sha256(query.encode()).hexdigest()[:16]}",) if query else ()
        host = f"[{self.host.replace(':', '-')}]" if ":" in self.host else self.host
        home = f"{self.scheme}_{host}{port}"
        return folder.joinpath(home, *self.path[:-1], *subfolder, self.path[-1])


def host_of(text: str) -> str:
    """Return the host in `text` in lower case, IPv6 addresses in short form; "" if invalid."""
    try:
        return "" if "%" in text else str(ip_address(text))
    except ValueError:
        return text.lower() if _HOST_NAME.fullmatch(text.lower()) else ""


def is_bucket_name(text: str) -> bool:
    """Return whether `text` is a valid name of a bucket."""
    return bool(_BUCKET.fullmatch(text))


def is_remote(text: object) -> bool:
    """Return whether `text` is an https:// or s3:// address."""
    return isinstance(text, str) and bool(_REMOTE.match(text))


def without_secrets(text: str) -> str:
    """Return `text` without user, password and query, so that it can be printed."""
    return re.sub(r"(://)[^/@]*@", r"\1***@", text.partition("?")[0])[:200]


def _check_characters(text: str) -> None:
    if any(ord(letter) < 0x20 or 0x7F <= ord(letter) < 0xA0 for letter in text):
        raise _invalid(text, "control characters in it")
    if any(0xD800 <= ord(letter) < 0xE000 for letter in text):
        raise _invalid(text, "bytes in it that are not text")
    if len(text.encode()) > _MAX_BYTES:
        raise _invalid(text, f"more than {_MAX_BYTES} bytes")


def _check_path(text: str, path: tuple[str, ...]) -> None:
    """Raise SceneError unless `path` can be created as folders and an image file."""
    for part in path:
        if not _PATH_PART.fullmatch(part) or part.startswith(".") or part.endswith(" "):
            found = f"the part {part[:40]!r} in its path"
            raise _invalid(text, f"{found}; only letters, digits and . _ - + @ = , ( ) are allowed")
        if len(part.encode()) > _MAX_PART_BYTES:
            raise _invalid(text, f"a part of its path with more than {_MAX_PART_BYTES} bytes")
    if not path or not path[-1].lower().endswith(_SUFFIXES):
        raise _invalid(text, f"not a file name that ends in {', '.join(_SUFFIXES)}")


def _invalid(text: str, found: str) -> SceneError:
    return SceneError(
        without_secrets(text),
        found,
        "https://HOST/PATH or s3://BUCKET/KEY of one image file is needed",
        "Correct the address, or download the scene and give the path of its file.",
    )
