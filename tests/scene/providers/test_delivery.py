"""A delivery is parsed once: each file name, metadata file, Item and header."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cv.io.safe_loading import SafeLoader
from cv.scene import raster_header
from cv.scene.discovery.new_scenes import NewScenes
from cv.scene.providers import planet_filenames
from cv.scene.providers.stac_item import StacItem
from cv.scene.scene import Scene
from tests.scene.conftest import WriteTiff
from tests.scene.providers.test_planet import PS, SKY, clear_mask, xml_of
from tests.scene.providers.test_stac_item import image, item

IMAGE, MASK, XML = (
    f"{PS}_3B_AnalyticMS.tif",
    f"{PS}_3B_udm2.tif",
    f"{PS}_3B_AnalyticMS_metadata.xml",
)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each file was parsed, by the kind of parsing and its name."""
    counts: Counter[str] = Counter()

    def count(owner: Any, attribute: str, name_of: Any) -> None:
        original = getattr(owner, attribute)

        def counted(*arguments: Any) -> Any:
            counts[f"{attribute} {name_of(*arguments)}"] += 1
            return original(*arguments)

        monkeypatch.setattr(owner, attribute, counted)

    count(planet_filenames, "_parse_asset", lambda _, name: name)
    count(SafeLoader, "read_text", lambda _, path: path.name)
    count(raster_header, "_header", lambda path, *_: path.name)
    return counts


def write_delivery(write_tiff: WriteTiff, folder: Path, prefix: str = "") -> Path:
    """A radiance product, whose XML declares its time and its calibration."""
    write_tiff(clear_mask(), prefix + MASK)
    (folder / prefix / XML).write_text(xml_of([2.1e-5, 2.2e-5, 2.4e-5, 3.5e-5]))
    return write_tiff(np.full((4, 40, 60), 5000, np.uint16), prefix + IMAGE)


def test_a_planet_delivery_is_parsed_once(
    write_tiff: WriteTiff, tmp_path: Path, parsed: Counter[str]
) -> None:
    path = write_delivery(write_tiff, tmp_path)
    (tmp_path / f"{PS}_metadata.json").write_text("{}")
    scene = Scene.open(path)
    assert scene.radiometry.name == "planetscope-toa"
    assert scene.udm2 is not None
    assert parsed == {
        f"_parse_asset {IMAGE}": 1,
        f"_parse_asset {MASK}": 1,
        f"read_text {PS}_metadata.json": 1,
        f"read_text {XML}": 1,
        f"_header {IMAGE}": 1,
        f"_header {MASK}": 1,
    }


def test_an_item_with_a_planet_image_is_parsed_once(
    write_tiff: WriteTiff, tmp_path: Path, parsed: Counter[str]
) -> None:
    write_delivery(write_tiff, tmp_path, "images/")
    path = tmp_path / "item.json"
    path.write_text(json.dumps(item({"analytic": image(f"images/{IMAGE}")})))
    assert Scene.open(path).radiometry.name == "planetscope-toa"
    assert parsed == {
        "read_text item.json": 1,
        f"_parse_asset {IMAGE}": 1,
        f"_parse_asset {MASK}": 1,
        f"read_text {XML}": 1,
        f"_header {IMAGE}": 1,
        f"_header {MASK}": 1,
    }


def test_a_later_poll_of_a_folder_reads_no_image_again(
    write_tiff: WriteTiff, tmp_path: Path, parsed: Counter[str], colours: np.ndarray
) -> None:
    write_tiff(colours, f"{SKY}_visual.tif")
    write_tiff(colours, "other.tif")
    path = tmp_path / "item.json"
    path.write_text(json.dumps(item({"visual": image("other.tif")})))
    assert len(NewScenes(tmp_path, settled_s=-1).poll()) == 2
    once = {
        "read_text item.json": 2,  # what it lists, and what it says about its image
        f"_parse_asset {SKY}_visual.tif": 2,
        f"_header {SKY}_visual.tif": 1,
        "_header other.tif": 1,
    }
    assert parsed == once
    NewScenes(tmp_path, settled_s=-1).poll()
    assert parsed == once | {"read_text item.json": 3, f"_parse_asset {SKY}_visual.tif": 3}


def test_the_item_gives_what_it_declares_and_the_files_the_rest(
    write_tiff: WriteTiff, tmp_path: Path
) -> None:
    write_delivery(write_tiff, tmp_path)
    path = tmp_path / "item.json"
    path.write_text(json.dumps(item({"analytic": image(IMAGE)}, datetime="2024-03-10T05:00:00Z")))
    by_item, by_name = Scene.open(path), Scene.open(tmp_path / IMAGE)
    assert (by_item.id, by_name.id) == ("harbour-17", PS)
    assert by_item.acquired is not None
    assert by_item.acquired.hour == 5
    assert by_name.acquired is not None
    assert by_name.acquired.hour == 1
    assert by_item.radiometry == by_name.radiometry
    assert by_item.sources == by_name.sources
    assert StacItem.read(path).document["id"] == "harbour-17"
