"""Write counts and detections for other programs: CSV, GeoJSON, GeoPackage."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from cv.counting.pier_count import PierCount
from cv.counting.scene_counts import QUANTITIES, counts_to_dataframe
from cv.errors import InputError
from cv.io.atomic_files import atomic_output
from cv.ledger import Ledger, RecordedDetection
from cv.report.antimeridian import polygon_parts, split_at_antimeridian
from cv.site import Site
from cv.timeseries.history import foreign_site

_DECIMALS = 8
"""Decimals of degrees in GeoJSON: about a millimetre."""
_SUFFIXES = (".csv", ".geojson", ".gpkg")


class ExportedRows(NamedTuple):
    """Numbers of rows in an exported file; None for what its format does not hold."""

    counts: int | None
    detections: int | None


def export(ledger: Ledger, path: str | Path, site: Site | None = None) -> ExportedRows:
    """Write the latest counts of a ledger, or the detections behind them, to a file.

    The suffix of `path` selects the format: `.csv` (counts), `.geojson` (detections) or `.gpkg`
    (GeoPackage with piers, counts and detections, for QGIS; needs the extra `gis`).

    >>> with Ledger.open("port.db", readonly=True) as ledger:
    ...     export(ledger, "counts.csv", Site.read("port.geojson"))
    ExportedRows(counts=9, detections=None)

    Args:
        ledger: An open ledger.
        path: The file to write; it appears whole or not at all.
        site: Export its piers only, by its names for them; required for a GeoPackage.

    Raises:
        InputError: Unknown suffix, no counts of the site, or the file cannot be written.
        LedgerError: The ledger cannot be read.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _SUFFIXES:
        limit = f"one of {', '.join(_SUFFIXES)}"
        raise InputError(path, f"its ending is {suffix!r}", limit, "Rename the output.")
    counts, detections = _latest_of(ledger, site)
    if suffix == ".csv":
        write_counts_csv(counts, path)
        return ExportedRows(len(counts), None)
    if suffix == ".geojson":
        write_detections_geojson(detections, path)
        return ExportedRows(None, len(detections))
    if site is None:
        raise InputError(path, "no site", "a GeoPackage shows piers", "Add --site FILE.")
    write_geopackage(counts, detections, site, path)
    return ExportedRows(len(counts), len(detections))


def _latest_of(
    ledger: Ledger, site: Site | None
) -> tuple[Sequence[PierCount], Sequence[RecordedDetection]]:
    """Return the latest counts and detections, of all piers or those of `site`, by its names."""
    counts, detections = ledger.counts(latest=True), ledger.detections(latest=True)
    if site is None:
        return counts, detections
    names = {name: pier.name for pier in site for name in pier.names}
    own = [replace(one, pier=names[one.pier]) for one in counts if one.pier in names]
    if not own:
        raise foreign_site(ledger, site)
    scenes = {count.scene for count in own}
    near = [one for one in detections if one.detection.pier in (None, *names)]
    found = [one for one in near if one.scene in scenes]
    return own, [_under_names(one, names) for one in found]


def _under_names(recorded: RecordedDetection, names: Mapping[str, str]) -> RecordedDetection:
    """Return a detection with the name of its pier, if it has one, in `names`."""
    pier = recorded.detection.pier
    if pier is None:
        return recorded
    return replace(recorded, detection=replace(recorded.detection, pier=names[pier]))


def write_counts_csv(counts: Sequence[PierCount], path: str | Path) -> None:
    """Write a CSV file with a row per count, in the given order.

    Unknown numbers are empty cells, times ISO 8601 in UTC. Raises InputError.
    """
    table = counts_to_dataframe(counts)
    table["acquired"] = [_iso(time) for time in table["acquired"]]
    with atomic_output(path) as draft:
        table.to_csv(draft, index=False, lineterminator="\n")


def write_daily_csv(daily: pd.DataFrame, path: str | Path) -> None:
    """Write `Series.daily`, and what was joined to it, as CSV; times as in `write_counts_csv`.

    Numbers have six significant digits. Raises InputError.
    """
    table = daily.assign(acquired=[_iso(time) for time in daily["acquired"]])
    table.index = daily.index.map("{:%Y-%m-%d}".format).rename("date")
    with atomic_output(path) as draft:
        table.to_csv(draft, float_format="%.6g", lineterminator="\n")


def write_detections_geojson(detections: Sequence[RecordedDetection], path: str | Path) -> None:
    """Write GeoJSON (RFC 7946) with a Feature per detection, in the given order.

    Detections that are not georeferenced have a null geometry. Raises InputError.
    """
    features = [_feature(recorded) for recorded in detections]
    document = {"type": "FeatureCollection", "features": features}
    with atomic_output(path) as draft:
        draft.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")


