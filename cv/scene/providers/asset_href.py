"""Where the href of an asset leads: to a file on this computer, or nowhere."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit


def local_target(path: Path, href: str) -> Path | None:
    """The file here that the Item `path` names by `href`, absolute; None for what is elsewhere."""
    try:
        parts = urlsplit(href)
        if parts.scheme not in ("", "file") or parts.netloc not in ("", "localhost"):
            return None
        named = unquote(parts.path) if parts.scheme else href
        return (path.parent.resolve() / named).resolve()
    except (ValueError, RuntimeError):  # no address, no path, links in a circle
        return None
