"""A STAC catalogue on disk: the Items that it and its sub-catalogues list. No network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from cv.errors import SceneError
from cv.scene import files

_KINDS = ("Catalog", "Collection")
_MOST = 1_000_000
"""Files of one catalogue."""


def is_catalogue(path: Path) -> bool:
    """Whether the file `path` is a STAC Catalog or Collection; raises SceneError."""
    return files.form_of(path) is files.Format.JSON and _kind(files.read_json(path)) in _KINDS


def items_of(path: Path) -> tuple[Path, ...]:
    """Paths of the Items that the catalogue `path` lists, sorted; they may be missing or new.

    Links "child" and "item" are followed to files in the catalogue's folder or below it, and
    nowhere else. Raises SceneError where it is none, or a part of it cannot be read.
    """
    home = path.parent.resolve()
    waiting, known, items = [path.resolve()], {path.resolve()}, set()
    while waiting:
        part = waiting.pop()
        document = files.read_json(part)
        if _kind(document) not in _KINDS:
            raise SceneError(
                part, "no STAC catalogue", "a Catalog or Collection is needed", "Check its links."
            )
        for rel, target in _links(document, part, home):
            if rel == "item":
                items.add(target)
            elif target not in known and target.is_file():
                known.add(target)
                waiting.append(target)
        if len(known) + len(items) > _MOST:
            raise SceneError(path, f"more than {_MOST} files", "that is the most", "Divide it.")
    return tuple(sorted(items))


def _kind(document: dict[str, Any]) -> object:
    return document.get("type") if "stac_version" in document else None


def _links(document: dict[str, Any], part: Path, home: Path) -> Iterator[tuple[str, Path]]:
    """Relation and file of each link that stays in `home`."""
    links = document.get("links")
    for link in links if isinstance(links, list) else ():
        rel = link.get("rel") if isinstance(link, dict) else None
        href = link.get("href") if isinstance(link, dict) else None
        if rel not in ("child", "item") or not isinstance(href, str) or files.is_address(href):
            continue
        try:
            target = (part.parent / unquote(href)).resolve()
        except (OSError, ValueError, RuntimeError):
            continue
        if target.is_relative_to(home) and target.suffix.lower() == ".json":
            yield rel, target
