"""Write counts and detections for other programs: CSV, GeoJSON, GeoPackage."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import shapely

from cv.counting.count import PierCount
from cv.counting.counts import QUANTITIES, counts_to_dataframe
from cv.errors import InputError
from cv.io.atomic_files import atomic_output
from cv.ledger import Ledger, RecordedDetection
from cv.report.antimeridian import split_at_antimeridian
from cv.site import Site
from cv.timeseries.history import foreign_site
from cv.timeseries.series import KNOWN_STATUSES

if TYPE_CHECKING:
    import geopandas

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
        site: Export its piers only; required for a GeoPackage.

    Raises:
        InputError: Unknown suffix, no counts of the site, or the file cannot be written.
        LedgerError: The ledger cannot be read.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _SUFFIXES:
        raise InputError(
            path,
            f"its ending is {suffix!r}",
            f"one of {', '.join(_SUFFIXES)}",
            "Rename the output.",
        )
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
    """Return the latest counts and detections, of all piers or those of `site`."""
    counts, detections = ledger.counts(latest=True), ledger.detections(latest=True)
    if site is None:
        return counts, detections
    names = {name for pier in site for name in pier.names}
    own = [count for count in counts if count.pier in names]
    if not own:
        raise foreign_site(ledger, site)
    scenes = {count.scene for count in own}
    near = names | {None}
    return own, [one for one in detections if one.detection.pier in near and one.scene in scenes]


def write_counts_csv(counts: Sequence[PierCount], path: str | Path) -> None:
    """Write a CSV file with a row per count, in the given order.

    Unknown numbers are empty cells, times ISO 8601 in UTC. Raises InputError.
    """
    table = counts_to_dataframe(counts)
    table["acquired"] = [_iso(count) for count in counts]
    with atomic_output(path) as draft:
        table.to_csv(draft, index=False, lineterminator="\n")


def write_detections_geojson(detections: Sequence[RecordedDetection], path: str | Path) -> None:
    """Write GeoJSON (RFC 7946) with a Feature per detection, in the given order.

    Detections that are not georeferenced have a null geometry. Raises InputError.
    """
    document = {
        "type": "FeatureCollection",
        "features": [_feature(recorded) for recorded in detections],
    }
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
    geopandas, pyogrio = _import_gis(path)
    shapes = _pier_shapes(geopandas, site)
    layers = {
        "piers": _piers(site, shapes, counts),
        "counts": _count_points(site, shapes, counts),
        "detections": _detections(detections),
    }
    timestamp = max((_iso(count) for count in counts), default="1970-01-01T00:00:00Z")
    write_errors = (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError)
    with atomic_output(path, *write_errors) as draft:
        before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
        # instead of the time of writing, so that the same input gives the same bytes
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": timestamp})
        try:
            for name, table in layers.items():
                kind = "Point" if name == "counts" else "MultiPolygon"
                _layer(geopandas, table).to_file(
                    draft, layer=name, driver="GPKG", engine="pyogrio", geometry_type=kind
                )
        finally:
            pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def _iso(count: PierCount) -> str:
    return count.acquired.isoformat().replace("+00:00", "Z") if count.acquired else ""


def _feature(recorded: RecordedDetection) -> dict[str, Any]:
    detection = recorded.detection
    heading = detection.heading_deg
    geometry = None
    if detection.outline is not None:
        shape = shapely.transform(
            split_at_antimeridian(detection.outline), lambda points: points.round(_DECIMALS)
        )
        geometry = shapely.geometry.mapping(shape)
    return {
        "type": "Feature",
        "geometry": geometry,
        "properties": {
            "scene": recorded.scene,
            "acquired": recorded.acquired.isoformat().replace("+00:00", "Z"),
            "pier": detection.pier,
            "class": detection.kind,
            "score": detection.score,
            "length_m": detection.length_m,
            "width_m": detection.width_m,
            "heading_deg": None if math.isnan(heading) else heading,
            "aboard": detection.aboard,
            "model": recorded.model,
        },
    }


def _import_gis(path: str | Path) -> tuple[Any, Any]:
    """Return the modules geopandas and pyogrio; raises InputError if they are not installed."""
    try:
        import geopandas
        import pyogrio
    except ImportError as error:
        raise InputError(
            path,
            f"{error.name} is not installed",
            "a GeoPackage needs the extra `gis`",
            'Install it: pip install "pierwatch[gis]", or export CSV or GeoJSON.',
        ) from error
    return geopandas, pyogrio


def _pier_shapes(geopandas: Any, site: Site) -> list[shapely.MultiPolygon]:
    """Return the outlines of the piers of `site` in EPSG:4326."""
    outlines = geopandas.GeoSeries([pier.outline for pier in site], crs=site.crs).to_crs(4326)
    return [_as_multipolygon(split_at_antimeridian(outline)) for outline in outlines]


def _piers(
    site: Site, shapes: Sequence[shapely.MultiPolygon], counts: Sequence[PierCount]
) -> pd.DataFrame:
    """Return a row per pier: its number of scenes, and the latest numbers that are known."""
    table = counts_to_dataframe(sorted(counts, key=_iso))
    numbers = [f"{name}{end}" for name in QUANTITIES for end in ("", "_low", "_high")]
    kept = ["scene", "acquired", "status", "visible_fraction", *numbers, "method", "model"]
    last = table.drop_duplicates("pier", keep="last").set_index("pier")
    known = table[table["status"].isin(KNOWN_STATUSES)].drop_duplicates("pier", keep="last")
    names = [pier.name for pier in site]
    piers = pd.DataFrame(
        {
            "name": names,
            "role": [pier.role.value for pier in site],
            "aliases": [", ".join(pier.aliases) for pier in site],
            "looks": table["pier"].value_counts().reindex(names).fillna(0).astype(int).to_numpy(),
            "last_look": last["acquired"].reindex(names).array,
            "last_status": last["status"].reindex(names).array,
            "geometry": list(shapes),
        }
    )
    return piers.join(known.set_index("pier")[kept].reindex(names).reset_index(drop=True))


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


def _detections(detections: Sequence[RecordedDetection]) -> pd.DataFrame:
    rows = [
        (r.scene, r.acquired, d.pier, d.kind, d.score, d.length_m, d.width_m, d.heading_deg,
         d.aboard, r.model,
         None if d.outline is None else _as_multipolygon(split_at_antimeridian(d.outline)))
        for r in detections
        for d in (r.detection,)
    ]  # fmt: skip
    names = ["scene", "acquired", "pier", "class", "score", "length_m", "width_m", "heading_deg",
             "aboard", "model", "geometry"]  # fmt: skip
    table = pd.DataFrame(rows, columns=names)
    table["acquired"] = pd.to_datetime(table["acquired"], utc=True)
    return table.astype({"aboard": bool, "score": float, "heading_deg": float})


def _as_multipolygon(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """Return `shape` as a MultiPolygon: all geometries of a layer have one type."""
    return shapely.MultiPolygon(list(shapely.get_parts(shape)))


def _layer(geopandas: Any, table: pd.DataFrame) -> geopandas.GeoDataFrame:
    """Return `table` with the column types of a GeoPackage."""
    converted = table.copy()
    for name in converted.columns:
        if str(converted[name].dtype) == "Float64":
            converted[name] = converted[name].astype("float64")
    return geopandas.GeoDataFrame(converted, geometry="geometry", crs="EPSG:4326")