def write_geopackage(
    counts: Sequence[PierCount],
    detections: Sequence[RecordedDetection],
    site: Site,
    path: str | Path,
) -> None:
    """Write a GeoPackage for QGIS, in EPSG:4326, with three layers.

    `piers`: the outlines of `site` with their latest numbers; `counts`: a point per count inside
    its pier; `detections`: an outline per detection. Needs the extra `gis`. Raises InputError.
    """
    try:
        import geopandas
        import pyogrio
    except ImportError as error:
        found, limit = f"{error.name} is not installed", "a GeoPackage needs the extra `gis`"
        remedy = 'Install it: pip install "pierwatch[gis]", or export CSV or GeoJSON.'
        raise InputError(path, found, limit, remedy) from error
    outlines = geopandas.GeoSeries([pier.outline for pier in site], crs=site.crs).to_crs(4326)
    shapes = [_as_multipolygon(outline) for outline in outlines]
    layers = {
        "piers": ("MultiPolygon", _piers(site, shapes, counts)),
        "counts": ("Point", _count_points(site, shapes, counts)),
        "detections": ("MultiPolygon", _detection_outlines(detections)),
    }
    write_errors = (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError)
    with atomic_output(path, *write_errors) as draft:
        for name, (kind, table) in layers.items():
            floats = table.select_dtypes("Float64").columns  # unknown to GeoPackage
            table = table.astype(dict.fromkeys(floats, "float64"))
            geopandas.GeoDataFrame(table, geometry="geometry", crs="EPSG:4326").to_file(
                draft, layer=name, driver="GPKG", engine="pyogrio", geometry_type=kind
            )


def _iso(time: datetime | None) -> str:
    return "" if pd.isna(time) or time is None else time.isoformat().replace("+00:00", "Z")


def _detection_columns(recorded: RecordedDetection) -> dict[str, Any]:
    detection = recorded.detection
    return {
        "scene": recorded.scene,
        "acquired": recorded.acquired,
        "pier": detection.pier,
        "class": detection.kind,
        "score": detection.score,
        "length_m": detection.length_m,
        "width_m": detection.width_m,
        "heading_deg": None if math.isnan(detection.heading_deg) else detection.heading_deg,
        "aboard": detection.aboard,
        "model": recorded.model,
    }


def _feature(recorded: RecordedDetection) -> dict[str, Any]:
    outline, geometry = recorded.detection.outline, None
    if outline is not None:
        shape = split_at_antimeridian(outline)
        rounded = shapely.transform(shape, lambda points: points.round(_DECIMALS))
        geometry = shapely.geometry.mapping(rounded)
    properties = _detection_columns(recorded) | {"acquired": _iso(recorded.acquired)}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _piers(
    site: Site, shapes: Sequence[shapely.MultiPolygon], counts: Sequence[PierCount]
) -> pd.DataFrame:
    """Return a row per pier: its number of scenes, and the latest count that has a number.

    That is the latest one with containers or, where there is none, with hulls.
    """
    table = counts_to_dataframe(counts).sort_values("acquired", kind="stable")
    numbers = [f"{name}{end}" for name in QUANTITIES for end in ("", "_low", "_high")]
    kept = ["scene", "acquired", "status", "visible_fraction", *numbers, "method", "model"]
    names = [pier.name for pier in site]
    last = table.drop_duplicates("pier", keep="last").set_index("pier").reindex(names)
    known = pd.concat([table[table[name].notna()] for name in ("hulls", "containers")])
    known = known.drop_duplicates("pier", keep="last").set_index("pier").reindex(names)
    piers = pd.DataFrame(
        {
            "name": names,
            "role": [pier.role.value for pier in site],
            "aliases": [", ".join(pier.aliases) or None for pier in site],
            "looks": table["pier"].value_counts().reindex(names, fill_value=0).array,
            "last_look": last["acquired"].array,
            "last_status": last["status"].array,
            "geometry": list(shapes),
        }
    )
    return piers.join(known[kept].reset_index(drop=True))


def _count_points(
    site: Site, shapes: Sequence[shapely.MultiPolygon], counts: Sequence[PierCount]
) -> pd.DataFrame:
    """Return a row per count with a point inside its pier; no point for piers of other sites."""
    points = {
        name: shape.representative_point()
        for pier, shape in zip(site, shapes, strict=True)
        for name in pier.names
    }
    table = counts_to_dataframe(counts)
    table["geometry"] = pd.Series([points.get(count.pier) for count in counts], dtype=object)
    return table


def _detection_outlines(detections: Sequence[RecordedDetection]) -> pd.DataFrame:
    """Return a row per detection with its outline."""
    names = ["scene", "acquired", "pier", "class", "score", "length_m", "width_m", "heading_deg",
             "aboard", "model"]  # fmt: skip
    table = pd.DataFrame([_detection_columns(one) for one in detections], columns=names)
    outlines = [one.detection.outline for one in detections]
    table["geometry"] = [None if one is None else _as_multipolygon(one) for one in outlines]
    table["acquired"] = pd.to_datetime(table["acquired"], utc=True)
    return table.astype({"aboard": bool, "score": float, "heading_deg": float})


def _as_multipolygon(outline: BaseGeometry) -> shapely.MultiPolygon:
    """Return `outline` cut at the antimeridian; all geometries of a layer have one type."""
    return shapely.MultiPolygon(polygon_parts(split_at_antimeridian(outline)))
