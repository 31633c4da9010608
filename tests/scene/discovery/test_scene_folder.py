"""Which files of a folder are scenes: each acquisition once, and nothing that is not an image."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cv.errors import SceneError
from cv.scene.discovery.scene_folder import images_without_georeference, require_scenes
from cv.scene.discovery.sidecar_files import SceneFile, sibling_names

PS, SKY = "20240310_013045_12_2480", "20240310_011234_ssc4_u0001"


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"II*\0")


def found(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in require_scenes(folder)]


def test_of_the_assets_of_one_item_the_clearest_is_taken(tmp_path: Path) -> None:
    put(tmp_path, f"{SKY}_panchromatic.tif", f"{SKY}_analytic.tif", f"{SKY}_udm2.tif")
    assert found(tmp_path) == [f"{SKY}_analytic.tif"]
    put(tmp_path, f"{SKY}_pansharpened.tif", f"{SKY}_pansharpened_udm2.tif")
    assert found(tmp_path) == [f"{SKY}_pansharpened.tif"]
    put(tmp_path, f"{SKY}_visual.tif", f"{SKY}_analytic_udm2.tif")
    assert found(tmp_path) == [f"{SKY}_visual.tif"]


def test_the_same_item_in_two_folders_and_two_items_are_different_scenes(tmp_path: Path) -> None:
    put(tmp_path, f"{PS}_3B_Visual.tif", f"again/{PS}_3B_Visual.tif", f"{SKY}_visual.tif", "b.TIFF")
    names = [f"{SKY}_visual.tif", f"{PS}_3B_Visual.tif", f"again/{PS}_3B_Visual.tif", "b.TIFF"]
    assert found(tmp_path) == sorted(names)


def test_hidden_files_and_other_endings_are_left_out(tmp_path: Path) -> None:
    put(tmp_path, "a.tif", ".a.tif.x.tmp/a.tif", ".b.tif", "a.png", "sub/b.JPG", "a.tif.sha256")
    (tmp_path / "metadata.json").write_text('{"id": "a"}')
    assert found(tmp_path) == ["a.tif"]
    pictures = [path.name for path in images_without_georeference(tmp_path)]
    assert pictures == ["a.png", "b.JPG"]


def test_an_image_that_an_item_lists_counts_once(tmp_path: Path) -> None:
    put(tmp_path, "images/a.tif", "images/b.tif")
    assets = {"visual": {"href": "images/a.tif"}}
    document = {"type": "Feature", "stac_version": "1.0.0", "id": "a", "assets": assets}
    (tmp_path / "item.json").write_text(json.dumps(document))
    assert found(tmp_path) == ["images/b.tif", "item.json"]


def test_a_folder_without_scenes_says_what_it_holds(tmp_path: Path) -> None:
    put(tmp_path, "a.png", "b.jpeg", f"{PS}_3B_udm2.tif")
    with pytest.raises(SceneError, match=r"no scene in it \(2 PNG or JPEG"):
        require_scenes(tmp_path)


def test_a_subfolder_that_cannot_be_read_is_not_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, "a.tif")
    walk = os.walk

    def closed(root: Path, onerror: Callable[[OSError], None]) -> Iterator[object]:
        onerror(PermissionError(13, "Permission denied", str(tmp_path / "closed")))
        yield from walk(root)

    monkeypatch.setattr(os, "walk", closed)
    assert found(tmp_path) == ["a.tif", "closed"]


def test_the_files_of_a_scene_are_those_with_its_name(tmp_path: Path) -> None:
    put(tmp_path, "a.tif", "a.tif.md5", "a.xml", "a2.tif", "ab.tif.md5", "a.txt")
    names = sibling_names(tmp_path)
    own = [path.name for path in SceneFile(tmp_path / "a.tif").files(names)]
    assert own == ["a.tif", "a.tif.md5", "a.xml"]
    assert SceneFile(tmp_path / "gone.tif").files(names) == ()
    assert sibling_names(tmp_path / "missing") == []
