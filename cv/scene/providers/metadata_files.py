"""Metadata of Maxar (IMD, XML), Airbus (DIMAP) and Planet (XML) beside an image.

Maxar: NAME.IMD or NAME.XML beside NAME.TIF, or beside its tiles NAME_R1C1.TIF or NAME-R1C1.TIF.
Airbus: DIM_NAME.XML beside IMG_NAME_R1C1.TIF.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from xml.etree.ElementTree import Element

from cv.errors import SceneError
from cv.scene.acquisition_time import parse_time
from cv.scene.providers.acquisition_conditions import AcquisitionConditions, number
from cv.sidecars.metadata_loader import METADATA

_TILE = re.compile(r"[_-]R\d+C\d+(?=$|[_-])", re.IGNORECASE)


@dataclass(frozen=True)
class FileStatements:
    """What the metadata files beside an image say."""

    acquired: datetime | None = None
    """Acquisition time, UTC."""
    conditions: AcquisitionConditions = field(default_factory=AcquisitionConditions)


def read_metadata_files(image: Path) -> FileStatements:
    """Return what files of Maxar or Airbus beside `image` say; raises SceneError if damaged."""
    whole = _TILE.sub("", image.stem)
    stems = dict.fromkeys((image.stem, whole))
    imd = _first(image, (f"{stem}{ending}" for stem in stems for ending in (".IMD", ".imd")))
    if imd:
        return _of_imd(imd, METADATA.read_text(imd))
    dimap = re.sub("^IMG_", "DIM_", whole)
    names = [f"{dimap}{ending}" for ending in (".XML", ".xml") if dimap != whole]
    found = _first(image, names)
    if found:
        return _of_dimap(found, METADATA.read_xml(found))
    other = _first(image, (f"{stem}{ending}" for stem in stems for ending in (".XML", ".xml")))
    if other:
        with suppress(SceneError):  # any program may have written it
            root = METADATA.read_xml(other)
            if root.tag == "Dimap_Document":
                return _of_dimap(other, root)
            return _of_isd(other, root) if root.tag == "isd" else FileStatements()
    return FileStatements()


def planet_xml_conditions(root: Element) -> AcquisitionConditions:
    """Return what the XML metadata of PlanetScope say."""
    cover = number(root.findtext(".//{*}cloudCoverPercentage"), 0, 100)
    view = number(root.findtext(".//{*}spaceCraftViewAngle"), -90, 90)
    return AcquisitionConditions(
        cloud_cover=None if cover is None else cover / 100,
        off_nadir_deg=None if view is None else abs(view),
        sun_elevation_deg=number(root.findtext(".//{*}illuminationElevationAngle"), -90, 90),
    )


def _first(image: Path, names: Iterable[str]) -> Path | None:
    return next((path for path in map(image.with_name, names) if path.is_file()), None)


def _of_imd(path: Path, text: str) -> FileStatements:
    """Return what lines "name = value;" of an IMD file say."""
    pairs = re.findall(r"^\s*(\w+)\s*=\s*\"?([^;\"\n]*)\"?;", text, re.MULTILINE)
    return _maxar(path, {name.lower(): value.strip() for name, value in pairs})


def _of_isd(path: Path, root: Element) -> FileStatements:
    """Return what the part IMD of Maxar's XML says."""
    nodes = root.iterfind(".//IMD//*")
    return _maxar(path, {node.tag.lower(): (node.text or "").strip() for node in nodes})


def _maxar(path: Path, said: dict[str, str]) -> FileStatements:
    """Return what the fields of an IMD say; -999 stands for unknown."""
    view = number(said.get("meanoffnadirviewangle", said.get("offnadirviewangle")), -90, 90)
    gsd = said.get("meancollectedgsd", said.get("meanproductgsd"))
    time = said.get("firstlinetime") or said.get("earliestacqtime") or said.get("tlctime")
    return FileStatements(
        parse_time(path, time) if time else None,
        AcquisitionConditions(
            gsd_m=number(gsd, 0.01, 1000),
            cloud_cover=number(said.get("cloudcover"), 0, 1),
            off_nadir_deg=None if view is None else abs(view),
            sun_elevation_deg=number(said.get("meansunel", said.get("sunel")), -90, 90),
        ),
    )


def _of_dimap(path: Path, root: Element) -> FileStatements:
    """Return what a DIMAP document says; of angles and GSDs, those at the centre or the first."""
    places = root.findall(".//Located_Geometric_Values")
    centre = next((one for one in places if one.findtext("LOCATION_TYPE") == "Center"), None)
    at = centre if centre is not None else root
    cover = number(root.findtext(".//CLOUD_COVERAGE"), 0, 100)
    view = number(at.findtext(".//VIEWING_ANGLE") or root.findtext(".//VIEWING_ANGLE"), -90, 90)
    lengths = [
        number(at.findtext(f".//Ground_Sample_Distance/GSD_{way}_TRACK"), 0.01, 1000)
        for way in ("ACROSS", "ALONG")
    ]
    day, hour = root.findtext(".//IMAGING_DATE"), root.findtext(".//IMAGING_TIME")
    return FileStatements(
        parse_time(path, f"{day.strip()}T{hour.strip()}") if day and hour else None,
        AcquisitionConditions(
            gsd_m=max((one for one in lengths if one is not None), default=None),
            cloud_cover=None if cover is None else cover / 100,
            off_nadir_deg=None if view is None else abs(view),
            sun_elevation_deg=number(at.findtext(".//SUN_ELEVATION"), -90, 90),
        ),
    )
