"""Deliveries with odd declarations: masks beside the image, wrong limits, outlines, scales.

Each is a folder with a pier of the sample port, as a provider or user would leave it there. It is
counted as `pierwatch monitor` would: every scene that is found in the folder.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from cv import Detector, PierwatchError, Scene, count
from cv.geometry.oriented_boxes import transform_geometry
from cv.scene.discovery.scene_folder import require_scenes
from robustness_bench import atmosphere, declarations, optics
from robustness_bench.pier_view import Bools, PierView, is_inside
from robustness_bench.trial import NOTHING, Outcome, Trial, trials_of, unopened
from robustness_bench.view_files import site_of, state_time, write_udm2, write_view

GROUP = "delivery"
_TIME = "2024-03-10T01:30:45Z"
_SKYSAT = "20240310_013045_ssc4_u0001"
_LEVELS = "limits:0-255"
"""Radiometry of values that are display levels."""
_OFF_M = 15.0
_WRONG_SCALE = 0.7


class Extent(StrEnum):
    """How much is hidden of a pier."""

    HALF = "half"
    """The ground of half of its containers."""
    ALL = "all"


@dataclass(frozen=True, eq=False)
class Delivered:
    """What was delivered."""

    view: PierView
    """With the outlines as they are drawn."""
    hidden: BaseGeometry = NOTHING
    """Ground that nobody can see, metres."""
    radiometry: str | None = None
    """As the user states it."""


Write = Callable[[PierView, Path], Delivered]
"""Writes a view into a folder."""


@dataclass(frozen=True)
class Delivery:
    """A way to deliver a view."""

    name: str
    write: Write
    right: tuple[Outcome, ...]
    """What may come of the number of containers; that of ships must only not be wrong."""
    with_ship: bool = False
    """Whether a ship lies at the berth."""

    @property
    def clear(self) -> str:
        """Name of the plain delivery of the same view."""
        return PLAIN_SHIP if self.with_ship else PLAIN


def count_delivery(
    delivery: Delivery, view: PierView, detector: Detector, folder: Path
) -> list[Trial]:
    """Write `view` into an empty folder below `folder`, and count all scenes that are found."""
    place = folder / "delivery"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    delivered = delivery.write(view, place)
    declared = delivered.view
    blank = Trial(group=GROUP, scene=view.name, perturbation=delivery.name)
    trials: list[Trial] = []
    try:
        paths = require_scenes(place)
    except PierwatchError as error:
        return unopened(replace(blank, reason=str(error)), declared)
    for number, path in enumerate(paths):
        one = replace(blank, strength=float(number))
        try:
            with Scene.open(path, radiometry=delivered.radiometry) as scene:
                counted = count(scene, site_of(declared), detector)[0]
            trials += trials_of(one, declared, counted, delivered.hidden)
        except PierwatchError as error:
            trials += unopened(replace(one, reason=str(error)), declared)
    return trials


def plain(view: PierView, folder: Path) -> Delivered:
    """Write nothing but the image."""
    write_view(folder / "scene.tif", view)
    return Delivered(view)


def external_mask(view: PierView, folder: Path, extent: Extent) -> Delivered:
    """Hide ground by scene.tif.msk alone; the pixels show it as it is."""
    hidden, ground = _hidden(view, extent)
    write_view(folder / "scene.tif", view)
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False),
        rasterio.open(folder / "scene.tif", "r+") as file,
    ):
        file.write_mask(~hidden)
    return Delivered(view, ground)


def nodata_beside(view: PierView, folder: Path, extent: Extent) -> Delivered:
    """Fill ground with a middle value, which scene.tif.aux.xml alone declares as nodata."""
    hidden, ground = _hidden(view, extent)
    values = _filled(view.image.astype(np.uint16) * 16, hidden, 1000)
    write_view(folder / "scene.tif", view, values)
    bands = "".join(
        f'<PAMRasterBand band="{band}"><NoDataValue>1000</NoDataValue></PAMRasterBand>'
        for band in (1, 2, 3)
    )
    (folder / "scene.tif.aux.xml").write_text(f"<PAMDataset>{bands}</PAMDataset>")
    return Delivered(view, ground, "limits:0-4080")


def float_nodata(view: PierView, folder: Path, extent: Extent) -> Delivered:
    """Declare a nodata value that no float32 equals, but that GDAL finds in them."""
    hidden, ground = _hidden(view, extent)
    values = _filled(view.image.astype(np.float32), hidden, -9999.9)
    write_view(folder / "scene.tif", view, values, nodata=-9999.9)
    return Delivered(view, ground, _LEVELS)


def undeclared_fill(view: PierView, folder: Path, extent: Extent, dtype: str) -> Delivered:
    """Fill ground with -9999, and declare nothing."""
    hidden, ground = _hidden(view, extent)
    write_view(folder / "scene.tif", view, _filled(view.image.astype(dtype), hidden, -9999))
    return Delivered(view, ground, _LEVELS)


def composite(view: PierView, folder: Path, extent: Extent) -> Delivered:
    """Deliver composite.tif under cloud with composite_udm2.tif, as orders of Planet's do."""
    hidden, ground = _hidden(view, extent)
    write_view(folder / "composite.tif", _clouded(view, hidden))
    write_udm2(folder / "composite_udm2.tif", view, hidden)
    return Delivered(view, ground)


