"""Scenes that come while a folder is watched: told once, and only when they are whole."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from cv.errors import SceneError
from cv.scene.arrivals import Arrivals


def put(path: Path, content: bytes = b"II*\0", age_s: float = 0.0) -> Path:
    path.write_bytes(content)
    when = time.time() - age_s
    os.utime(path, (when, when))
    return path


def test_what_lies_there_for_long_is_told_at_once_and_once(tmp_path: Path) -> None:
    old = put(tmp_path / "a.tif", age_s=100)
    arrivals = Arrivals(tmp_path, 10)
    assert arrivals.look() == (old,)
    assert arrivals.look() == ()


def test_a_scene_that_is_still_written_waits(tmp_path: Path) -> None:
    arrivals = Arrivals(tmp_path, 1000)
    assert arrivals.look() == ()
    path = put(tmp_path / "a.tif", b"II*\0 first half")
    assert arrivals.look() == ()
    put(path, b"II*\0 first half, second half")
    assert arrivals.look() == ()
    assert arrivals.look() == (path,)
    assert arrivals.look() == ()


def test_a_scene_that_changed_is_told_again(tmp_path: Path) -> None:
    path = put(tmp_path / "a.tif", age_s=100)
    arrivals = Arrivals(tmp_path, 10)
    assert arrivals.look() == (path,)
    put(path, b"II*\0 another", age_s=50)
    assert arrivals.look() == (path,)


def test_a_mask_that_comes_later_brings_its_scene_back(tmp_path: Path) -> None:
    scene = put(tmp_path / "20240301_023000_12_2486_3B_Visual.tif", age_s=100)
    other = put(tmp_path / "20240302_023000_12_2486_3B_Visual.tif", age_s=100)
    arrivals = Arrivals(tmp_path, 10)
    assert arrivals.look() == (scene, other)
    put(tmp_path / "20240301_023000_12_2486_3B_udm2.tif", age_s=50)
    assert arrivals.look() == (scene,)


def test_a_folder_that_goes_away_is_told(tmp_path: Path) -> None:
    arrivals = Arrivals(tmp_path / "scenes", 10)
    with pytest.raises(SceneError, match="not a folder"):
        arrivals.look()
