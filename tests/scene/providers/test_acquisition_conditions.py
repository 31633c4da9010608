"""A delivery's own words about its acquisition, of every provider."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cv.scene.providers.acquisition_conditions import (
    AcquisitionConditions,
    conditions_of_properties,
    number,
)
from cv.scene.scene import Scene
from tests.scene.conftest import WriteTiff
from tests.scene.providers.test_planet import PS, SKY, clear_mask
from tests.scene.providers.test_stac_item import image, item

IMD = """version = "29.1";
productType = "Standard";
BEGIN_GROUP = IMAGE_1
\tsatId = "WV03";
\tfirstLineTime = 2024-03-10T01:30:45.123456Z;
\tcloudCover = 0.991;
\tmeanSunEl = 33.4;
\tmeanOffNadirViewAngle = 28.6;
\tmeanCollectedGSD = 0.372;
END_GROUP = IMAGE_1
END;
"""
ISD = """<?xml version="1.0" encoding="UTF-8"?>
<isd><IMD><IMAGE><FIRSTLINETIME>2024-03-10T01:30:45.123456Z</FIRSTLINETIME>
<CLOUDCOVER>0.991</CLOUDCOVER><MEANSUNEL>33.4</MEANSUNEL>
<MEANOFFNADIRVIEWANGLE>28.6</MEANOFFNADIRVIEWANGLE>
<MEANCOLLECTEDGSD>0.372</MEANCOLLECTEDGSD></IMAGE></IMD></isd>
"""
DIMAP = """<?xml version="1.0" encoding="UTF-8"?>
<Dimap_Document><Dataset_Content><CLOUD_COVERAGE unit="percent">99.1</CLOUD_COVERAGE>
</Dataset_Content><Dataset_Sources><Source_Identification><Strip_Source>
<IMAGING_DATE>2024-03-10</IMAGING_DATE><IMAGING_TIME>01:30:45.123456Z</IMAGING_TIME>
</Strip_Source></Source_Identification></Dataset_Sources><Geometric_Data><Use_Area>
<Located_Geometric_Values><LOCATION_TYPE>Top</LOCATION_TYPE>
<Solar_Incidences><SUN_ELEVATION unit="deg">1</SUN_ELEVATION></Solar_Incidences>
</Located_Geometric_Values>
<Located_Geometric_Values><LOCATION_TYPE>Center</LOCATION_TYPE>
<Acquisition_Angles><VIEWING_ANGLE unit="deg">-28.6</VIEWING_ANGLE></Acquisition_Angles>
<Solar_Incidences><SUN_ELEVATION unit="deg">33.4</SUN_ELEVATION></Solar_Incidences>
<Ground_Sample_Distance><GSD_ACROSS_TRACK unit="m">0.372</GSD_ACROSS_TRACK>
<GSD_ALONG_TRACK unit="m">0.36</GSD_ALONG_TRACK></Ground_Sample_Distance>
</Located_Geometric_Values></Use_Area></Geometric_Data></Dimap_Document>
"""
SAID = AcquisitionConditions(
    gsd_m=0.372, cloud_cover=0.991, off_nadir_deg=28.6, sun_elevation_deg=33.4
)
MAXAR, AIRBUS = "24MAR10013045-M2AS-050_P001", "PHR1A_PMS_202403100130456_ORT_1-001"


@pytest.mark.parametrize(
    ("name", "metadata", "text"),
    [
        (f"{MAXAR}.TIF", f"{MAXAR}.IMD", IMD),
        (f"{MAXAR}_R1C2.TIF", f"{MAXAR}.IMD", IMD),
        ("24MAR10013045-M2AS_R1C2-050_P001.TIF", f"{MAXAR}.IMD", IMD),
        (f"{MAXAR}.tif", f"{MAXAR}.XML", ISD),
        (f"IMG_{AIRBUS}_R1C1.TIF", f"DIM_{AIRBUS}.XML", DIMAP),
    ],
)
def test_metadata_files_of_maxar_and_airbus(
    write_tiff: WriteTiff,
    colours: np.ndarray,
    tmp_path: Path,
    name: str,
    metadata: str,
    text: str,
) -> None:
    path = write_tiff(colours, name)
    (tmp_path / metadata).write_text(text)
    scene = Scene.open(path)
    assert scene.conditions == SAID
    assert scene.acquired == datetime(2024, 3, 10, 1, 30, 45, 123456, tzinfo=UTC)
    assert scene.unfit_reasons == ("the delivery says: cloud cover 99.1 % without a cloud mask",)


def test_xml_of_another_program_says_nothing(
    write_tiff: WriteTiff, colours: np.ndarray, tmp_path: Path
) -> None:
    path = write_tiff(colours)
    for text in ("<metadata><Esri/></metadata>", "<broken>"):
        (tmp_path / "scene.xml").write_text(text)
        assert Scene.open(path).conditions == AcquisitionConditions()


@pytest.mark.parametrize(
    "properties",
    [
        {"cloud_cover": 0.99, "view_angle": -12.5, "sun_elevation": 31.0, "gsd": 0.65,
         "ground_control": False, "quality_category": "test"},
        {"cloud_percent": 99, "view_angle": 12.5, "sun_elevation": 31.0, "gsd": 0.65,
         "ground_control": False, "quality_category": "TEST "},
        {"eo:cloud_cover": 99, "view:off_nadir": 12.5, "view:sun_elevation": 31, "gsd": 0.65,
         "pl:ground_control": False, "pl:quality_category": "test"},
        {"eo:cloud_cover": 99, "view:off_nadir": 12.5, "view:sun_elevation": 31, "gsd": 0.65,
         "planet:ground_control": False, "planet:quality_category": "test"},
    ],
)  # fmt: skip
def test_properties_of_planet_and_stac(properties: dict[str, Any]) -> None:
    assert conditions_of_properties(properties) == AcquisitionConditions(
        gsd_m=0.65,
        cloud_cover=0.99,
        off_nadir_deg=12.5,
        sun_elevation_deg=31.0,
        ground_control=False,
        quality="test",
    )


@pytest.mark.parametrize("value", [None, True, "x", -999, float("nan"), [1], 101])
def test_what_is_no_plausible_number_says_nothing(value: object) -> None:
    assert number(value, 0, 100) is None


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"sun_elevation": -12.0}, "the sun is at -12 degrees"),
        ({"sun_elevation": 4.9}, "the sun is at 4.9 degrees"),
        ({"sun_elevation": 5.0}, ""),
        ({"cloud_cover": 0.95}, "cloud cover 95 %"),
        ({"cloud_cover": 0.94}, ""),
        ({"view_angle": 45}, "45 degrees off nadir"),
        ({"view_angle": 40}, ""),
        ({"quality_category": "test"}, 'quality category "test"'),
        ({"quality_category": "standard"}, ""),
    ],
)
def test_what_a_delivery_says_against_itself(
    write_tiff: WriteTiff,
    colours: np.ndarray,
    tmp_path: Path,
    properties: dict[str, Any],
    reason: str,
) -> None:
    path = write_tiff(colours, f"{SKY}_visual.tif")
    (tmp_path / f"{SKY}_metadata.json").write_text(
        json.dumps({"id": SKY, "properties": properties})
    )
    reasons = Scene.open(path).unfit_reasons
    assert reason in " ".join(reasons)
    assert bool(reasons) == bool(reason)


def test_clouds_are_left_to_a_cloud_mask(
    write_tiff: WriteTiff, colours: np.ndarray, tmp_path: Path
) -> None:
    path = write_tiff(colours, f"{PS}_3B_Visual.tif")
    (tmp_path / f"{PS}_metadata.json").write_text(
        json.dumps({"id": PS, "properties": {"cloud_percent": 99}})
    )
    assert Scene.open(path).unfit_reasons
    write_tiff(clear_mask(), f"{PS}_3B_udm2.tif")
    assert not Scene.open(path).unfit_reasons


def test_planets_xml(write_tiff: WriteTiff, colours: np.ndarray, tmp_path: Path) -> None:
    path = write_tiff(colours, f"{PS}_3B_Visual.tif")
    (tmp_path / f"{PS}_3B_Visual_metadata.xml").write_text(
        '<ps:E xmlns:ps="p" xmlns:opt="o"><opt:cloudCoverPercentage uom="percentage">97'
        "</opt:cloudCoverPercentage><opt:illuminationElevationAngle>-2"
        "</opt:illuminationElevationAngle><ps:spaceCraftViewAngle>-3</ps:spaceCraftViewAngle></ps:E>"
    )
    assert Scene.open(path).conditions == AcquisitionConditions(
        cloud_cover=0.97, off_nadir_deg=3.0, sun_elevation_deg=-2.0
    )


def test_an_item_completes_the_files_beside_its_image(
    write_tiff: WriteTiff, colours: np.ndarray, tmp_path: Path
) -> None:
    write_tiff(colours, f"{MAXAR}.TIF")
    (tmp_path / f"{MAXAR}.IMD").write_text(IMD)
    path = tmp_path / "item.json"
    properties = {"gsd": 1.2, "eo:cloud_cover": 3}
    path.write_text(json.dumps(item({"visual": image(f"{MAXAR}.TIF", gsd=3.0)}, **properties)))
    conditions = Scene.open(path).conditions
    assert (conditions.gsd_m, conditions.cloud_cover) == (3.0, 0.03)
    assert conditions.sun_elevation_deg == 33.4


@pytest.mark.parametrize(("true", "judged"), [(None, 0.5), (0.74, 0.5), (0.76, 0.76), (3.0, 3.0)])
def test_the_gsd_by_which_a_scene_is_judged(true: float | None, judged: float) -> None:
    conditions = AcquisitionConditions(gsd_m=true)
    assert conditions.effective_gsd_m((0.5, 0.5)) == (judged, judged)


def test_without_ground_control_a_count_says_so() -> None:
    assert AcquisitionConditions(ground_control=True).notes() == ()
    assert AcquisitionConditions().notes() == ()
    (note,) = AcquisitionConditions(ground_control=False).notes()
    assert "position is not sure" in note
