"""Scenes that arrive while a folder is watched: each is reported once, when it is complete."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from cv.errors import SceneError
from cv.scene.discovery.new_scenes import NewScenes


def put(path: Path, content: bytes = b"II*\0", age_s: float = 0.0) -> Path:
    path.write_bytes(content)
    when = time.time() - age_s
    os.utime(path, (when, when))
    return path


def test_an_old_scene_is_reported_at_once_and_only_once(tmp_path: Path) -> None:
    old = put(tmp_path / "a.tif", age_s=100)
    arrivals = NewScenes(tmp_path, 10)
    assert arrivals.poll() == (old,)
    assert arrivals.poll() == ()


def test_a_scene_that_is_still_written_waits(tmp_path: Path) -> None:
    arrivals = NewScenes(tmp_path, 1000)
    assert arrivals.poll() == ()
    path = put(tmp_path / "a.tif", b"II*\0 first half")
    assert arrivals.poll() == ()
    put(path, b"II*\0 first half, second half")
    assert arrivals.poll() == ()
    assert arrivals.poll() == (path,)
    assert arrivals.poll() == ()


def test_a_scene_that_changed_is_reported_again(tmp_path: Path) -> None:
    path = put(tmp_path / "a.tif", age_s=100)
    arrivals = NewScenes(tmp_path, 10)
    assert arrivals.poll() == (path,)
    put(path, b"II*\0 another", age_s=50)
    assert arrivals.poll() == (path,)


def test_a_mask_that_arrives_later_reports_its_scene_again(tmp_path: Path) -> None:
    scene = put(tmp_path / "20240301_023000_12_2486_3B_Visual.tif", age_s=100)
    other = put(tmp_path / "20240302_023000_12_2486_3B_Visual.tif", age_s=100)
    arrivals = NewScenes(tmp_path, 10)
    assert arrivals.poll() == (scene, other)
    put(tmp_path / "20240301_023000_12_2486_3B_udm2.tif", age_s=50)
    assert arrivals.poll() == (scene,)


def test_a_scene_that_failed_is_reported_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed, other = put(tmp_path / "a.tif", age_s=100), put(tmp_path / "b.tif", age_s=100)
    arrivals = NewScenes(tmp_path, 10)
    assert arrivals.poll() == (failed, other)
    arrivals.retry(failed)
    arrivals.retry(tmp_path / "of another folder.tif")
    assert arrivals.poll() == ()
    monkeypatch.setattr("cv.scene.discovery.new_scenes.RETRY_S", 0.0)
    arrivals.retry(failed)
    assert arrivals.poll() == (failed,)
    assert arrivals.poll() == ()


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    arrivals = NewScenes(tmp_path / "scenes", 10)
    with pytest.raises(SceneError, match="no such file or folder"):
        arrivals.poll()


def item(path: Path, *hrefs: str) -> Path:
    """A STAC Item that was written long ago."""
    assets = {f"asset{i}": {"href": href} for i, href in enumerate(hrefs)}
    document = {"type": "Feature", "stac_version": "1.0.0", "id": path.stem, "assets": assets}
    return put(path, json.dumps(document).encode(), age_s=100)


def test_an_item_is_reported_again_when_its_assets_arrive_or_change(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    scene = item(tmp_path / "a.json", "images/b.tif", "images/mask.xml", "https://a.example/c.tif")
    arrivals = NewScenes(tmp_path, 10)
    assert arrivals.poll() == (scene,)
    image = put(tmp_path / "images" / "b.tif", age_s=50)
    assert arrivals.poll() == (scene,)
    assert arrivals.poll() == ()
    put(image, b"II*\0 another", age_s=40)
    assert arrivals.poll() == (scene,)
    put(tmp_path / "images" / "mask.xml", age_s=30)
    assert arrivals.poll() == (scene,)


def test_an_item_waits_while_its_image_is_written(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    scene = item(tmp_path / "a.json", "images/b.tif")
    image = put(tmp_path / "images" / "b.tif")
    arrivals = NewScenes(tmp_path, 1000)
    assert arrivals.poll() == ()
    put(image, b"II*\0 second half")
    assert arrivals.poll() == ()
    assert arrivals.poll() == (scene,)


def test_a_catalogue_that_cannot_be_read_now_is_read_later(tmp_path: Path) -> None:
    catalogue = tmp_path / "catalogue.json"
    listing = {"type": "Catalog", "stac_version": "1.0.0", "id": "c"}
    links = [{"rel": "item", "href": "a.json"}]
    scene = item(tmp_path / "a.json", "b.tif")
    catalogue.write_text(json.dumps({**listing, "links": links})[:-10])
    arrivals = NewScenes(catalogue, 10)
    with pytest.raises(SceneError, match="not JSON"):
        arrivals.poll()
    assert arrivals.poll() == ()  # it was reported
    catalogue.unlink()
    with pytest.raises(SceneError, match="no such file"):
        arrivals.poll()
    catalogue.write_text(json.dumps({**listing, "links": links}))
    assert arrivals.poll() == (scene.resolve(),)
    catalogue.unlink()
    with pytest.raises(SceneError, match="no such file"):
        arrivals.poll()


def an_item(path: Path, href: str) -> Path:
    assets = {"visual": {"href": href}}
    path.write_text(json.dumps({"type": "Feature", "stac_version": "1.0.0", "assets": assets}))
    return path


def test_an_item_with_an_impossible_file_name_is_reported(tmp_path: Path) -> None:
    path = an_item(tmp_path / "a.json", f"a.tif?sig={'s' * 300}/a.tif")
    assert NewScenes(tmp_path, settled_s=-1).poll() == (path,)


def test_a_mask_of_the_image_of_an_item_belongs_to_the_item(tmp_path: Path) -> None:
    name = "20240310_013045_12_2480_3B"
    path = an_item(tmp_path / "scene.json", f"{name}_Visual.tif")
    (tmp_path / f"{name}_Visual.tif").write_bytes(b"image")
    arrivals = NewScenes(tmp_path, settled_s=-1)
    assert arrivals.poll() == (path,)
    assert arrivals.poll() == ()
    (tmp_path / f"{name}_udm2.tif").write_bytes(b"mask")
    assert arrivals.poll() == (path,)
