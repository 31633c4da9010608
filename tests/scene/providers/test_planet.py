"""Planet deliveries as they arrive."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from cv.errors import RadiometryError, SceneError, TimeError
from cv.scene.providers.planet_filenames import find_mask, find_metadata, parse_filename
from cv.scene.scene import Scene
from tests.scene.conftest import UTM, WriteTiff

PS = "20240310_013045_12_2480"
SKY = "20240310_011234_ssc4_u0001"
WHOLE = Affine.identity()
IN_NAME = datetime(2024, 3, 10, 1, 30, 45, tzinfo=UTC)
XML = """<?xml version="1.0" encoding="UTF-8"?>
<ps:EarthObservation xmlns:ps="http://schemas.planet.com/ps/v1/planet_product_metadata_geocorrected_level"
    xmlns:eop="http://earth.esa.int/eop">
  <eop:acquisitionParameters><ps:Acquisition>
    <ps:acquisitionDateTime>2024-03-10T01:30:45.123456+00:00</ps:acquisitionDateTime>
  </ps:Acquisition></eop:acquisitionParameters>
  {bands}
</ps:EarthObservation>
"""


def xml_of(scales: list[float]) -> str:
    bands = "".join(
        f"<ps:bandSpecificMetadata><ps:bandNumber>{number}</ps:bandNumber>"
        f"<ps:reflectanceCoefficient>{scale!r}</ps:reflectanceCoefficient>"
        "</ps:bandSpecificMetadata>"
        for number, scale in reversed(list(enumerate(scales, 1)))
    )
    return XML.format(bands=bands)


def metadata(item: str, **properties: object) -> str:
    return json.dumps({"id": item, "type": "Feature", "properties": properties, "geometry": None})


def clear_mask() -> np.ndarray:
    bands = np.zeros((8, 40, 60), np.uint8)
    bands[0] = 1
    return bands


@pytest.mark.parametrize(
    ("name", "item", "values", "profile", "bands"),
    [
        (f"{PS}_3B_AnalyticMS_SR_8b_clip.tif", PS, "reflectance", "planetscope-sr-8b", (6, 4, 2)),
        (f"{PS}_3B_AnalyticMS_SR.tif", PS, "reflectance", "planetscope-sr-4b", (3, 2, 1)),
        (
            f"{PS}_3B_AnalyticMS_SR_8b_harmonized_clip_file_format.tif",
            PS,
            "reflectance",
            "planetscope-sr-8b",
            (6, 4, 2),
        ),
        (
            "20200909_182524_1014_3B_AnalyticMS_SR_harmonized_clip.tif",
            "20200909_182524_1014",
            "reflectance",
            "planetscope-sr-4b",
            (3, 2, 1),
        ),
        (f"{PS}_3B_AnalyticMS_toar_clip.tif", PS, "reflectance", "planetscope-sr-4b", (3, 2, 1)),
        (f"{PS}_3B_AnalyticMS_8b.tif", PS, "radiance", None, (6, 4, 2)),
        (f"{PS}_3B_Visual_clip.tif", PS, "colours", "visual", (1, 2, 3)),
        (f"{PS}_3B_udm2_clip.tif", PS, "mask", None, (3, 2, 1)),
        (f"{SKY}_visual.tif", SKY, "colours", "skysat-visual", (1, 2, 3)),
        (f"{SKY}_analytic.tif", SKY, "radiance", None, (3, 2, 1)),
        (f"{SKY}_analytic_sr_clip.tif", SKY, "reflectance", "skysat-sr", (3, 2, 1)),
        (f"{SKY}_analytic_dn.tif", SKY, "counts", None, (3, 2, 1)),
        (f"{SKY}_pansharpened_file_format.tif", SKY, "radiance", None, (3, 2, 1)),
        (f"{SKY}_panchromatic_dn.tif", SKY, "counts", None, (1, 1, 1)),
        (f"{SKY}_analytic_udm2.tif", SKY, "mask", None, (3, 2, 1)),
        (f"{SKY}_udm2.tif", SKY, "mask", None, (3, 2, 1)),
        (
            "20190630_214558_ssc8d2_0012_pansharpened_udm2.tif",
            "20190630_214558_ssc8d2_0012",
            "mask",
            None,
            (3, 2, 1),
        ),
    ],
)
def test_names(
    name: str, item: str, values: str, profile: str | None, bands: tuple[int, int, int]
) -> None:
    asset = parse_filename(name)
    assert asset is not None
    assert (asset.item, asset.values, asset.profile, asset.bands) == (item, values, profile, bands)


@pytest.mark.parametrize("name", ["scene.tif", f"{PS}.tif", f"{PS}_3B_Visual.png", "udm2.tif"])
def test_other_names(name: str) -> None:
    assert parse_filename(name) is None


@pytest.mark.parametrize(
    ("name", "names", "mask"),
    [
        (f"{PS}_3B_Visual_clip.tif", [f"{PS}_3B_udm2.tif", f"{PS}_3B_udm2_clip.tif"], 1),
        (f"{PS}_3B_AnalyticMS_SR_8b_harmonized_clip.tif", [f"{PS}_3B_udm2_clip.tif"], 0),
        (f"{PS}_3B_Visual.tif", [f"{PS}_1B_udm2.tif", f"{PS}_3B_udm.tif"], None),
        (f"{PS}_3B_Visual.tif", ["20240310_013045_12_2481_3B_udm2.tif"], None),
        (f"{SKY}_visual.tif", [f"{SKY}_panchromatic_udm2.tif", f"{SKY}_analytic_udm2.tif"], 1),
        (
            f"{SKY}_pansharpened.tif",
            [f"{SKY}_analytic_udm2.tif", f"{SKY}_pansharpened_udm2.tif"],
            1,
        ),
        (f"{SKY}_analytic_dn.tif", [f"{SKY}_analytic_udm2.tif", f"{SKY}_udm2.tif"], 0),
        (f"{SKY}_visual.tif", [f"{SKY}_udm2.tif"], 0),
    ],
)
def test_which_mask(name: str, names: list[str], mask: int | None) -> None:
    asset = parse_filename(name)
    assert asset is not None
    assert find_mask(asset, [*names, name, "x.tif"]) == (None if mask is None else names[mask])


def test_which_xml() -> None:
    asset = parse_filename(f"{PS}_3B_AnalyticMS_8b_clip.tif")
    assert asset is not None
    names = [f"{PS}_3B_AnalyticMS_metadata_clip.xml", f"{PS}_3B_AnalyticMS_8b_metadata_clip.xml"]
    assert find_metadata(asset, names) == names[1]
    assert find_metadata(asset, [f"{PS}_metadata.json"]) is None


def test_a_planetscope_delivery(write_tiff: WriteTiff, tmp_path: Path) -> None:
    data = np.random.default_rng(0).integers(100, 4000, (8, 40, 60)).astype(np.uint16)
    image = write_tiff(data, f"{PS}_3B_AnalyticMS_SR_8b_clip.tif", nodata=0)
    bands = clear_mask()
    bands[5, :, 30:] = 1
    mask = write_tiff(bands, f"{PS}_3B_udm2_clip.tif")
    (tmp_path / f"{PS}_metadata.json").write_text(
        metadata(PS, acquired="2024-03-10T01:30:45.678901Z", gsd=3.9)
    )
    scene = Scene.open(image)
    assert scene.id == PS
    assert scene.acquired == IN_NAME.replace(microsecond=678901)
    assert scene.radiometry.name == "planetscope-sr-8b"
    assert scene.visibility(scene.grid.footprint).fraction == pytest.approx(0.5)
    patch = scene.read(WHOLE, (40, 60))
    truth = 255 * np.clip(data[[5, 3, 1], :, :30] / 5000, 0, 1) ** (1 / 1.5)
    assert np.abs(np.moveaxis(patch.rgb[:, :30], 2, 0) - truth).max() <= 0.51
    assert not patch.valid_mask[:, 30:].any()
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (image, mask)]
    assert [scene.digest, scene.mask_digest] == digests


def test_the_time_in_the_xml_and_in_the_name(write_tiff: WriteTiff, tmp_path: Path) -> None:
    image = write_tiff(np.full((4, 8, 9), 9, np.uint16), f"{PS}_3B_AnalyticMS_SR.tif")
    assert Scene.open(image).acquired == IN_NAME
    assert Scene.open(image).udm2 is None
    (tmp_path / f"{PS}_3B_AnalyticMS_metadata.xml").write_text(xml_of([]))
    assert Scene.open(image).acquired == IN_NAME.replace(microsecond=123456)
    (tmp_path / f"{PS}_metadata.json").write_text(metadata(PS, acquired="2024-03-10T01:30:46Z"))
    assert Scene.open(image).acquired == IN_NAME.replace(second=46)


def test_radiance_with_coefficients(write_tiff: WriteTiff, tmp_path: Path) -> None:
    data = np.full((4, 8, 9), 5000, np.uint16)
    image = write_tiff(data, f"{PS}_3B_AnalyticMS_clip.tif")
    with pytest.raises(RadiometryError, match="without a declared radiometry"):
        Scene.open(image)
    scales = [2.1e-5, 2.2e-5, 2.4e-5, 3.5e-5]
    (tmp_path / f"{PS}_3B_AnalyticMS_metadata_clip.xml").write_text(xml_of(scales))
    scene = Scene.open(image)
    assert scene.radiometry.name == "planetscope-toa"
    assert scene.radiometry.high == pytest.approx([0.5 / scale for scale in scales[2::-1]])
    expected = [255 * (5000 * scale / 0.5) ** (1 / 1.5) for scale in scales[2::-1]]
    assert np.abs(scene.read(WHOLE, (8, 9)).rgb - np.array(expected)).max() <= 0.51


@pytest.mark.parametrize(
    "scales", [[2e-5] * 3, [2e-5] * 5, [2e-5, 0.0, 2e-5, 2e-5], [2e-5] * 3 + [2]]
)
def test_coefficients_of_another_product_are_not_used(
    write_tiff: WriteTiff, tmp_path: Path, scales: list[float]
) -> None:
    image = write_tiff(np.full((4, 8, 9), 5000, np.uint16), f"{PS}_3B_AnalyticMS.tif")
    (tmp_path / f"{PS}_3B_AnalyticMS_metadata.xml").write_text(xml_of(scales))
    if scales[-1] == 2:  # the near infrared is not shown
        assert Scene.open(image).radiometry.name == "planetscope-toa"
        return
    with pytest.raises(RadiometryError, match="without a declared radiometry"):
        Scene.open(image)


@pytest.mark.parametrize(
    "description",
    ["a quay", "[1]", '{"properties": 5}', "[" * 5000, "", "\xe9",
     '{"properties": {"reflectance_coefficients": ["a", 1, 1, 1]}}',
     '{"properties": {"reflectance_coefficients": [1e-5]}}'],
)  # fmt: skip
def test_a_description_without_coefficients(write_tiff: WriteTiff, description: str) -> None:
    image = write_tiff(np.full((4, 40, 60), 5000, np.uint16), f"{SKY}_analytic.tif")
    with rasterio.open(image, "r+") as dataset:
        dataset.update_tags(TIFFTAG_IMAGEDESCRIPTION=description)
    if description == "\xe9":  # Latin-1, as older programs write it
        image.write_bytes(image.read_bytes().replace("é".encode(), b"\xe9\0"))
    scene = Scene.open(image)
    assert scene.radiometry.name == "skysat-analytic"
    assert scene.radiometry.high == (20000,) * 3


def test_skysat(write_tiff: WriteTiff) -> None:
    data = np.full((4, 40, 60), 5000, np.uint16)
    visual = write_tiff(np.full((3, 40, 60), 50, np.uint8), f"{SKY}_visual.tif")
    scene = Scene.open(visual)
    assert (scene.id, scene.radiometry.name) == (SKY, "skysat-visual")
    assert scene.acquired == datetime(2024, 3, 10, 1, 12, 34, tzinfo=UTC)
    analytic = write_tiff(data, f"{SKY}_analytic.tif")
    assert Scene.open(analytic).radiometry.name == "skysat-analytic"
    scales = [1e-5, 2e-5, 3e-5, 4e-5]
    description = json.dumps({"properties": {"reflectance_coefficients": scales}})
    with rasterio.open(analytic, "r+") as dataset:
        dataset.update_tags(TIFFTAG_IMAGEDESCRIPTION=description)
    scene = Scene.open(analytic)
    assert scene.radiometry.name == "skysat-toa"
    assert scene.radiometry.high == pytest.approx([0.5 / 3e-5, 0.5 / 2e-5, 0.5 / 1e-5])
    with pytest.raises(RadiometryError):
        Scene.open(write_tiff(data, f"{SKY}_pansharpened.tif"))
    stretched = Scene.open(
        write_tiff(data, f"{SKY}_pansharpened.tif", photometric="MINISBLACK"),
        radiometry="percentile",
    )
    assert stretched.radiometry.bands == (3, 2, 1)


def test_a_mask_is_not_an_image(write_tiff: WriteTiff) -> None:
    with pytest.raises(SceneError, match="a usable data mask"):
        Scene.open(write_tiff(clear_mask(), f"{PS}_3B_udm2.tif"))


@pytest.mark.parametrize(
    ("bands", "options", "found"),
    [
        (clear_mask()[:1], {}, "1 band of uint8"),
        (clear_mask().astype(np.uint16), {}, "8 bands of uint16"),
        (clear_mask(), {"crs": "EPSG:32651"}, "UTM zone 51N"),
        (clear_mask(), {"crs": None, "transform": None}, "not placed like its image"),
    ],
)
def test_masks_that_do_not_fit(
    write_tiff: WriteTiff,
    colours: np.ndarray,
    bands: np.ndarray,
    options: dict[str, str | None],
    found: str,
) -> None:
    write_tiff(bands, f"{PS}_3B_udm2.tif", **options)
    with pytest.raises(SceneError, match="udm2") as caught:
        Scene.open(write_tiff(colours, f"{PS}_3B_Visual.tif"))
    assert found in str(caught.value)


def test_masks_of_unplaced_images(write_tiff: WriteTiff, colours: np.ndarray) -> None:
    bands = clear_mask()
    bands[5, 10:20] = 1
    write_tiff(bands, f"{PS}_1B_udm2.tif", crs=None, transform=None)
    image = write_tiff(colours, f"{PS}_1B_Visual.tif", crs=None, transform=None)
    scene = Scene.open(image, 3.0)
    assert scene.visibility(scene.grid.footprint).fraction == pytest.approx(0.75)
    write_tiff(bands[:, 1:], f"{PS}_1B_udm2.tif", crs=None, transform=None)
    with pytest.raises(SceneError, match="60 x 39"):
        Scene.open(image, 3.0)


def test_a_truncated_mask(write_tiff: WriteTiff, colours: np.ndarray) -> None:
    mask = write_tiff(clear_mask(), f"{PS}_3B_udm2.tif")
    mask.write_bytes(mask.read_bytes()[:-3000])
    with pytest.raises(SceneError, match="truncated"):
        Scene.open(write_tiff(colours, f"{PS}_3B_Visual.tif"))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("", "not JSON"),
        ("[1]", "JSON of a list"),
        ("{", "not JSON"),
        ("[" * 100000, "nested too deeply"),
        ('{"a":' * 500 + "1" + "}" * 500, "too deeply"),
        (metadata("20240310_013045_12_2481", acquired="2024-03-10T01:30:45Z"), "metadata of"),
        (metadata(PS, acquired="2024-03-10T01:30:45"), "no zone"),
        (metadata(PS, acquired="noon"), "'noon'"),
        (" " * (8 * 2**20 + 1), "more than"),
    ],
)
def test_damaged_json(
    write_tiff: WriteTiff, colours: np.ndarray, tmp_path: Path, content: str, found: str
) -> None:
    image = write_tiff(colours, f"{PS}_3B_Visual.tif")
    (tmp_path / f"{PS}_metadata.json").write_text(content)
    with pytest.raises(SceneError) as caught:
        Scene.open(image)
    assert found in str(caught.value)
    assert f"{PS}_metadata.json" in str(caught.value)


BOMB = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>'


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "not XML"),
        (b"<a><b></a>", "not XML"),
        (BOMB.encode(), "DOCTYPE"),
        (BOMB.encode("utf-16"), "not UTF-8"),
        (BOMB.replace("1.0", '1.0" encoding="cp037').encode("cp037"), "not UTF-8"),
        (b"<?xml version='1.0'?><a>" + b" " * (8 * 2**20), "more than"),
    ],
)
def test_damaged_xml(
    write_tiff: WriteTiff, colours: np.ndarray, tmp_path: Path, content: bytes, found: str
) -> None:
    image = write_tiff(colours, f"{PS}_3B_Visual.tif")
    (tmp_path / f"{PS}_3B_Visual_metadata.xml").write_bytes(content)
    with pytest.raises(SceneError) as caught:
        Scene.open(image)
    assert found in str(caught.value)


def test_a_name_with_an_impossible_time(write_tiff: WriteTiff, colours: np.ndarray) -> None:
    with pytest.raises(TimeError):
        Scene.open(write_tiff(colours, "20249910_013045_12_2480_3B_Visual.tif"))


def test_the_callers_radiometry_comes_first(write_tiff: WriteTiff) -> None:
    data = np.full((4, 8, 9), 500, np.uint16)
    image = write_tiff(data, f"{PS}_3B_AnalyticMS_SR.tif", transform=UTM)
    scene = Scene.open(image, radiometry="limits:0-1000:3,2,1")
    assert (scene.read(WHOLE, (8, 9)).rgb == 128).all()