def encoded_item(view: PierView, folder: Path, extent: Extent) -> Delivered:
    """Deliver a STAC Item that names the image under cloud, and its mask, percent-encoded."""
    hidden, ground = _hidden(view, extent)
    write_view(folder / "port scene #1.tif", _clouded(view, hidden))
    write_udm2(folder / "cover of #1.tif", view, hidden)
    assets = {
        "visual": {"href": "./port%20scene%20%231.tif", "roles": ["data"]},
        "udm2": {"href": "./cover%20of%20%231.tif"},
    }
    _write_json(folder / "item.json", {"datetime": _TIME}, stac_version="1.0.0", assets=assets)
    return Delivered(view, ground)


def mask_among_scenes(view: PierView, folder: Path) -> Delivered:
    """Leave a cloud mask of one band, under a name of its own, in the folder of the image."""
    plain(view, folder)
    values = np.zeros((*view.shape, 1), np.uint8)
    values[: view.shape[0] // 3] = 1
    write_view(folder / "weather_0310.tif", view, values)
    for name in ("scene.tif", "weather_0310.tif"):
        state_time(folder / name, _TIME)
    return Delivered(view)


def preview(view: PierView, folder: Path) -> Delivered:
    """Leave a soft preview of the same moment in the folder of the image."""
    plain(view, folder)
    soft = optics.sampled(view, 0.85, np.random.default_rng(0))
    write_view(folder / "browse.tif", soft)
    for name in ("scene.tif", "browse.tif"):
        state_time(folder / name, _TIME)
    return Delivered(view)


def limits_of_another_unit(view: PierView, folder: Path) -> Delivered:
    """State limits as reflectances, which the file's scale tag implies, for stored integers."""
    values = (view.light * 10_000).astype(np.uint16)
    write_view(folder / "scene.tif", view, values)
    with rasterio.open(folder / "scene.tif", "r+") as file:
        file.scales = (1e-4,) * 3
    return Delivered(view, radiometry="limits:0-0.3")


def outline_off(view: PierView, folder: Path) -> Delivered:
    """Draw pier and berth 15 m off, towards the water."""
    assert view.ships is not None
    ends = (geometry.centroid for geometry in (view.outline, view.ships.berth))
    inland, afloat = ((point.x, point.y) for point in ends)
    way = np.subtract(afloat, inland) / np.hypot(*np.subtract(afloat, inland))
    plain(view, folder)
    return Delivered(declarations.outline_moved(view, *(_OFF_M * way)))


def outline_over_berth(view: PierView, folder: Path) -> Delivered:
    """Draw the pier's outline around its berth, too."""
    plain(view, folder)
    return Delivered(replace(view, outline=view.region))


def wrong_scale(view: PierView, folder: Path) -> Delivered:
    """Declare a GSD that is 30 % too small, with outlines drawn on the image."""
    declared = declarations.wrong_gsd(view, _WRONG_SCALE, np.random.default_rng(0))
    plain(declared, folder)
    return Delivered(declared)


def own_words(view: PierView, folder: Path, said: dict[str, object]) -> Delivered:
    """Deliver a SkySat image whose metadata say something about the acquisition."""
    write_view(folder / f"{_SKYSAT}_visual.tif", view)
    _write_json(folder / f"{_SKYSAT}_metadata.json", {"acquired": _TIME, "gsd": 0.5} | said)
    return Delivered(view)


def _hidden(view: PierView, extent: Extent) -> tuple[Bools, BaseGeometry]:
    """Return what is hidden: pixels (rows, columns), and the ground, metres.

    It is all, or what lies north of a line, with half of the containers on the pier.
    """
    rows, columns = view.shape
    on_pier = is_inside(view.outline, view.containers)
    middle = float(np.median(view.containers_px[on_pier].mean(axis=1)[:, 1]))
    first = round(middle) if extent is Extent.HALF else rows
    hidden = np.zeros(view.shape, bool)
    hidden[:first] = True
    return hidden, transform_geometry(shapely.box(0, 0, columns, first), view.to_ground)


def _filled(values: NDArray[np.generic], hidden: Bools, fill: float) -> NDArray[np.generic]:
    return np.where(hidden[..., None], np.array(fill, values.dtype), values)


def _clouded(view: PierView, hidden: Bools) -> PierView:
    """Return the view with opaque cloud over the pixels `hidden`."""
    cloud = atmosphere.thick_cloud_whole(view, 0.999, np.random.default_rng(0)).image
    return view.with_image(np.where(hidden[..., None], cloud, view.image))


def _write_json(path: Path, properties: dict[str, Any], **members: object) -> None:
    document = {"type": "Feature", "id": _SKYSAT, "geometry": None, "properties": properties}
    path.write_text(json.dumps(document | members))


_NUMBER = (Outcome.HELD, Outcome.WIDENED)
_NONE = (Outcome.REFUSED,)
_NOT_WRONG = (*_NUMBER, *_NONE)
_HIDING: dict[str, Callable[..., Delivered]] = {
    "mask in scene.tif.msk": external_mask,
    "nodata in scene.tif.aux.xml": nodata_beside,
    "float nodata, nearly equal": float_nodata,
    "undeclared -9999, float": partial(undeclared_fill, dtype="float32"),
    "undeclared -9999, integer": partial(undeclared_fill, dtype="int16"),
    "cloud, composite_udm2.tif": composite,
    "cloud, Item with encoded names": encoded_item,
}
_WORDS: dict[str, tuple[dict[str, object], tuple[Outcome, ...]]] = {
    "says cloud cover 99.5 %": ({"cloud_percent": 99.5}, _NONE),
    "says sun at -12 degrees": ({"sun_elevation": -12}, _NONE),
    "says 45 degrees off nadir": ({"view_angle": 45}, _NONE),
    "says true GSD 3 m": ({"gsd": 3.0}, _NONE),
    'says quality "test"': ({"quality_category": "test"}, _NONE),
    "says no ground control": ({"ground_control": False}, _NUMBER),
}


def _all() -> tuple[Delivery, ...]:
    """Return all deliveries, in the order of the table."""
    return (
        Delivery(PLAIN, plain, _NUMBER),
        Delivery(PLAIN_SHIP, plain, _NUMBER, with_ship=True),
        *(
            Delivery(f"{name}: {extent}", partial(write, extent=extent), right)
            for name, write in _HIDING.items()
            for extent, right in ((Extent.HALF, _NUMBER), (Extent.ALL, _NONE))
        ),
        Delivery("cloud mask among the scenes", mask_among_scenes, _NUMBER),
        Delivery("preview of the same moment", preview, _NUMBER),
        Delivery("limits of another unit", limits_of_another_unit, _NOT_WRONG),
        Delivery("outlines 15 m off, to the ship", outline_off, _NOT_WRONG, with_ship=True),
        Delivery("outline over its berth", outline_over_berth, _NOT_WRONG, with_ship=True),
        Delivery("GSD 30 % too small", wrong_scale, _NOT_WRONG),
        *(
            Delivery(name, partial(own_words, said=said), right)
            for name, (said, right) in _WORDS.items()
        ),
    )


PLAIN, PLAIN_SHIP = "plain", "plain, with a ship"
"""The deliveries with which others are compared."""
DELIVERIES = {one.name: one for one in _all()}
"""All deliveries by name."""
