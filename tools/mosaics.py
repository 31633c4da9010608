"""Large scenes made of rendered chips: a port of 2 km by 2 km and more, written block by block."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import rasterio
import shapely
from affine import Affine
from rasterio.shutil import copy as raster_copy
from rasterio.windows import Window
from tqdm import tqdm

from cv.io.atomic_files import write_atomically
from cv.scene.nodata_collar import collar_mask
from cv.synthetic.chip_renderer import CHIP, FINE_GSD, render_chip
from cv.synthetic.render_config import DEFAULT

FIRST_SEED = 9_900_000
"""Of the chips: no training uses them."""
YARDS, BARE = 12, 36
"""Chips with containers and without: a quarter of the scene is port."""
PLACE = Affine(FINE_GSD, 0, 500_000, 0, -FINE_GSD, 4_680_000)
CRS = "EPSG:32652"
_BLOCK = 512


def mosaic(path: Path, side: int, bands: int = 3, dtype: str = "uint8") -> Path:
    """A GeoTIFF of `side` x `side` pixels, tiled and deflated; kept where it is there already.

    16-bit values are the 8-bit ones times 8, with a fourth band like the first, so that the same
    is to be seen: declare "limits:0-2040:1,2,3".
    """
    if path.exists():
        return path
    chips = _chips()
    draft = path.with_suffix(".part.tif")
    layout = {"tiled": True, "blockxsize": _BLOCK, "blockysize": _BLOCK}
    with rasterio.open(
        draft,
        "w",
        driver="GTiff",
        width=side,
        height=side,
        count=bands,
        dtype=dtype,
        crs=CRS,
        transform=PLACE,
        compress="deflate",
        predictor=2,
        photometric="RGB" if bands == 3 else "MINISBLACK",
        BIGTIFF="IF_SAFER",
        **layout,
    ) as dataset:
        bar = tqdm(
            _rows(chips, side), total=-(-side // CHIP), desc=path.name, disable=None, leave=False
        )
        for y, rows in bar:
            values = np.moveaxis(rows, 2, 0)[list(range(3)) + [0] * (bands - 3)]
            scaled = values if dtype == "uint8" else values.astype(dtype) * 8
            dataset.write(scaled, window=Window(0, y, side, rows.shape[0]))
    return draft.replace(path)


def cog(path: Path, plain: Path) -> Path:
    """The scene `plain` as a cloud-optimized GeoTIFF with overviews."""
    if not path.exists():
        draft = path.with_suffix(".part.tif")
        raster_copy(plain, draft, driver="COG", compress="deflate", predictor=2)
        draft.replace(path)
    return path


def piers(path: Path, side: int) -> Path:
    """A site with six piers, each 300 m by 70 m, three per cent of a scene of 8192 pixels."""
    metres = side * FINE_GSD
    features = []
    for i in range(6):
        x = PLACE.c + metres * (0.1 + 0.3 * (i % 3))
        y = PLACE.f - metres * (0.25 + 0.5 * (i // 3))
        outline = shapely.box(x, y - 70, x + 300, y)
        features.append(
            {
                "type": "Feature",
                "properties": {"name": f"Pier {i + 1}", "role": "export"},
                "geometry": shapely.geometry.mapping(outline),
            }
        )
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32652"}}
    site = {"type": "FeatureCollection", "crs": crs, "features": features}
    write_atomically(path, json.dumps(site).encode())
    return path


def yards() -> np.ndarray:
    """Chips with containers, (n, 640, 640, 3)."""
    with ProcessPoolExecutor() as pool:
        return np.stack(_whole(pool, _yard, YARDS))


def _chips() -> np.ndarray:
    with ProcessPoolExecutor() as pool:
        return np.stack([*_whole(pool, _yard, YARDS), *_whole(pool, _bare, BARE)])


def _whole(
    pool: ProcessPoolExecutor, draw: Callable[[int], np.ndarray], number: int
) -> list[np.ndarray]:
    """The first `number` chips without a border: a scene has one at its own edges, if at all."""
    drawn = pool.map(draw, range(FIRST_SEED, FIRST_SEED + number + number // 2))
    return [chip for chip in drawn if not collar_mask(np.moveaxis(chip, 2, 0), FINE_GSD**2).any()][
        :number
    ]


def _yard(seed: int) -> np.ndarray:
    return render_chip(seed, False, replace(DEFAULT, bare=0.0)).image


def _bare(seed: int) -> np.ndarray:
    return render_chip(seed, False, replace(DEFAULT, bare=1.0)).image


def _rows(chips: Sequence[np.ndarray] | np.ndarray, side: int) -> Iterator[tuple[int, np.ndarray]]:
    """Rows of chips with their first pixel row; the same chips at the same places, always."""
    for y in range(0, side, CHIP):
        rng = np.random.default_rng(y)
        row = [
            np.rot90(chips[int(rng.integers(len(chips)))], int(rng.integers(4)))
            for _ in range(0, side, CHIP)
        ]
        yield y, np.concatenate(row, axis=1)[: side - y, :side]
