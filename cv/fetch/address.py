"""An address of a scene elsewhere: https://HOST/PATH or s3://BUCKET/KEY."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from cv.errors import SceneError

_REMOTE = re.compile(r"(https|s3)://", re.IGNORECASE)
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]*:[0-9a-f:.]*")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_SECTION = re.compile(r"[\w. +@=,()-]{1,200}")
_ENDINGS = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".json", ".xml")
_KEPT = "%/?:@!$&'()*+,;=~[]"
"""What of an address is sent as it is, beside letters and digits."""
HTTPS_PORT = 443


@dataclass(frozen=True)
class Address:
    """Where one file lies."""

    scheme: str
    """https or s3."""
    host: str
    """Host without port, lower case; of s3 the bucket."""
    port: int
    """0 of s3."""
    path: tuple[str, ...]
    """The parts of path or key, decoded; the last one is the file's name."""
    target: str
    """What is asked for: path and query as they were given, of s3 the key."""

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address `text`; raises SceneError for one that is none, or names no scene's file."""
        if any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in text):
            raise _refused(text, "control characters in it")
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError as error:
            raise _refused(text, str(error)) from error
        host = (parts.hostname or "").lower()
        if parts.username is not None or parts.password is not None:
            raise _refused(shown(text), "a user or a password in it")
        if parts.fragment or "#" in text:
            raise _refused(text, "a fragment in it")
        if parts.scheme == "https":
            if not _HOST.fullmatch(host):
                raise _refused(text, "no host in it")
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            path = _sections(text, unquote(parts.path))
            return cls("https", host, port or HTTPS_PORT, path, quote(target, _KEPT))
        if parts.scheme != "s3" or not _BUCKET.fullmatch(host) or port or parts.query:
            raise _refused(text, "neither https://HOST/PATH nor s3://BUCKET/KEY")
        path = _sections(text, parts.path)  # a key is meant as it is
        return cls("s3", host, 0, path, "/".join(path))

    def __str__(self) -> str:
        """As it may be printed: without a query, which may be a key."""
        port = f":{self.port}" if self.port not in (0, HTTPS_PORT) else ""
        return f"{self.scheme}://{self.host}{port}/{'/'.join(self.path)}"

    def within(self, folder: Path) -> Path:
        """Where its file is kept under `folder`: another query is another file."""
        port = f"_{self.port}" if self.port not in (0, HTTPS_PORT) else ""
        query = self.target.partition("?")[2] if self.scheme == "https" else ""
        asked = (f"query_{hashlib.sha256(query.encode()).hexdigest()[:16]}",) if query else ()
        home = f"{self.scheme}_{self.host.replace(':', '_')}{port}"
        return folder.joinpath(home, *self.path[:-1], *asked, self.path[-1])


def is_remote(text: object) -> bool:
    """Whether `text` is an address that a connection would be needed for."""
    return isinstance(text, str) and bool(_REMOTE.match(text))


def shown(text: str) -> str:
    """`text` as it may be printed: without user, password and query."""
    return re.sub(r"(://)[^/@]*@", r"\1***@", text.partition("?")[0])[:200]


def _sections(text: str, path: str) -> tuple[str, ...]:
    sections = tuple(path.split("/")[1:])
    for section in sections:
        if not _SECTION.fullmatch(section) or section.startswith(".") or section.endswith(" "):
            raise _refused(text, f"the part {section[:40]!r} of its path")
    if not sections or not sections[-1].lower().endswith(_ENDINGS):
        raise _refused(text, f"no file whose name ends in {', '.join(_ENDINGS)}")
    return sections


def _refused(text: str, found: str) -> SceneError:
    return SceneError(
        shown(text),
        found,
        "https://HOST/PATH or s3://BUCKET/KEY of one file is needed",
        "Correct it, or download the scene and give the path of its file.",
    )
