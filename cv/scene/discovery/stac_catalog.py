"""A STAC catalogue on disk: the Items that it and its sub-catalogues list. No network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from cv.errors import SceneError
from cv.scene import local_files

_KINDS = ("Catalog", "Collection")
_MOST = 1_000_000
"""Links of one catalogue."""


def is_catalog(path: Path) -> bool:
    """Whether the file `path`, named .json, is a STAC Catalog or Collection; raises SceneError."""
    return (
        path.suffix.lower() == ".json"
        and _kind(local_files.METADATA.read_json_object(path)) in _KINDS
    )


def item_paths(path: Path) -> tuple[Path, ...]:
    """Paths of the Items that the catalogue `path` lists, sorted; they may be missing or new.

    Links "child" and "item" are followed to files in the catalogue's folder or below it, and
    nowhere else. A sub-catalogue that is missing is listed too: what it holds is not known. Raises
    SceneError where it is none, or a part of it cannot be read.
    """
    ends = {
        link.target
        for link in _links_of(path)
        if link.target and (link.rel == "item" or not link.target.is_file())
    }
    return tuple(sorted(ends))


def external_links(path: Path) -> tuple[str, ...]:
    """The links of the catalogue `path` that are not followed, sorted; raises SceneError.

    What is no catalogue has none.
    """
    try:
        there = path.is_file()
    except OSError:
        return ()
    if not (there and is_catalog(path)):
        return ()
    return tuple(sorted({link.href for link in _links_of(path) if link.target is None}))


@dataclass(frozen=True)
class _Link:
    """To an Item or a sub-catalogue."""

    rel: str
    href: str
    target: Path | None
    """Its file; None where it leads out of the catalogue's folder, or to no JSON file."""


def _links_of(path: Path) -> Iterator[_Link]:
    """The links of the catalogue `path` and of all its sub-catalogues that are there."""
    home = path.parent.resolve()
    waiting, known, number = [path.resolve()], {path.resolve()}, 0
    while waiting:
        part = waiting.pop()
        document = local_files.METADATA.read_json_object(part)
        if _kind(document) not in _KINDS:
            raise SceneError(
                part, "no STAC catalogue", "a Catalog or Collection is needed", "Check its links."
            )
        for link in _links(document, part, home):
            number += 1
            if number > _MOST:
                raise SceneError(path, f"more than {_MOST} links", "that is the most", "Divide it.")
            target = link.target
            if link.rel == "child" and target and target not in known and target.is_file():
                known.add(target)
                waiting.append(target)
            yield link


def _kind(document: dict[str, Any]) -> object:
    return document.get("type") if "stac_version" in document else None


def _links(document: dict[str, Any], part: Path, home: Path) -> Iterator[_Link]:
    """Those of one part, as far as they have a shape."""
    links = document.get("links")
    for link in links if isinstance(links, list) else ():
        rel = link.get("rel") if isinstance(link, dict) else None
        href = link.get("href") if isinstance(link, dict) else None
        if rel in ("child", "item") and isinstance(href, str):
            yield _Link(rel, href, _target(href, part, home))


def _target(href: str, part: Path, home: Path) -> Path | None:
    if local_files.is_not_local(href):
        return None
    try:
        target = (part.parent / unquote(href)).resolve()
    except (OSError, ValueError, RuntimeError):
        return None
    inside = target.is_relative_to(home) and target.suffix.lower() == ".json"
    return target if inside else None
