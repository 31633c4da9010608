"""Annotated scenes: sharp pixels, marks in the right place, invalid areas striped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from matplotlib.image import imread
from pyproj import CRS

from cv.counting.pier_count import CountStatus
from cv.counting.pier_zones import Zones
from cv.counting.scene_counts import SceneCounts
from cv.errors import InputError
from cv.geometry.image_patch import Patch
from cv.report import draw
from cv.report.annotated_scene import DrawnZone, annotated_figure
from cv.report.figures import save_png
from cv.scene.scene import Scene
from cv.site import Pier, PierRole, Site
from tests.fixtures.sample_counts import a_count, a_scene, a_sighting

YELLOW, MAGENTA, CYAN, ORANGE = (255, 230, 0), (255, 31, 199), (0, 229, 255), (255, 122, 26)
SEEN = np.ones((300, 400), dtype=bool)


def a_patch(seen: np.ndarray = SEEN) -> Patch:
    y, x = np.indices(seen.shape)
    rgb = np.stack([x // 2 % 120, y // 2 % 120, (x + y) % 7 * 16], axis=-1)
    return Patch(np.where(seen[..., None], rgb, 0).astype(np.uint8), seen)


def drawn(
    folder: Path, patch: Patch, counts: SceneCounts, to_pixel: Affine, *outlines: DrawnZone
) -> np.ndarray:
    path = folder / "scene.png"
    save_png(annotated_figure(patch, to_pixel, counts, outlines), path)
    return np.round(imread(path)[..., :3] * 255).astype(np.uint8)


def near(picture: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """(n, 2) x, y of all pixels of about this colour."""
    y, x = np.nonzero(np.abs(picture.astype(int) - colour).max(axis=-1) < 40)
    return np.column_stack([x, y])


def test_pixels_are_magnified_without_blur(tmp_path: Path) -> None:
    patch = a_patch()
    counts = replace_gsd(a_scene([a_count()]))
    picture = drawn(tmp_path, patch, counts, Affine.identity())
    assert picture.shape[1] == 1600
    assert picture.shape[0] > 1200
    expected = np.kron(patch.rgb, np.ones((4, 4, 1), dtype=np.uint8))
    np.testing.assert_array_equal(picture[:1200], expected)


def replace_gsd(counts: SceneCounts) -> SceneCounts:
    """Without a known GSD there is no scale bar."""
    return replace(counts, piers=tuple(replace(c, gsd_m=(np.nan, np.nan)) for c in counts))


def test_invalid_pixels_are_striped(tmp_path: Path) -> None:
    seen = SEEN.copy()
    seen[50:150, 100:220] = False
    patch = a_patch(seen)
    picture = drawn(tmp_path, patch, replace_gsd(a_scene([a_count()])), Affine.identity())
    hidden = picture[200:600, 400:880].reshape(-1, 3)
    assert {tuple(colour) for colour in np.unique(hidden, axis=0)} == {
        (96, 96, 100),
        (128, 128, 132),
    }
    np.testing.assert_array_equal(picture[199, :1600:4], patch.rgb[49])


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_boxes_are_drawn_at_their_corners(tmp_path: Path, scale: float) -> None:
    to_pixel = Affine.translation(30, -20) @ Affine.scale(scale, scale)
    box = np.array([(50.0, 30.0), (110.0, 30.0), (110.0, 50.0), (50.0, 50.0)])
    corners = {
        colour: tuple((x, y) for x, y in (box + np.array([0, 30 * i])).tolist())
        for i, colour in enumerate((YELLOW, MAGENTA, CYAN))
    }
    detections = [
        replace(a_sighting(), corners=corners[YELLOW]),
        replace(a_sighting(aboard=True), corners=corners[MAGENTA]),
        replace(a_sighting(kind="hull"), corners=corners[CYAN]),
    ]
    picture = drawn(tmp_path, a_patch(), a_scene([a_count()], detections), to_pixel)[:1200]
    for colour, ring in corners.items():
        found = near(picture, colour)
        expected = (np.array(ring) - [30, -20]) / scale * 4
        low, high = found.min(axis=0), found.max(axis=0)
        np.testing.assert_allclose(high, expected.max(axis=0), atol=3)
        np.testing.assert_allclose(low[0], expected[:, 0].min(), atol=3)
        label = 40 if colour == CYAN else 3  # its length stands above a hull
        assert -label < low[1] - expected[:, 1].min() < 3


def test_piers_are_outlined_and_named(tmp_path: Path) -> None:
    pier = DrawnZone("Pier $1$", shapely.box(100, 100, 200, 150), "pier")
    away = DrawnZone("Elsewhere", shapely.box(900, 900, 950, 950), "pier")
    parts = [
        shapely.MultiPolygon([shapely.box(100, 160, 200, 180)]),
        shapely.LineString([(0, 0), (9, 9)]),
    ]
    berth = DrawnZone("Pier $1$", shapely.GeometryCollection(parts), "berth")
    counts = a_scene([a_count()])
    picture = drawn(tmp_path, a_patch(), counts, Affine.identity(), pier, away, berth)[:1200]
    found = near(picture, ORANGE)
    below = found[found[:, 1] > 398]
    np.testing.assert_allclose(below.min(axis=0), [400, 400], atol=3)
    np.testing.assert_allclose(below.max(axis=0), [800, 600], atol=3)
    name = found[found[:, 1] < 396]
    assert len(name) > 50
    assert name[:, 1].min() > 370


def test_outlines_lie_where_they_were_counted(tmp_path: Path) -> None:
    grid = Affine(0.5, 0.0, 500_000.0, 0.0, -0.5, 4_600_150.0)
    profile = {"driver": "GTiff", "width": 400, "height": 300, "count": 3, "dtype": "uint8"}
    with rasterio.open(tmp_path / "s.tif", "w", **profile, crs=32652, transform=grid) as out:
        out.write(np.full((3, 300, 400), 90, dtype=np.uint8))
    outline = shapely.box(500_050, 4_600_050, 500_130, 4_600_100)
    site = Site("port", (Pier("East", PierRole.YARD, outline, outline),), CRS.from_epsg(32652))
    here = a_scene([a_count()])
    shift_m = (6.0, 8.0)
    moved = a_scene([replace(a_count(), shift_m=shift_m)])
    corners = []
    with Scene.open(tmp_path / "s.tif") as scene:
        for i, counts in enumerate((here, moved)):
            figure = draw.scene(scene, counts, site, tmp_path / f"{i}.png")
            texts = " ".join(text.get_text() for axes in figure.axes for text in axes.texts)
            assert ("outlines moved by 10.0 m" in texts) == bool(i)
            zones = Zones.of_site(site, scene.grid, "s")
            zones = zones.shifted(*shift_m) if i else zones
            to_pixel, _ = draw._drawn_window(scene, zones)
            ring = next(line for line in figure.axes[0].lines if line.get_linestyle() == "-")
            drawn_at = np.stack([np.asarray(one) for one in ring.get_data()], axis=1).tolist()
            xy = np.array([to_pixel @ tuple(point) for point in drawn_at])
            corners.append(np.array([grid @ tuple(point) for point in xy.tolist()]))
    np.testing.assert_allclose(corners[1] - corners[0], np.tile([6.0, 8.0], (5, 1)), atol=0.1)


def test_the_scale_bar_has_its_length(tmp_path: Path) -> None:
    picture = drawn(tmp_path, a_patch(), a_scene([a_count()]), Affine.scale(2, 2))
    # A pixel of the patch is 2 x 0.5 m, so the picture is 400 m wide and the bar 50 m: 200 pixels.
    row = (picture[1200 - 14] > 250).all(axis=-1)
    assert row.sum() == pytest.approx(200, abs=3)


def test_wide_narrow_and_empty_scenes(tmp_path: Path) -> None:
    many = a_scene(
        [a_count(pier=f"Pier {i}, a rather long name that is cut", status=status)
         for i, status in enumerate(CountStatus)],
        [a_sighting(kind="hull", pier=None, x=-10), a_sighting(kind="container", pier=None, x=390)],
    )  # fmt: skip
    tall = drawn(tmp_path, a_patch(np.ones((300, 40), dtype=bool)), many, Affine.identity())
    assert tall.shape[1] == 1080
    wide = drawn(tmp_path, a_patch(np.zeros((20, 1700), dtype=bool)), many, Affine.identity())
    assert wide.shape[1] == 1700
    nothing = drawn(
        tmp_path, a_patch(SEEN[:40, :50]), SceneCounts("s", "d", (), ()), Affine.identity()
    )
    assert nothing.shape[1] == 1080


def test_same_scene_same_bytes_and_a_missing_folder(tmp_path: Path) -> None:
    counts = a_scene([a_count()], [a_sighting()])
    files = [tmp_path / "a.png", tmp_path / "b.png"]
    for path in files:
        save_png(annotated_figure(a_patch(), Affine.identity(), counts, []), path)
    assert files[0].read_bytes() == files[1].read_bytes()
    with pytest.raises(InputError, match="folder"):
        save_png(
            annotated_figure(a_patch(), Affine.identity(), counts, []), tmp_path / "no" / "a.png"
        )
