"""Masks beside an image, under the names that orders and processing tools give them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cv.scene.scene import Scene
from cv.sidecars.mask_names import is_named_like_mask, masks_beside
from tests.scene.conftest import WriteTiff

PS, SKY = "20240310_013045_12_2480", "20240310_011234_ssc4_u0001"
QUAD = "L15-1402E-1206N"


def cloudy() -> np.ndarray:
    """A UDM2 (8, 40, 60) with cloud in its first quarter."""
    bands = np.zeros((8, 40, 60), np.uint8)
    bands[0, 10:], bands[5, :10] = 1, 1
    return bands


def fraction(scene: Scene) -> float:
    return scene.visibility(scene.grid.footprint).fraction


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("composite.tif", "composite_udm2.tif"),
        ("composite_clip.tif", "composite_udm2_clip.tif"),
        ("composite_file_format.tif", "composite_udm2_file_format.tif"),
        ("composite.tif", "composite_udm2.1.tif"),
        (f"{PS}_composite.tif", f"{PS}_composite_udm2.tif"),
        ("merged_tiles.tif", "merged_tiles_udm2.tif"),
        (f"{QUAD}.tif", f"{QUAD}_udm2.tif"),
        ("5973_composite_8b.tif", "5973_composite_udm2.tif"),
        ("analytic.tif", "udm2.tif"),
        ("analytic/scene.tif", "udm2/scene_udm2.tif"),
        ("analytic_sr/scene.tif", "basic_udm2/scene.tif"),
        ("scene.tif", "masks/scene_udm2.tif"),
        (f"analytic/{PS}_3B_Visual.tif", f"udm2/{PS}_3B_udm2.tif"),
        (f"{PS}_3B_Visual_clip.tif", f"{PS}_3B_udm2_clip.tif"),
        (f"{SKY}_visual_composite.tif", f"{SKY}_udm2_composite.tif"),
        ("Composite.TIF", "COMPOSITE_UDM2.TIF"),
    ],
)
def test_a_udm2_is_found(write_tiff: WriteTiff, colours: np.ndarray, image: str, mask: str) -> None:
    path = write_tiff(colours, f"order/{image}")
    write_tiff(cloudy(), f"order/{mask}")
    scene = Scene.open(path)
    assert scene.basis == "udm2"
    assert fraction(scene) == pytest.approx(0.75)
    assert scene.unused_masks == ()


def test_an_older_udm(write_tiff: WriteTiff, colours: np.ndarray) -> None:
    path = write_tiff(colours, f"{PS}_3B_Visual.tif")
    bits = np.zeros((1, 40, 60), np.uint8)
    bits[0, :10], bits[0, 10:20, :30] = 0b1, 0b10
    write_tiff(bits, f"{PS}_3B_AnalyticMS_DN_udm.tif")
    assert fraction(Scene.open(path)) == pytest.approx(0.625)
    write_tiff(cloudy(), f"{PS}_3B_udm2.tif")
    assert fraction(Scene.open(path)) == pytest.approx(0.75)


@pytest.mark.parametrize(
    "mask",
    [
        "port_0310_cloudmask.tif",
        "port_0310_cloud_mask.tif",
        "port_0310_QA.tif",
        "port_0310_SCL.jp2",
        "port_0310_clouds.geojson",
        "cloud_mask.tif",
        "port_0310_udm2.tif",
        "masks/port_0310.tif",
        "cloud/port_0310_clip.tif",
    ],
)
def test_a_mask_that_cannot_be_used_is_named(
    write_tiff: WriteTiff, colours: np.ndarray, tmp_path: Path, mask: str
) -> None:
    path = write_tiff(colours, "port_0310.tif")
    if mask.endswith(".tif"):
        write_tiff(np.ones((1, 40, 60), np.uint8), mask)
    else:
        (tmp_path / mask).write_bytes(b"{}")
    scene = Scene.open(path)
    assert scene.unused_masks == (Path(mask).name,)
    assert scene.basis == "mask"


@pytest.mark.parametrize(
    "other",
    [
        "port_0311_cloudmask.tif",
        "port_0310_2_udm2.tif",
        "port_0310_cloudless.tif",
        "port_0310_masked.tif",
        "qatar.tif",
        "port_0310.tif.xml",
        "port_0310_mask.txt",
        "port_0310_visual.tif",
    ],
)
def test_other_files_are_no_masks_of_an_image(
    write_tiff: WriteTiff, colours: np.ndarray, tmp_path: Path, other: str
) -> None:
    path = write_tiff(colours, "port_0310.tif")
    (tmp_path / other).write_bytes(b"<x/>")
    assert masks_beside(path) == ()
    assert Scene.open(path).unused_masks == ()


def test_an_image_in_colours_is_no_mask(write_tiff: WriteTiff, colours: np.ndarray) -> None:
    path = write_tiff(colours, "port.tif")
    write_tiff(colours, "port_cloud.tif")
    assert is_named_like_mask("port_cloud.tif")
    assert Scene.open(path).unused_masks == ()


def test_a_used_mask_makes_other_udms_needless(write_tiff: WriteTiff, colours: np.ndarray) -> None:
    path = write_tiff(colours, f"{SKY}_visual.tif")
    for name in ("analytic_udm2", "udm2", "panchromatic_udm", "cloud_mask"):
        write_tiff(cloudy(), f"{SKY}_{name}.tif")
    assert Scene.open(path).unused_masks == (f"{SKY}_cloud_mask.tif",)
