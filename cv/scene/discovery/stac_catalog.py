"""A STAC catalogue on disk: the Items that it and its sub-catalogues list. No network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

from cv.errors import SceneError
from cv.scene.local_files import METADATA, is_not_local
from cv.scene.providers.stac_item import stac_type

_CATALOG_TYPES = ("Catalog", "Collection")
_MAX_LINKS = 1_000_000


@dataclass(frozen=True)
class CatalogLink:
    """A link to an Item or a sub-catalogue."""

    rel: str
    """Relation: "item" or "child"."""
    href: str
    target: Path | None
    """Its file; None if it is outside the catalogue's folder, or not a JSON file."""


@dataclass(frozen=True)
class StacCatalog:
    """A Catalog or Collection with its sub-catalogues."""

    links: tuple[CatalogLink, ...]
    """Links to Items and sub-catalogues, of all parts that exist."""

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
        links: list[CatalogLink] = []
        for link in _walk(path.resolve(), document):
            links.append(link)
            if len(links) > _MAX_LINKS:
                found = f"more than {_MAX_LINKS} links"
                raise SceneError(path, found, "that is the maximum", "Divide it.")
        return cls(tuple(links))

    @property
    def item_paths(self) -> tuple[Path, ...]:
        """Paths of the Items, sorted; they may be missing.

        A sub-catalogue that is missing is listed too: what it holds is not known.
        """
        ends = {
            link.target
            for link in self.links
            if link.target and (link.rel == "item" or not link.target.is_file())
        }
        return tuple(sorted(ends))

    @property
    def external_links(self) -> tuple[str, ...]:
        """Links that are not followed, sorted."""
        return tuple(sorted({link.href for link in self.links if link.target is None}))


def external_links(path: Path) -> tuple[str, ...]:
    """Return the links of the catalogue `path` that are not followed; none if it is not one.

    Raises SceneError where it cannot be read.
    """
    try:
        catalog = StacCatalog.read(path) if path.is_file() else None
    except OSError:
        return ()
    return catalog.external_links if catalog else ()


def _walk(root: Path, document: dict[str, Any]) -> Iterator[CatalogLink]:
    """Yield the links of a catalogue and of all its sub-catalogues that exist."""
    documents, known = {root: document}, {root}
    while documents:
        part, document = documents.popitem()
        if stac_type(document) not in _CATALOG_TYPES:
            raise SceneError(
                part,
                "not a STAC catalogue",
                "a Catalog or Collection is needed",
                "Check its links.",
            )
        for link in _links(part, document, root.parent):
            target = link.target
            if link.rel == "child" and target and target not in known and target.is_file():
                known.add(target)
                documents[target] = METADATA.read_json_object(target)
            yield link


def _links(part: Path, document: dict[str, Any], home: Path) -> Iterator[CatalogLink]:
    """Yield the well-formed links of one part to Items and sub-catalogues."""
    links = document.get("links")
    for link in links if isinstance(links, list) else ():
        rel = link.get("rel") if isinstance(link, dict) else None
        href = link.get("href") if isinstance(link, dict) else None
        if rel in ("child", "item") and isinstance(href, str):
            yield CatalogLink(rel, href, _target(href, part, home))


def _target(href: str, part: Path, home: Path) -> Path | None:
    if is_not_local(href):
        return None
    try:
        target = (part.parent / unquote(href)).resolve()
    except (OSError, ValueError, RuntimeError):
        return None
    inside = target.is_relative_to(home) and target.suffix.lower() == ".json"
    return target if inside else None
