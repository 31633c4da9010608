"""Visible fractions against exact areas."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from affine import Affine
from PIL import Image

from cv.errors import SceneError
from cv.scene.raster_reader import RasterReader
from cv.scene.scene import Scene
from tests.scene.conftest import UTM, WriteTiff

REGIONS = {
    "inside": shapely.box(10, 10, 50, 30),
    "part of pixels": shapely.Polygon([(12.3, 8.9), (48.7, 11.2), (40.1, 33.3), (15.5, 29.8)]),
    "reaching out": shapely.box(-20.5, -10.25, 30.5, 20.75),
    "all around": shapely.box(-15, -15, 80, 60),
    "outside": shapely.box(100, 5, 120, 20),
    "touching": shapely.box(60, 0, 80, 40),
    "two parts": shapely.MultiPolygon([shapely.box(1, 1, 9, 9), shapely.box(30, 20, 70, 25)]),
    "with a hole": shapely.Point(30, 20).buffer(15).difference(shapely.Point(30, 20).buffer(7)),
}


def pixels_area(seen: np.ndarray, affine: Affine) -> shapely.Geometry:
    """The union of all seen pixels, one square each."""
    rows, columns = np.nonzero(seen)
    squares = shapely.box(columns, rows, columns + 1, rows + 1)
    union = shapely.union_all(squares)
    return shapely.transform(union, lambda p: np.column_stack(affine @ p.T))


@pytest.fixture
def seen() -> np.ndarray:
    mask = np.ones((40, 60), bool)
    mask[5:20, 10:25] = False
    mask[::7, ::5] = False
    mask[30:, 50:] = False
    return mask


def picture(seen: np.ndarray, hidden: float, dtype: str = "uint8") -> np.ndarray:
    return np.stack([np.where(seen, 100, hidden)] * 3).astype(dtype)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("kind", ["nodata", "alpha", "mask", "nan", "inf", "float nodata"])
def test_the_fraction_is_the_exact_share(
    write_tiff: WriteTiff, seen: np.ndarray, region: str, kind: str
) -> None:
    data = picture(seen, 0)
    options: dict[str, Any] = {}
    if kind == "nodata":
        options = {"nodata": 0}
    elif kind == "alpha":
        alpha = np.where(seen, 255, 0).astype(np.uint8)
        data = np.concatenate([data, alpha[None]])
        options = {"photometric": "RGB", "alpha": "yes"}
    elif kind == "mask":
        options = {"mask": seen}
    else:
        hidden = {"nan": np.nan, "inf": -np.inf, "float nodata": -9999.0}[kind]
        data = picture(seen, hidden, "float32")
        options = {"nodata": -9999.0} if kind == "float nodata" else {}
    limits = "limits:0-255" if data.dtype == np.float32 else None
    scene = Scene.open(write_tiff(data, **options), radiometry=limits)
    visibility = scene.visibility(REGIONS[region])
    truth = shapely.intersection(REGIONS[region], pixels_area(seen, Affine.identity()))
    assert visibility.fraction == pytest.approx(truth.area / REGIONS[region].area, abs=1e-9)
    assert visibility.clear.symmetric_difference(truth).area == pytest.approx(0, abs=1e-6)
    assert visibility.clear.geom_type in ("Polygon", "MultiPolygon")
    assert visibility.basis == "mask"


@pytest.mark.parametrize("region", REGIONS)
def test_without_a_mask_all_pixels_are_visible(
    write_tiff: WriteTiff, colours: np.ndarray, region: str
) -> None:
    visibility = Scene.open(write_tiff(colours)).visibility(REGIONS[region])
    truth = shapely.intersection(REGIONS[region], shapely.box(0, 0, 60, 40))
    assert visibility.fraction == pytest.approx(truth.area / REGIONS[region].area)


def test_a_scene_without_valid_pixels(write_tiff: WriteTiff) -> None:
    scene = Scene.open(write_tiff(np.zeros((3, 40, 60), np.uint8), nodata=0))
    for region in REGIONS.values():
        assert scene.visibility(region).fraction == 0.0
        assert scene.visibility(region).clear.is_empty


@pytest.mark.parametrize(
    "region",
    [
        shapely.Polygon(),
        shapely.Point(3, 3),
        shapely.LineString([(0, 0), (5, 5)]),
        shapely.GeometryCollection(),
    ],
)
def test_a_region_without_area_has_no_visibility(
    write_tiff: WriteTiff, colours: np.ndarray, region: shapely.Geometry
) -> None:
    assert Scene.open(write_tiff(colours)).visibility(region).fraction == 0.0


def test_a_transparent_png(tmp_path: Path, seen: np.ndarray) -> None:
    planes = [np.full((40, 60), 90, np.uint8)] * 3 + [np.where(seen, 200, 0).astype(np.uint8)]
    Image.fromarray(np.dstack(planes), mode="RGBA").save(tmp_path / "a.png")
    scene = Scene.open(tmp_path / "a.png", 0.3)
    assert scene.visibility(scene.grid.footprint).fraction == pytest.approx(seen.mean())


def udm2(**classes: np.ndarray) -> np.ndarray:
    """A mask (8, rows, columns) of the classes given; all else is clear."""
    order = ("clear", "snow", "shadow", "light", "heavy", "cloud", "confidence", "unusable")
    shape = next(iter(classes.values())).shape
    bands = np.zeros((8, *shape), np.uint8)
    for name, where in classes.items():
        bands[order.index(name)] = where
    bands[0] = ~bands[1:6].any(axis=0) & (bands[7] & 1 == 0)
    bands[6] = 90
    return bands


def flag(*where: tuple[int, int, int, int]) -> np.ndarray:
    """(20, 30) with 1 in the boxes x0, y0, x1, y1."""
    bits = np.zeros((20, 30), np.uint8)
    for x0, y0, x1, y1 in where:
        bits[y0:y1, x0:x1] = 1
    return bits


ITEM = "20240310_013045_12_2480"


@pytest.fixture
def planet_scene(write_tiff: WriteTiff, colours: np.ndarray) -> Scene:
    """A picture of 0.5 m pixels, and its mask of 1.3 x 1.1 m pixels that begins elsewhere."""
    bands = udm2(
        shadow=flag((0, 0, 3, 3)),
        heavy=flag((5, 5, 8, 7)),
        cloud=flag((10, 2, 14, 9)),
        snow=flag((15, 0, 18, 20)),
        light=flag((18, 0, 20, 20)),
        unusable=flag((2, 12, 4, 14)) | flag((6, 10, 7, 12)) * 2,
    )
    place = UTM @ Affine.translation(-3.3, -1.7) @ Affine.scale(2.6, 2.2)
    write_tiff(bands, f"{ITEM}_3B_udm2.tif", transform=place, nodata=0)
    return Scene.open(write_tiff(colours, f"{ITEM}_3B_Visual.tif"))


def clear_of(scene: Scene) -> shapely.Geometry:
    """What the mask above leaves clear, in pixels of the picture, written down by hand."""
    hidden = [(0, 0, 3, 3), (5, 5, 8, 7), (10, 2, 14, 9), (2, 12, 4, 14)]
    mask = shapely.box(0, 0, 30, 20).difference(
        shapely.union_all([shapely.box(*box) for box in hidden])
    )
    place = Affine.translation(-3.3, -1.7) @ Affine.scale(2.6, 2.2)
    moved = shapely.transform(mask, lambda p: np.column_stack(place @ p.T))
    return shapely.intersection(moved, scene.grid.footprint)


@pytest.mark.parametrize("region", REGIONS)
def test_a_udm2_of_another_resolution(planet_scene: Scene, region: str) -> None:
    visibility = planet_scene.visibility(REGIONS[region])
    truth = shapely.intersection(REGIONS[region], clear_of(planet_scene))
    assert visibility.basis == "udm2"
    assert visibility.fraction == pytest.approx(truth.area / REGIONS[region].area, abs=1e-9)
    assert visibility.clear.symmetric_difference(truth).area == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("scale", [0.25, 1.0, 1.6, 4.0])
def test_patches_show_the_same_and_keep_the_colours_of_clouds(
    planet_scene: Scene, tmp_path: Path, scale: float
) -> None:
    bare = tmp_path / "bare" / "no_mask.tif"
    bare.parent.mkdir()
    bare.write_bytes(planet_scene.path.read_bytes())
    to_pixel = Affine.translation(-2, -3) @ Affine.scale(scale)
    shape = (round(46 / scale), round(64 / scale))
    patch = planet_scene.read(to_pixel, shape)
    y, x = (np.mgrid[0 : shape[0], 0 : shape[1]]) * scale - np.array([[[3]], [[2]]])
    squares = shapely.box(x, y, x + scale, y + scale)
    share = shapely.area(shapely.intersection(squares, clear_of(planet_scene))) / scale**2
    decided = np.abs(share - 0.5) > 0.15
    assert np.array_equal(patch.valid_mask[decided], share[decided] > 0.5)
    unmasked = Scene.open(bare).read(to_pixel, shape)
    assert np.array_equal(patch.rgb, unmasked.rgb)
    assert (patch.rgb[~unmasked.valid_mask] == 0).all()
    assert (unmasked.valid_mask & ~patch.valid_mask).any()


def test_clouds_and_nodata_together(write_tiff: WriteTiff, colours: np.ndarray) -> None:
    write_tiff(udm2(cloud=flag((0, 0, 15, 20))), f"{ITEM}_3B_udm2.tif", transform=UTM @ scale2())
    data = colours.copy()
    data[:, :, 20:40] = 0
    scene = Scene.open(write_tiff(data, f"{ITEM}_3B_Visual.tif", nodata=0))
    visibility = scene.visibility(scene.grid.footprint)
    assert visibility.fraction == pytest.approx(1 / 3)
    assert visibility.clear.bounds == pytest.approx((40, 0, 60, 40))


def scale2() -> Affine:
    return Affine.scale(2.0)


def test_unclassified_mask_pixels_are_hidden(write_tiff: WriteTiff, colours: np.ndarray) -> None:
    bands = udm2(cloud=flag())
    bands[0, :10] = 0
    write_tiff(bands, f"{ITEM}_3B_udm2.tif", transform=UTM @ scale2())
    scene = Scene.open(write_tiff(colours, f"{ITEM}_3B_Visual.tif"))
    assert scene.visibility(scene.grid.footprint).fraction == pytest.approx(0.5)


def test_a_mask_of_another_place_is_refused(write_tiff: WriteTiff, colours: np.ndarray) -> None:
    elsewhere = Affine.translation(5000, 0) @ UTM
    write_tiff(udm2(cloud=flag()), f"{ITEM}_3B_udm2.tif", transform=elsewhere)
    with pytest.raises(SceneError, match=r"udm2\.tif: a mask that does not meet its image"):
        Scene.open(write_tiff(colours, f"{ITEM}_3B_Visual.tif"))


def test_pixels_beyond_the_mask_are_hidden(write_tiff: WriteTiff, colours: np.ndarray) -> None:
    write_tiff(udm2(cloud=flag()), f"{ITEM}_3B_udm2.tif", transform=UTM)
    scene = Scene.open(write_tiff(colours, f"{ITEM}_3B_Visual.tif"))
    assert scene.visibility(scene.grid.footprint).fraction == pytest.approx(0.25)
    assert scene.read(Affine.identity(), (40, 60)).valid_mask.mean() == pytest.approx(0.25)


def test_parts_of_a_large_window_join(
    write_tiff: WriteTiff, monkeypatch: pytest.MonkeyPatch, seen: np.ndarray
) -> None:
    monkeypatch.setattr("cv.scene.visibility._PART_PIXELS", 60 * 7)
    scene = Scene.open(write_tiff(picture(seen, 0), nodata=0))
    assert scene.visibility(scene.grid.footprint).fraction == pytest.approx(seen.mean())


def test_each_part_of_a_query_is_read_once_in_any_order(
    write_tiff: WriteTiff, monkeypatch: pytest.MonkeyPatch, seen: np.ndarray
) -> None:
    monkeypatch.setattr("cv.scene.visibility._PART_PIXELS", 60 * 7)
    scene = Scene.open(write_tiff(picture(seen, 0), nodata=0))
    read: list[int] = []
    read_window = RasterReader.read

    def recording(source, x, y, *more):
        read.append(y)
        return read_window(source, x, y, *more)

    monkeypatch.setattr(RasterReader, "read", recording)
    query = scene.visibility_query(scene.grid.footprint)
    assert len(query.parts) == 6
    assert not read
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda part: part.query(), query.parts[::-2]))
    assert scene.visibility_of(query).fraction == pytest.approx(seen.mean())
    assert scene.visibility_of(query).clear.equals(scene.visibility_of(query).clear)
    assert sorted(read) == [0, 7, 14, 21, 28, 35]


@pytest.mark.parametrize("seed", range(5))
def test_the_parts_of_a_region_add_up(write_tiff: WriteTiff, seen: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scene = Scene.open(write_tiff(picture(seen, 0), nodata=0))
    hull = shapely.MultiPoint(rng.uniform((-20, -20), (80, 60), (9, 2))).convex_hull
    cut = shapely.box(*rng.uniform(0, 20, 2), *rng.uniform(25, 60, 2))
    pieces = [shapely.intersection(hull, cut), shapely.difference(hull, cut)]
    areas = [scene.visibility(piece).clear.area for piece in pieces]
    whole = scene.visibility(hull)
    assert sum(areas) == pytest.approx(whole.clear.area)
    for piece, area in zip(pieces, areas, strict=True):
        assert whole.within(piece).clear.area == pytest.approx(area)
        assert 0 <= whole.within(piece).fraction <= 1


def test_lines_and_points_of_a_region_have_no_part_in_it(
    write_tiff: WriteTiff, colours: np.ndarray
) -> None:
    two = shapely.MultiPolygon([shapely.box(0, 0, 5, 5), shapely.box(55, 0, 65, 5)])
    bow = shapely.Polygon([(10, 10), (20, 20), (20, 10), (10, 20)])
    mixed = shapely.GeometryCollection(
        [two, shapely.Point(9, 9), shapely.LineString([(0, 9), (9, 9)]), bow]
    )
    scene = Scene.open(write_tiff(colours))
    assert scene.visibility(mixed).clear.area == pytest.approx(25 + 25 + 50)
    assert scene.visibility(mixed).fraction == pytest.approx(100 / 125)


def test_a_patch_that_its_mask_does_not_reach_is_hidden(
    write_tiff: WriteTiff, colours: np.ndarray
) -> None:
    write_tiff(udm2(cloud=flag()), f"{ITEM}_3B_udm2.tif", transform=UTM)
    with Scene.open(write_tiff(colours, f"{ITEM}_3B_Visual.tif")) as scene:
        assert not scene.read(Affine.translation(48, 32), (8, 12)).valid_mask.any()
        assert not scene.read(Affine(0.4, 0, 48, 0, 0.4, 32), (20, 30)).valid_mask.any()
