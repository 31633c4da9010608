"""The real aerial mosaic, where it lies beside the repository."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import CRS

from cv.scene.scene import Scene

MOSAIC = "real/geotiff/euromax_gate_mosaic_rd_0.25m.tif"


def test_the_mosaic(shared_dir: Path) -> None:
    path = shared_dir / MOSAIC
    if not path.is_file():
        pytest.skip(f"needs ../shared/{MOSAIC}, which is not there")
    scene = Scene.open(path)
    with rasterio.open(path) as truth:
        data = truth.read()
        assert scene.grid.transform == truth.transform
    assert scene.grid.crs == CRS.from_epsg(28992)
    assert scene.grid.local_plane().gsd_m == pytest.approx((0.25, 0.25), rel=1e-3)
    measured = (data != 0).any(axis=0)
    patch = scene.read(Affine.identity(), scene.grid.shape)
    assert np.array_equal(patch.valid_mask, measured)
    assert np.array_equal(np.moveaxis(patch.rgb, 2, 0), data)
    visibility = scene.visibility(scene.grid.footprint)
    assert visibility.fraction == pytest.approx(measured.mean(), abs=1e-9)


def test_all_real_pictures_open(shared_dir: Path) -> None:
    names = sorted((shared_dir / "real").glob("*/*.png")) + sorted(
        (shared_dir / "real").glob("*/*.jpg")
    )
    if not names:
        pytest.skip("needs the pictures in ../shared/real, which are not there")
    for path in names:
        with Scene.open(path, 0.5) as scene:
            assert scene.read(Affine.scale(8), (20, 20)).valid_mask.any()
