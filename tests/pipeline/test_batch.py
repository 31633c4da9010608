"""Counting and batches: status, fates, determinism, and what bad scenes leave behind."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from PIL import Image
from pyproj import CRS
from rasterio.windows import Window

from cv.counting.pier_count import UNKNOWN, CountStatus
from cv.detector.model_card import Calibration
from cv.detector.runtimes.engine import InferenceEngine
from cv.errors import CoverageError, InferenceError, RadiometryError
from cv.ledger import Ledger
from cv.pipeline.batch import count, monitor, scan_scene
from cv.pipeline.batch_recorder import BatchRecorder
from cv.pipeline.scene_outcome import SceneStatus
from cv.scene.scene import Scene
from cv.site import Pier, PierRole, Site
from cv.timeseries.history import pier_history
from cv.timeseries.series import Series
from tests.fixtures.fake_detectors import (
    CARD,
    CONTAINER_RGB,
    HULL_RGB,
    network_of,
    painted_detector,
)
from tests.fixtures.painted_pier import BERTH, PIER, grid_transform, paint, to_lonlat, water_surface

RAJIN = (130.295, 42.235)
UTM = CRS.from_epsg(32652)
SIZE = 700
GSD = 0.45
TRANSFORM = grid_transform(UTM, RAJIN, GSD, 0.0, 1, SIZE)
NOON = datetime(2024, 3, 10, 2, 30, tzinfo=UTC)
WHEN = datetime(2024, 3, 10, 1, 30, 45, tzinfo=UTC)
"""What the name of a Planet asset says."""


@pytest.fixture
def site(tmp_path):
    features = [
        {
            "type": "Feature",
            "properties": {"name": "Pier 2", "role": "export"},
            "geometry": shapely.geometry.mapping(to_lonlat(PIER, RAJIN)),
        },
        {
            "type": "Feature",
            "properties": {"kind": "berth", "pier": "Pier 2"},
            "geometry": shapely.geometry.mapping(to_lonlat(BERTH, RAJIN)),
        },
        {
            "type": "Feature",
            "properties": {"name": "Far pier", "role": "import"},
            "geometry": shapely.geometry.mapping(to_lonlat(shapely.box(900, 0, 1000, 50), RAJIN)),
        },
    ]
    path = tmp_path / "site.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return Site.read(path)


@pytest.fixture
def scene_path(tmp_path):
    folder = tmp_path / "scenes"
    folder.mkdir()
    return paint(folder / "20240310_023000.tif", UTM, TRANSFORM, RAJIN, SIZE)


def test_a_pier_outside_the_scene_is_not_visible_and_has_no_number(scene_path, site):
    counts = count(Scene.open(scene_path), site, painted_detector())
    far = counts["Far pier"]
    assert far.status == "not_visible"
    assert far.visible_fraction == 0
    assert far.containers.value is None
    assert far.hulls.value is None
    assert counts["Pier 2"].containers.value == 24
    with pytest.raises(KeyError, match="there are Pier 2, Far pier"):
        counts["No pier"]
    table = counts.to_dataframe()
    assert table["containers"].isna().tolist() == [False, True]
    assert "unknown" in counts._repr_html_()


def test_intervals_are_calibrated_where_every_class_is(scene_path, site):
    box = Calibration(kind="container", scores=(0.0, 1.0), probabilities=(0.0, 1.0))
    for found, calibrated in (((box,), False), ((box, replace(box, kind="hull")), True)):
        detector = painted_detector(card=replace(CARD, calibrations=found))
        counts = count(Scene.open(scene_path), site, detector)
        assert {one.interval_calibrated for one in counts} == {calibrated}


def test_sightings_as_a_geodataframe(scene_path, site):
    table = count(Scene.open(scene_path), site, painted_detector()).to_geodataframe()
    assert table.crs.to_epsg() == 4326
    assert (table["class"] == "container").sum() == 24
    metric = table.to_crs(32652)
    assert metric.area.to_numpy() == pytest.approx(
        (table["length_m"] * table["width_m"]).to_numpy(), rel=0.01
    )


@pytest.mark.parametrize("gsd_range", [(0.15, 0.4), (0.5, 0.9)])
def test_a_gsd_outside_the_models_range_gives_out_of_range(scene_path, site, gsd_range):
    detector = painted_detector(card=replace(CARD, gsd_range_m=gsd_range))
    for pier in count(Scene.open(scene_path), site, detector):
        assert pier.status == "out_of_range"
        assert "0.45" in pier.reason
        assert pier.containers.value is None
    assert not network_of(detector).calls


def mask_columns(path, columns, value, dtype=None):
    """The scene with the first `columns` columns set to `value`, declared nodata where finite."""
    with rasterio.open(path) as source:
        profile, data = source.profile, source.read()
    data = data.astype(dtype or data.dtype)
    data[:, :, :columns] = value
    profile.update(dtype=data.dtype)
    if math.isfinite(value):
        profile.update(nodata=value)
    with rasterio.open(path, "w", **profile) as out:
        out.write(data)


@pytest.mark.parametrize(
    ("value", "dtype", "radiometry"),
    [
        (7, None, None),
        (math.nan, "float32", "limits:0-255:1,2,3"),
        (math.inf, "float32", "limits:0-255:1,2,3"),
    ],
)
def test_pixels_that_are_not_there_reduce_the_fraction_exactly(
    scene_path, site, value, dtype, radiometry
):
    columns = 350
    mask_columns(scene_path, columns, value, dtype)
    scene = Scene.open(scene_path, radiometry=radiometry)
    pier = count(scene, site, painted_detector())["Pier 2"]
    outline = scene.grid.geometry_from_world(site.pier("Pier 2").outline, site.crs)
    kept = outline.intersection(shapely.box(columns, 0, SIZE, SIZE)).area / outline.area
    assert pier.status == "partial"
    assert pier.visible_fraction == pytest.approx(kept, abs=1e-6)
    assert 0 < pier.containers.value < 24
    assert f"of the pier ({math.ceil(100 * (1 - kept))}% nodata or fill)" in pier.reason


def test_ground_outside_the_image_is_named_as_such(scene_path, site):
    columns = 350
    with rasterio.open(scene_path) as dataset:
        window = Window(columns, 0, SIZE - columns, SIZE)
        values, transform = dataset.read(window=window), dataset.window_transform(window)
        profile = dataset.profile | {"width": SIZE - columns, "transform": transform}
    with rasterio.open(scene_path, "w", **profile) as dataset:
        dataset.write(values)
    scene = Scene.open(scene_path)
    pier = count(scene, site, painted_detector())["Pier 2"]
    outline = scene.grid.geometry_from_world(site.pier("Pier 2").outline, site.crs)
    outside = outline.difference(scene.grid.footprint).area / outline.area
    assert 0.1 < outside < 0.9
    assert f"of the pier ({math.ceil(100 * outside)}% outside the image) and" in pier.reason


def test_a_pier_under_a_border_that_nobody_declared_is_not_visible(scene_path, site):
    with rasterio.open(scene_path, "r+") as dataset:
        values = dataset.read()
        values[:, :, 10:] = 255
        dataset.write(values)
        assert dataset.nodata is None
    for pier in count(Scene.open(scene_path), site, painted_detector()):
        assert pier.status == "not_visible"
        assert pier.containers.value is None


@pytest.mark.parametrize("value", [7, math.nan, math.inf])
def test_a_scene_of_nothing_is_not_visible_and_never_zero(scene_path, site, value):
    dtype = None if value == 7 else "float32"
    mask_columns(scene_path, SIZE, value, dtype)
    radiometry = None if value == 7 else "limits:0-255:1,2,3"
    detector = painted_detector()
    for pier in count(Scene.open(scene_path, radiometry=radiometry), site, detector):
        assert pier.status == "not_visible"
        assert pier.containers.value is None
    assert not network_of(detector).calls


def test_a_network_that_answers_nan_is_an_error_and_a_recorded_failure(
    scene_path, site, tmp_path, monkeypatch
):
    detector = painted_detector()
    nan = np.full((1, 3, 7), np.nan, np.float32)
    monkeypatch.setattr(network_of(detector), "run", lambda rgb: nan)
    scene = Scene.open(scene_path, acquired=NOON)
    with pytest.raises(InferenceError):
        count(scene, site, detector)
    with Ledger.open(tmp_path / "l.db") as ledger:
        (outcome,) = monitor([scene], site, detector, ledger)
        assert outcome.status is SceneStatus.FAILED
        assert "not finite" in outcome.reason
        for pier in ledger.counts():
            assert pier.status == "failed"
            assert pier.containers.value is None


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MemoryError("12 GiB"), "it needs more memory than there is"),
        (ZeroDivisionError("by zero"), "ZeroDivisionError: by zero"),
    ],
)
def test_a_count_that_breaks_off_has_no_number_and_gives_way(
    scene_path, site, tmp_path, monkeypatch, error, reason
):
    def broken(rgb):
        raise error

    detector = painted_detector()
    monkeypatch.setattr(network_of(detector), "run", broken)
    opener = partial(Scene.open, acquired=NOON)
    with Ledger.open(tmp_path / "l.db") as ledger:
        (outcome,) = monitor([scene_path], site, detector, ledger, opener)
        assert (outcome.status, outcome.reason) == (SceneStatus.FAILED, reason)
        assert [pier.containers for pier in outcome.piers] == [None, None]
        for pier in ledger.counts():
            assert (pier.status, pier.reason) == ("failed", reason)
            assert (pier.containers.value, pier.hulls.value) == (None, None)
            assert pier.visible_fraction is None
        monkeypatch.undo()
        (outcome,) = monitor([scene_path], site, detector, ledger, opener)
        assert outcome.status is SceneStatus.RECORDED
        assert [one.containers.value for one in ledger.counts("Pier 2")] == [24]


def test_a_batch_records_new_scenes_only_and_refuses_without_a_trace(scene_path, site, tmp_path):
    broken = scene_path.with_name("20240311_023000.tif")
    broken.write_bytes(scene_path.read_bytes()[:2000])
    timeless = paint(scene_path.with_name("timeless.tif"), UTM, TRANSFORM, RAJIN, SIZE)
    paths = sorted([scene_path, broken, timeless])

    def opener(path):
        acquired = None if "timeless" in str(path) else NOON
        return Scene.open(path, acquired=acquired)

    with Ledger.open(tmp_path / "l.db") as ledger:
        first = monitor(paths, site, painted_detector(), ledger, opener)
        assert [outcome.status for outcome in first] == [
            SceneStatus.RECORDED,
            SceneStatus.REFUSED,
            SceneStatus.REFUSED,
        ]
        assert "no acquisition time" in first[2].reason
        rows = ledger.counts()
        assert {row.scene for row in rows} == {"20240310_023000"}
    before = (tmp_path / "l.db").read_bytes()
    detector = painted_detector()
    with Ledger.open(tmp_path / "l.db") as ledger:
        again = monitor(paths, site, detector, ledger, opener)
        assert again[0].status is SceneStatus.KNOWN
        assert ledger.counts() == rows
    assert not network_of(detector).calls
    assert (tmp_path / "l.db").read_bytes() == before


def test_a_scene_that_changed_under_its_name_is_refused_and_the_batch_goes_on(
    scene_path, site, tmp_path
):
    other = paint(tmp_path / "other.tif", UTM, TRANSFORM, RAJIN, SIZE)
    mask_columns(other, 20, 7)

    def opener(path):
        return Scene.open(path, acquired=NOON)

    with Ledger.open(tmp_path / "l.db") as ledger:
        monitor([scene_path], site, painted_detector(), ledger, opener)
        mask_columns(scene_path, 40, 7)
        outcomes = monitor([scene_path, other], site, painted_detector(), ledger, opener)
        assert [outcome.status for outcome in outcomes] == [
            SceneStatus.REFUSED,
            SceneStatus.RECORDED,
        ]
        assert "never changes" in outcomes[0].reason


def test_one_image_is_one_scene_whatever_its_name_and_time(scene_path, site, tmp_path):
    copy = Path(shutil.copy(scene_path, tmp_path / "copy.tif"))

    def at(hour):
        when = NOON.replace(hour=hour)
        return lambda path: Scene.open(path, acquired=when)

    with Ledger.open(tmp_path / "l.db") as ledger:
        first, second = monitor([scene_path, copy], site, painted_detector(), ledger, at(12))
        assert (first.status, second.status) == (SceneStatus.RECORDED, SceneStatus.KNOWN)
        assert "the same image is recorded as scene '20240310_023000'" in second.reason
        counts = ledger.counts()
        assert monitor([copy], site, painted_detector(), ledger, at(13)) == (second,)
        assert ledger.counts() == counts
        (moved,) = monitor([scene_path], site, painted_detector(), ledger, at(13))
        assert moved.status is SceneStatus.REFUSED
        assert "2024-03-10 13:30 UTC by this run and 2024-03-10 12:30 UTC in" in moved.reason
        assert "Check --time-pattern" in moved.reason


def test_a_recount_supersedes_wherever_the_file_now_lies(scene_path, site, tmp_path):
    opener = partial(Scene.open, acquired=NOON)
    trial = painted_detector()
    trial = replace(trial, models=(replace_digest(trial.models[0]),))
    wider = Site(
        site.name,
        (replace(site.pier("Pier 2"), outline=site.pier("Pier 2").outline.buffer(1)),),
        site.crs,
    )
    with Ledger.open(tmp_path / "l.db") as ledger:
        monitor([scene_path], site, painted_detector(), ledger, opener)
        (tmp_path / "archive").mkdir()
        moved = scene_path.rename(tmp_path / "archive" / "renamed.tif")
        for detector, where in ((trial, site), (painted_detector(), wider)):
            for status in (SceneStatus.RECORDED, SceneStatus.KNOWN):
                (outcome,) = monitor([moved], where, detector, ledger, opener)
                assert outcome.status is status
            (latest,) = ledger.counts("Pier 2", latest=True)
            assert (latest.scene, latest.model) == ("20240310_023000", detector.digest)
        assert len(ledger.counts("Pier 2")) == 3
        assert len(Series.of("Pier 2", ledger.counts("Pier 2")).counts) == 1


def test_same_input_same_output_whatever_the_threads(scene_path, site):
    scene = Scene.open(scene_path)
    one = count(scene, site, painted_detector(1))
    for threads in (2, 3):
        assert repr(count(scene, site, painted_detector(threads))) == repr(one)


def test_a_site_elsewhere_is_refused(scene_path, tmp_path):
    path = tmp_path / "elsewhere.geojson"
    feature = {
        "type": "Feature",
        "properties": {"name": "P"},
        "geometry": shapely.geometry.mapping(shapely.box(4, 51.9, 4.01, 51.91)),
    }
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    with pytest.raises(
        CoverageError,
        match=r"no pier of .*elsewhere\.geojson lies in it; the nearest is 8,\d{3} km",
    ):
        count(Scene.open(scene_path), Site.read(path), painted_detector())


def not_georeferenced(path):
    """Paint a scene without a transform and a CRS."""
    paint(path, UTM, TRANSFORM, RAJIN, SIZE)
    with rasterio.open(path) as source:
        profile = source.profile | {"crs": None, "transform": rasterio.Affine.identity()}
        data = source.read()
    with rasterio.open(path, "w", **profile) as out:
        out.write(data)
    return path


def test_a_site_needs_a_scene_with_a_place(tmp_path, site):
    path = not_georeferenced(tmp_path / "whole.tif")
    with pytest.raises(CoverageError, match=r"no georeference.*put a world file and a \.prj"):
        count(Scene.open(path, GSD), site, painted_detector())


def test_a_batch_names_what_locates_piers_and_that_works(tmp_path, site):
    path = not_georeferenced(tmp_path / "whole.tif")
    opener = partial(Scene.open, acquired=NOON)
    with Ledger.open(tmp_path / "l.db") as ledger:
        (refused,) = monitor([path], site, painted_detector(), ledger, opener)
        assert "no georeference, so no pier can be located in it" in refused.reason
        assert "gdal_edit.py -a_srs EPSG:... -a_ullr" in refused.reason
        assert "--gsd" not in refused.reason
        t = TRANSFORM @ rasterio.Affine.translation(0.5, 0.5)
        world = "\n".join(map(str, (t.a, t.d, t.b, t.e, t.c, t.f)))
        path.with_suffix(".tfw").write_text(world)
        path.with_suffix(".prj").write_text(UTM.to_wkt("WKT1_ESRI"))
        (recorded,) = monitor([path], site, painted_detector(), ledger, opener)
        assert recorded.status is SceneStatus.RECORDED
        picture = tmp_path / "picture.jpg"
        with Image.open(path) as image:
            image.convert("RGB").save(picture, quality=97)
        (refused,) = monitor([picture], site, painted_detector(), ledger, opener)
        assert "Put a world file and a .prj beside it." in refused.reason
        path.with_suffix(".tfw").rename(picture.with_suffix(".jgw"))
        path.with_suffix(".prj").rename(picture.with_suffix(".prj"))
        (recorded,) = monitor([picture], site, painted_detector(), ledger, opener)
        assert recorded.status is SceneStatus.RECORDED


def place_of(name, shape):
    return {
        "type": "Feature",
        "properties": {"name": name},
        "geometry": shapely.geometry.mapping(shape),
    }


def test_a_yard_has_containers_and_no_berth(scene_path, tmp_path):
    path, yard = tmp_path / "yard.geojson", place_of("Yard", to_lonlat(PIER, RAJIN))
    yard["properties"]["role"] = "yard"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [yard]}))
    (found,) = count(Scene.open(scene_path), Site.read(path), painted_detector())
    assert (found.status, found.containers.value) == (CountStatus.COUNTED, 24)
    assert (found.hulls, found.aboard) == (UNKNOWN, UNKNOWN)
    assert found.berth_visible_fraction is None


@pytest.mark.parametrize(
    ("shape", "concerned"),
    [
        (shapely.box(93.1 - 90, 0, 93.11 - 90, 0.01), False),  # another side of the Earth
        (to_lonlat(shapely.box(10_300, 0, 10_400, 50), RAJIN), False),
        (to_lonlat(shapely.box(9_500, 0, 9_600, 50), RAJIN), True),
    ],
)
def test_a_scene_concerns_the_piers_of_its_port(scene_path, tmp_path, shape, concerned):
    found = {}
    for name, shapes in (("port", {}), ("world", {"Far": shape})):
        features = [place_of("Here", to_lonlat(PIER, RAJIN))]
        features += [place_of(other, where) for other, where in shapes.items()]
        path = tmp_path / f"{name}.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
        found[name] = count(Scene.open(scene_path), Site.read(path), painted_detector())
    port, world = found["port"], found["world"]
    assert world["Here"].containers == port["Here"].containers
    assert world["Here"].containers.value == 24
    assert len(world) == 1 + concerned
    assert (world["Here"].settings == port["Here"].settings) is not concerned
    if concerned:
        assert world["Far"].status == "not_visible"
        assert world["Far"].containers.value is None


def test_without_a_site_the_whole_image_is_counted(tmp_path):
    path = paint(tmp_path / "whole.tif", UTM, TRANSFORM, RAJIN, SIZE)
    with rasterio.open(path) as source:
        data = source.read()
    png = tmp_path / "whole.png"
    with rasterio.open(
        png, "w", driver="PNG", width=SIZE, height=SIZE, count=3, dtype="uint8"
    ) as out:
        out.write(data)
    (whole,) = count(Scene.open(png, GSD), None, painted_detector())
    assert whole.pier == "whole"
    assert whole.containers.value == 24
    assert whole.hulls.value == 1
    assert math.isnan(whole.berthed[0].heading_deg)


def test_16_bit_without_a_profile_is_refused(scene_path, tmp_path):
    mask_columns(scene_path, 0, 0, "uint16")
    with pytest.raises(RadiometryError):
        Scene.open(scene_path)


def test_limits_that_hide_everything_are_a_recorded_failure_and_the_batch_goes_on(
    scene_path, site, tmp_path
):
    """`count` raises it; the ledger has the reason, and better limits bring a count."""
    other = scene_path.with_name("20240311_023000.tif")
    with rasterio.open(scene_path) as source:
        values, profile = source.read(), source.profile
    with rasterio.open(other, "w", **profile) as file:
        file.write(np.roll(values, 3, axis=2))

    def opener(path, limits="limits:1000-2000:1,2,3"):
        radiometry = limits if Path(path) == scene_path else None
        return Scene.open(path, radiometry=radiometry, time_pattern="UTC:%Y%m%d_%H%M%S")

    with pytest.raises(RadiometryError, match="are black"):
        count(opener(scene_path), site, painted_detector())
    with Ledger.open(tmp_path / "l.db") as ledger:
        outcomes = monitor([scene_path, other], site, painted_detector(), ledger, opener)
        assert [one.status for one in outcomes] == [SceneStatus.FAILED, SceneStatus.RECORDED]
        assert "Limits that fit its values" in outcomes[0].reason
        (failed, *_) = [one for one in ledger.counts("Pier 2") if one.scene == scene_path.stem]
        assert (failed.status, failed.containers.value) == ("failed", None)
        assert failed.reason == outcomes[0].reason
        wide = partial(opener, limits="limits:0-255:1,2,3")
        (again,) = monitor([scene_path], site, painted_detector(), ledger, wide)
        assert again.status is SceneStatus.RECORDED


def test_a_file_that_nothing_foresaw_is_refused_and_the_batch_goes_on(scene_path, site, tmp_path):
    def opener(path):
        if path == "strange":
            raise ZeroDivisionError("by zero")
        return Scene.open(path, acquired=NOON)

    with Ledger.open(tmp_path / "l.db") as ledger:
        outcomes = monitor(["strange", scene_path], site, painted_detector(), ledger, opener)
    assert [outcome.status for outcome in outcomes] == [SceneStatus.REFUSED, SceneStatus.RECORDED]
    assert outcomes[0].reason == "ZeroDivisionError: by zero"


def test_another_engine_makes_a_new_count(scene_path, site, tmp_path):
    usual = painted_detector()
    with Ledger.open(tmp_path / "port.db") as ledger:
        for detector in (usual, replace(usual, engine=InferenceEngine.OPENVINO), usual):
            with Scene.open(scene_path, acquired=NOON) as scene:
                monitor([scene], site, detector, ledger)
        assert len(ledger.counts("Pier 2")) == 2
        assert len(ledger.counts("Pier 2", latest=True)) == 1


def test_a_mask_that_comes_later_makes_a_new_count(site, tmp_path):
    name = "20240310_013045_12_2480_3B"
    image = paint(tmp_path / f"{name}_Visual.tif", UTM, TRANSFORM, RAJIN, SIZE)
    with Ledger.open(tmp_path / "l.db") as ledger:
        monitor([image], site, painted_detector(), ledger)
        image, _ = masked(tmp_path, name)
        (outcome,) = monitor([image], site, painted_detector(), ledger)
        assert outcome.status is SceneStatus.RECORDED
        blind, clouded = ledger.counts("Pier 2")
        assert (blind.containers.value, blind.visibility) == (24, "pixels")
        assert (clouded.status, clouded.containers.value) == ("not_visible", None)
        assert ledger.counts("Pier 2", latest=True) == (clouded,)


def masked(folder, name):
    """An image of which a UDM2 knows that there is cloud everywhere; image and mask."""
    image = paint(folder / f"{name}_Visual.tif", UTM, TRANSFORM, RAJIN, SIZE)
    bands = np.zeros((8, SIZE, SIZE), np.uint8)
    bands[5] = 1
    with rasterio.open(
        folder / f"{name}_udm2.tif", "w", driver="GTiff", count=8, height=SIZE, width=SIZE,
        dtype="uint8", crs=UTM.to_wkt(), transform=TRANSFORM,
    ) as out:  # fmt: skip
        out.write(bands)
    return image, folder / f"{name}_udm2.tif"


@pytest.mark.parametrize("known_before", [False, True])
def test_clouds_that_were_known_are_not_forgotten_when_the_mask_is_gone(
    site, tmp_path, known_before
):
    name = "20240310_013045_12_2480_3B"
    image = paint(tmp_path / f"{name}_Visual.tif", UTM, TRANSFORM, RAJIN, SIZE)
    with Ledger.open(tmp_path / "l.db") as ledger:
        if known_before:
            monitor([image], site, painted_detector(), ledger)
        image, mask = masked(tmp_path, name)
        monitor([image], site, painted_detector(), ledger)
        mask.rename(tmp_path / "elsewhere.tif")
        (outcome,) = monitor([image], site, painted_detector(), ledger)
        assert outcome.status is SceneStatus.REFUSED
        assert "no UDM2 comes with it now" in outcome.reason
        (series,) = pier_history(ledger, ["Pier 2"]).values()
        assert [count.status for count in series] == ["not_visible"]
        (tmp_path / "elsewhere.tif").rename(mask)
        assert monitor([image], site, painted_detector(), ledger)[0].status is SceneStatus.KNOWN


@pytest.mark.parametrize("copy_first", [False, True])
def test_of_an_image_and_its_copy_without_mask_the_clouds_stay_known(site, tmp_path, copy_first):
    image, _ = masked(tmp_path, "20240310_013045_12_2480_3B")
    copy = tmp_path / "copy.tif"
    copy.write_bytes(image.read_bytes())

    def opener(path):
        return Scene.open(path, acquired=None if path == image else WHEN)

    paths = [copy, image] if copy_first else [image, copy]
    with Ledger.open(tmp_path / "l.db") as ledger:
        outcomes = monitor(paths, site, painted_detector(), ledger, opener)
        second = SceneStatus.RECORDED if copy_first else SceneStatus.REFUSED
        assert [one.status for one in outcomes] == [SceneStatus.RECORDED, second]
        (series,) = pier_history(ledger, ["Pier 2"]).values()
        assert [one.visibility for one in series] == ["udm2"]
        assert copy_first or "a copy of the image without it" in outcomes[1].reason


def test_counts_that_were_made_meanwhile_are_checked_again_when_they_are_recorded(site, tmp_path):
    """Two workers see that nothing is there; the one without a mask is the last to be done."""
    image, mask = masked(tmp_path, "20240310_013045_12_2480_3B")
    detector = painted_detector()
    with Ledger.open(tmp_path / "l.db") as ledger:
        with_mask = scan_scene(image, site, detector, None, ledger.recorded_as, Scene.open)
        mask.unlink()
        without = scan_scene(image, site, detector, None, ledger.recorded_as, Scene.open)
        recorder = BatchRecorder(site, ledger)
        assert recorder.persist(with_mask).status is SceneStatus.RECORDED
        refused = recorder.persist(without)
        assert refused.status is SceneStatus.REFUSED
        assert "no UDM2 comes with it now" in refused.reason


def test_a_copy_that_was_counted_meanwhile_is_left_out_when_it_is_recorded(
    scene_path, site, tmp_path
):
    copy = Path(shutil.copy(scene_path, tmp_path / "copy.tif"))
    opener = partial(Scene.open, acquired=NOON)
    with Ledger.open(tmp_path / "l.db") as ledger:
        found = [
            scan_scene(path, site, painted_detector(), None, ledger.recorded_as, opener)
            for path in (copy, scene_path)
        ]
        recorder = BatchRecorder(site, ledger)
        first, second = (recorder.persist(one) for one in found)
        assert (first.status, second.status) == (SceneStatus.RECORDED, SceneStatus.KNOWN)
        assert "recorded as scene 'copy'" in second.reason
        assert {one.scene for one in ledger.counts()} == {"copy"}


def test_metadata_that_come_later_may_tell_the_time_more_exactly(scene_path, site, tmp_path):
    usual, other = painted_detector(), replace(painted_detector(), engine=InferenceEngine.OPENVINO)
    fates = []
    with Ledger.open(tmp_path / "l.db") as ledger:
        for seconds, detector in ((0, usual), (0.71, usual), (0.71, other), (61, usual)):
            opener = partial(Scene.open, acquired=NOON + timedelta(seconds=seconds))
            (outcome,) = monitor([scene_path], site, detector, ledger, opener)
            fates.append(outcome.status)
        assert {count.acquired for count in ledger.counts()} == {NOON}
    assert fates == [
        SceneStatus.RECORDED,
        SceneStatus.KNOWN,
        SceneStatus.RECORDED,
        SceneStatus.REFUSED,
    ]


def test_an_item_whose_id_is_no_text_is_refused_and_the_batch_goes_on(scene_path, site, tmp_path):
    for number, name in enumerate(("\ud800x", "nul\0x")):
        item: dict[str, object] = {
            "type": "Feature", "stac_version": "1.0.0", "id": name, "geometry": None,
            "properties": {"datetime": "2024-03-08T03:28:50Z"}, "links": [],
            "assets": {"visual": {"href": scene_path.name}},
        }  # fmt: skip
        (scene_path.parent / f"{number}.json").write_text(json.dumps(item))

    def opener(path):
        return Scene.open(path, acquired=NOON)

    places = [scene_path.parent / "0.json", scene_path.parent / "1.json", scene_path]
    with Ledger.open(tmp_path / "l.db") as ledger:
        outcomes = monitor(places, site, painted_detector(), ledger, opener)
    assert [one.status for one in outcomes] == [
        SceneStatus.REFUSED,
        SceneStatus.REFUSED,
        SceneStatus.RECORDED,
    ]
    assert "its id is" in outcomes[0].reason
    assert "its id is" in outcomes[1].reason


def test_a_recount_supersedes_and_an_older_count_never_comes_back(scene_path, site, tmp_path):
    def opener(path):
        return Scene.open(path, acquired=NOON)

    trial = painted_detector(card=replace(CARD, thresholds=(0.95, 0.95)))
    trial = replace(trial, models=(replace_digest(trial.models[0]),))
    with Ledger.open(tmp_path / "l.db") as ledger:
        models, statuses = [], []
        for detector in (painted_detector(), trial, painted_detector(), trial):
            (outcome,) = monitor([scene_path], site, detector, ledger, opener)
            statuses.append(outcome.status)
            (latest,) = ledger.counts("Pier 2", latest=True)
            assert pier_history(ledger, ["Pier 2"])["Pier 2"].counts == (latest,)
            assert Series.of("Pier 2", ledger.counts("Pier 2")).counts == (latest,)
            models.append(latest.model)
        assert len(ledger.counts("Pier 2")) == 2
    assert models == [models[0], "t" * 64, "t" * 64, "t" * 64]
    assert statuses == [SceneStatus.RECORDED] * 2 + [SceneStatus.KNOWN] * 2


def replace_digest(network):
    network.digest = "t" * 64
    return network


@pytest.mark.parametrize("further", [0, 60, 100, 150, 200])
def test_a_hull_whose_middle_lies_beyond_its_berth_is_found_wherever_the_scene_begins(
    tmp_path, further
):
    """300 m long, 110 m of it in the berth; containers on its deck."""
    size, gsd = 2800, 0.5
    rgb = water_surface(size)

    def draw(east, south, colour):
        rows, columns = ([round((v + further) / gsd) for v in pair] for pair in (south, east))
        rgb[:, slice(*rows), slice(*columns)] = np.array(colour, np.uint8)[:, None, None]

    draw((665, 695), (310, 610), HULL_RGB)
    for south in range(320, 600, 20):
        draw((670, 682), (south, south + 3), CONTAINER_RGB)
    x, y = 4e5 - further, 4.6e6 + further
    path = tmp_path / "scene.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=3, height=size, width=size, dtype="uint8",
        crs=UTM.to_wkt(), transform=rasterio.Affine(gsd, 0, x, 0, -gsd, y),
    ) as out:  # fmt: skip
        out.write(rgb)
    outline = shapely.box(4e5 + 600, 4.6e6 - 700, 4e5 + 660, 4.6e6 - 500)
    berth = shapely.box(4e5 + 660, 4.6e6 - 700, 4e5 + 700, 4.6e6 - 500)
    pier = Pier("P", PierRole.EXPORT, outline, berth)
    found = count(Scene.open(path), Site("port", (pier,), UTM), painted_detector())["P"]
    assert (found.hulls.value, found.aboard.value) == (1, 14)
