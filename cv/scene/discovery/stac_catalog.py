"""A STAC catalogue on disk: the Items that it and its sub-catalogues list. No network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

from cv.errors import SceneError
from cv.scene.local_files import is_not_local, system_errors
from cv.scene.providers.stac_item import stac_type
from cv.sidecars.metadata_loader import METADATA

_CATALOG_TYPES = ("Catalog", "Collection")


@dataclass(frozen=True)
class StacCatalog:
    """A Catalog or Collection with its sub-catalogues."""

    item_paths: tuple[Path, ...]
    """Paths of the Items, sorted; they may be missing. A sub-catalogue that is missing is listed
    too: what it holds is not known."""
    external_links: tuple[str, ...]
    """Links that are not followed, sorted."""

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Return the catalogue in the file `path`; None if it is not one.

        Links "child" and "item" are followed to files in the catalogue's folder or below it, and
        nowhere else. Raises SceneError where a part cannot be read.
        """
        if path.suffix.lower() != ".json":
            return None
        document = METADATA.read_json_object(path)
        if stac_type(document) not in _CATALOG_TYPES:
            return None
        root = path.resolve()
        parts, known = {root: document}, {root}
        items: set[Path] = set()
        external: set[str] = set()
        while parts:
            part, document = parts.popitem()
            for rel, href in _links(part, document):
                target = _target(href, part, root.parent)
                if target is None:
                    external.add(href)
                elif rel == "item" or not target.is_file():
                    items.add(target)
                elif target not in known:
                    known.add(target)
                    parts[target] = METADATA.read_json_object(target)
        return cls(tuple(sorted(items)), tuple(sorted(external)))


def external_links(path: Path) -> tuple[str, ...]:
    """Return the links of the catalogue `path` that are not followed; none if it is not one.

    Raises SceneError where it cannot be read.
    """
    with system_errors(path):
        catalog = StacCatalog.read(path) if path.is_file() else None
    return catalog.external_links if catalog else ()


def _links(part: Path, document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield relation and href of the well-formed links to Items and sub-catalogues."""
    if stac_type(document) not in _CATALOG_TYPES:
        limit = "a Catalog or Collection is needed"
        raise SceneError(part, "not a STAC catalogue", limit, "Check its links.")
    links = document.get("links")
    for link in links if isinstance(links, list) else ():
        rel, href = (link.get("rel"), link.get("href")) if isinstance(link, dict) else ("", "")
        if rel in ("child", "item") and isinstance(href, str):
            yield rel, href


def _target(href: str, part: Path, home: Path) -> Path | None:
    """Return the file of a link; None if it is outside `home`, or not a JSON file."""
    if is_not_local(href):
        return None
    try:
        target = (part.parent / unquote(href)).resolve()
    except (ValueError, RuntimeError):  # not a path, links in a circle
        return None
    return target if target.is_relative_to(home) and target.suffix.lower() == ".json" else None
