"""An address of a scene elsewhere: https://HOST/PATH or s3://BUCKET/KEY."""

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
_NAME = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_SECTION = re.compile(r"[\w. +@=,()-]{1,200}")
_ENDINGS = (".tif", ".tiff", ".png", ".jpg", ".jpeg")
_KEPT = "%/?:@!$&'()*+,;=~[]"
"""What of an address is sent as it is, beside letters and digits."""
HTTPS_PORT = 443
_LONGEST, _LONGEST_SECTION = 2000, 200
"""Bytes of an address and of a part of its path: files have to be called so, and drafts longer."""


@dataclass(frozen=True)
class RemoteAddress:
    """Where one file lies."""

    scheme: str
    """https or s3."""
    host: str
    """Host without port, see `host_of`; of s3 the bucket."""
    port: int
    """0 of s3."""
    path: tuple[str, ...]
    """The parts of path or key, decoded; the last one is the file's name."""
    target: str
    """What is asked for: path and query as they were given, of s3 the key."""

    @classmethod
    def parse(cls, text: str) -> RemoteAddress:
        """The address `text`; raises SceneError for one that is none, or names no scene's file."""
        if any(ord(letter) < 0x20 or 0x7F <= ord(letter) < 0xA0 for letter in text):
            raise _refused(text, "control characters in it")
        if any(0xD800 <= ord(letter) < 0xE000 for letter in text):
            raise _refused(text, "bytes that are no text in it")
        if len(text.encode()) > _LONGEST:
            raise _refused(text, f"more than {_LONGEST} bytes")
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError as error:
            raise _refused(text, str(error)) from error
        host = host_of(parts.hostname or "")
        if parts.username is not None or parts.password is not None:
            raise _refused(without_secrets(text), "a user or a password in it")
        if parts.fragment or "#" in text:
            raise _refused(text, "a fragment in it")
        if parts.scheme == "https":
            if not host:
                raise _refused(text, "no host in it")
            if port == 0:
                raise _refused(text, "port 0")
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            path = tuple(unquote(section) for section in _split(parts.path))
            _check_sections(text, path)
            return cls("https", host, port or HTTPS_PORT, path, quote(target, _KEPT))
        bucket = parts.netloc.lower()
        if parts.scheme != "s3" or not is_bucket_name(bucket) or parts.query:
            raise _refused(text, "neither https://HOST/PATH nor s3://BUCKET/KEY")
        path = _split(parts.path)  # a key is meant as it is
        _check_sections(text, path)
        return cls("s3", bucket, 0, path, "/".join(path))

    def __str__(self) -> str:
        """As it may be printed: without a query, which may be a key."""
        return f"{self.scheme}://{self.home}/{'/'.join(self.path)}"

    @property
    def home(self) -> str:
        """Host, and port where it is another than usual, as they are written; of s3 the bucket."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port in (0, HTTPS_PORT) else f"{host}:{self.port}"

    def within(self, folder: Path) -> Path:
        """Where its file is kept under `folder`: another query is another file."""
        port = f"_{self.port}" if self.port not in (0, HTTPS_PORT) else ""
        query = self.target.partition("?")[2] if self.scheme == "https" else ""
        asked = (f"query~{hashlib.sha256(query.encode()).hexdigest()[:16]}",) if query else ()
        host = f"[{self.host.replace(':', '-')}]" if ":" in self.host else self.host
        home = f"{self.scheme}_{host}{port}"
        return folder.joinpath(home, *self.path[:-1], *asked, self.path[-1])


def host_of(text: str) -> str:
    """The host that `text` names, lower case, an IPv6 address as it is usually written; or ""."""
    try:
        return "" if "%" in text else str(ip_address(text))
    except ValueError:
        return text.lower() if _NAME.fullmatch(text.lower()) else ""


def is_bucket_name(text: str) -> bool:
    """Whether `text` is the name of a bucket."""
    return bool(_BUCKET.fullmatch(text))


def is_remote(text: object) -> bool:
    """Whether `text` is an address that a connection would be needed for."""
    return isinstance(text, str) and bool(_REMOTE.match(text))


def without_secrets(text: str) -> str:
    """`text` as it may be printed: without user, password and query."""
    return re.sub(r"(://)[^/@]*@", r"\1***@", text.partition("?")[0])[:200]


def _split(path: str) -> tuple[str, ...]:
    return tuple(path.split("/")[1:])


def _check_sections(text: str, sections: tuple[str, ...]) -> None:
    """Raises SceneError where `sections` cannot be folders and a file here."""
    for section in sections:
        if not _SECTION.fullmatch(section) or section.startswith(".") or section.endswith(" "):
            found = f"the part {section[:40]!r} of its path"
            raise _refused(text, f"{found}, where letters, digits and . _ - + @ = , ( ) are taken")
        if len(section.encode()) > _LONGEST_SECTION:
            raise _refused(text, f"a part of its path of more than {_LONGEST_SECTION} bytes")
    if not sections or not sections[-1].lower().endswith(_ENDINGS):
        raise _refused(text, f"no file whose name ends in {', '.join(_ENDINGS)}")


def _refused(text: str, found: str) -> SceneError:
    return SceneError(
        without_secrets(text),
        found,
        "https://HOST/PATH or s3://BUCKET/KEY of one file is needed",
        "Correct it, or download the scene and give the path of its file.",
    )
