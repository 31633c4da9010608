"""A STAC catalogue on disk lists its Items; links that lead out of its folder are not followed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cv.errors import SceneError
from cv.scene.discovery.new_scenes import NewScenes
from cv.scene.discovery.scene_folder import require_scenes
from cv.scene.discovery.stac_catalog import StacCatalog, external_links


def write(path: Path, kind: str = "Catalog", **links: list[str]) -> Path:
    """A part of a catalogue with the hrefs of its links by relation."""
    path.parent.mkdir(parents=True, exist_ok=True)
    listed = [{"rel": rel, "href": href} for rel, hrefs in links.items() for href in hrefs]
    document = {"type": kind, "stac_version": "1.0.0", "id": path.stem, "links": listed}
    path.write_text(json.dumps(document))
    return path


@pytest.fixture
def catalogue(tmp_path):
    """Two Items in the root, one in a collection that links back."""
    home = tmp_path / "home"
    for name in ("a", "b", "2024/c"):
        write(home / f"{name}.json", "Feature")
    write(
        home / "2024" / "collection.json", "Collection", item=["./c.json"], child=["../root.json"]
    )
    return write(home / "root.json", item=["b.json", "./a.json"], child=["2024/collection.json"])


def test_the_items_of_a_catalogue(catalogue):
    home = catalogue.parent
    assert StacCatalog.read(home / "a.json") is None
    listed = (home / "2024" / "c.json", home / "a.json", home / "b.json")
    assert (
        StacCatalog.read(catalogue).item_paths
        == require_scenes(catalogue)
        == tuple(p.resolve() for p in listed)
    )


@pytest.mark.parametrize(
    "href",
    [
        "https://a.example/a.json",
        "HTTPS://a.example/a.json",
        "s3://bucket/a.json",
        "file:///etc/a.json",
        "/vsicurl/https://a.example/a.json",
        "../outside.json",
        "%2e%2e/outside.json",
        "2024/../../outside.json",
        "link.json",
        "/etc/passwd",
        "a.tif",
        "a\x00.json",
    ],
)
def test_links_that_are_not_followed(catalogue, href):
    outside = write(catalogue.parent.parent / "outside.json", item=["secret.json"])
    (catalogue.parent / "link.json").symlink_to(outside)
    write(catalogue, item=[href], child=[href])
    assert StacCatalog.read(catalogue).item_paths == ()
    assert external_links(catalogue) == (href,)


def test_what_is_not_a_catalogue_has_no_links(catalogue, tmp_path):
    write(catalogue.parent / "a.json", "Feature", item=["https://a.example/b.json"])
    assert external_links(catalogue) == external_links(catalogue.parent / "a.json") == ()
    assert external_links(tmp_path) == external_links(tmp_path / "missing.json") == ()


def test_a_sub_catalogue_that_is_missing_is_listed(catalogue):
    (catalogue.parent / "2024" / "collection.json").unlink()
    assert (catalogue.parent / "2024" / "collection.json").resolve() in StacCatalog.read(
        catalogue
    ).item_paths


def test_a_part_that_is_not_a_catalogue_is_refused(catalogue):
    write(catalogue, child=["a.json"])
    with pytest.raises(SceneError, match="not a STAC catalogue"):
        StacCatalog.read(catalogue)
    (catalogue.parent / "broken.json").write_text("{")
    write(catalogue, child=["broken.json"])
    with pytest.raises(SceneError, match="not JSON"):
        StacCatalog.read(catalogue)


def test_links_in_any_shape(catalogue):
    text = json.dumps({"type": "Catalog", "stac_version": "1.0.0", "links": [1, {}, {"rel": 2}]})
    catalogue.write_text(text)
    assert StacCatalog.read(catalogue).item_paths == ()
    catalogue.write_text('{"type": "Catalog", "stac_version": "1.0.0", "links": "many"}')
    assert StacCatalog.read(catalogue).item_paths == ()


def test_items_that_are_added_to_a_catalogue_are_reported_once(catalogue):
    arrivals = NewScenes(catalogue, settled_s=0.0)
    home = catalogue.parent.resolve()
    assert set(arrivals.poll()) == {home / "2024" / "c.json", home / "a.json", home / "b.json"}
    assert arrivals.poll() == ()
    write(catalogue, item=["a.json", "b.json", "d.json"])
    assert arrivals.poll() == ()  # listed, and not there yet
    write(catalogue.parent / "d.json", "Feature")
    assert arrivals.poll() == (home / "d.json",)
