"""Counts and sightings as files for other programs: CSV, GeoJSON, GeoPackage."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import shapely

from cv.counting.count import PierCount
from cv.counting.counts import QUANTITIES, counts_to_dataframe
from cv.errors import InputError
from cv.ledger import RecordedDetection
from cv.report.antimeridian import split_at_antimeridian
from cv.report.output_file import report_path
from cv.site import Site
from cv.timeseries.series import KNOWN_STATUSES

if TYPE_CHECKING:
    import geopandas

_DECIMALS = 8
"""Decimals of degrees in GeoJSON: about a millimetre."""


def write_csv(counts: Sequence[PierCount], path: str | Path) -> None:
    """A row per count, in the given order; an unknown number is an empty cell.

    UTF-8, times ISO 8601 in UTC. Raises InputError.
    """
    table = counts_to_dataframe(counts)
    table["acquired"] = [_iso(count) for count in counts]
    with report_path(path) as draft:
        table.to_csv(draft, index=False, lineterminator="\n")


def write_geojson(sightings: Sequence[RecordedDetection], path: str | Path) -> None:
    """A Feature per sighting (RFC 7946: longitude, latitude), in the given order.

    One without a place on the globe has the geometry null. Raises InputError.
    """
    document = {
        "type": "FeatureCollection",
        "features": [_feature(recorded) for recorded in sightings],
    }
    with report_path(path) as draft:
        draft.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")


def write_geopackage(
    counts: Sequence[PierCount],
    sightings: Sequence[RecordedDetection],
    site: Site,
    path: str | Path,
) -> None:
    """A GeoPackage for QGIS, in EPSG:4326, with three layers.

    `piers`: the outlines of `site`, each with its latest numbers; `counts`: a point in its pier
    per count, with its time; `detections`: an outline per sighting. Needs the extra `gis`. Raises
    InputError.
    """
    geopandas, pyogrio = _gis(path)
    shapes = _pier_shapes(geopandas, site)
    layers = {
        "piers": _piers(site, shapes, counts),
        "counts": _looks(site, shapes, counts),
        "detections": _detections(sightings),
    }
    moment = max((_iso(count) for count in counts), default="1970-01-01T00:00:00Z")
    with report_path(path, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as draft:
        before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
        # GDAL stamps layers with the time of writing: the same input shall give the same bytes.
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": moment})
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
    sighting = recorded.detection
    heading = sighting.heading_deg
    geometry = None
    if sighting.outline is not None:
        shape = shapely.transform(
            split_at_antimeridian(sighting.outline), lambda points: points.round(_DECIMALS)
        )
        geometry = shapely.geometry.mapping(shape)
    return {
        "type": "Feature",
        "geometry": geometry,
        "properties": {
            "scene": recorded.scene,
            "acquired": recorded.acquired.isoformat().replace("+00:00", "Z"),
            "pier": sighting.pier,
            "class": sighting.kind,
            "score": sighting.score,
            "length_m": sighting.length_m,
            "width_m": sighting.width_m,
            "heading_deg": None if math.isnan(heading) else heading,
            "aboard": sighting.aboard,
            "model": recorded.model,
        },
    }


def _gis(path: str | Path) -> tuple[Any, Any]:
    """geopandas and pyogrio; raises InputError where they are not installed."""
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
    """The outlines of the piers of `site` in EPSG:4326."""
    outlines = geopandas.GeoSeries([pier.outline for pier in site], crs=site.crs).to_crs(4326)
    return [_multi(split_at_antimeridian(outline)) for outline in outlines]


def _piers(
    site: Site, shapes: Sequence[shapely.MultiPolygon], counts: Sequence[PierCount]
) -> pd.DataFrame:
    """A row per pier: its looks, and the numbers of the last look that had any."""
    looks = counts_to_dataframe(sorted(counts, key=_iso))
    numbers = [f"{name}{end}" for name in QUANTITIES for end in ("", "_low", "_high")]
    kept = ["scene", "acquired", "status", "visible_fraction", *numbers, "method", "model"]
    last = looks.drop_duplicates("pier", keep="last").set_index("pier")
    known = looks[looks["status"].isin(KNOWN_STATUSES)].drop_duplicates("pier", keep="last")
    names = [pier.name for pier in site]
    table = pd.DataFrame(
        {
            "name": names,
            "role": [pier.role.value for pier in site],
            "aliases": [", ".join(pier.aliases) for pier in site],
            "looks": looks["pier"].value_counts().reindex(names).fillna(0).astype(int).to_numpy(),
            "last_look": last["acquired"].reindex(names).array,
            "last_status": last["status"].reindex(names).array,
            "geometry": list(shapes),
        }
    )
    return table.join(known.set_index("pier")[kept].reindex(names).reset_index(drop=True))


def _looks(
    site: Site, shapes: Sequence[shapely.MultiPolygon], counts: Sequence[PierCount]
) -> pd.DataFrame:
    """A row per count, with a point in its pier; none for a pier that is not of the site."""
    points = {
        name: shape.representative_point()
        for pier, shape in zip(site, shapes, strict=True)
        for name in pier.names
    }
    table = counts_to_dataframe(counts)
    table["geometry"] = pd.Series([points.get(count.pier) for count in counts], dtype=object)
    return table


def _detections(sightings: Sequence[RecordedDetection]) -> pd.DataFrame:
    rows = [
        (r.scene, r.acquired, s.pier, s.kind, s.score, s.length_m, s.width_m, s.heading_deg,
         s.aboard, r.model, None if s.outline is None else _multi(split_at_antimeridian(s.outline)))
        for r in sightings
        for s in (r.detection,)
    ]  # fmt: skip
    names = ["scene", "acquired", "pier", "class", "score", "length_m", "width_m", "heading_deg",
             "aboard", "model", "geometry"]  # fmt: skip
    table = pd.DataFrame(rows, columns=names)
    table["acquired"] = pd.to_datetime(table["acquired"], utc=True)
    return table.astype({"aboard": bool, "score": float, "heading_deg": float})


def _multi(shape: shapely.Geometry) -> shapely.MultiPolygon:
    """All outlines of a layer have one type."""
    return shapely.MultiPolygon(list(shapely.get_parts(shape)))


def _layer(geopandas: Any, table: pd.DataFrame) -> geopandas.GeoDataFrame:
    """`table` in types that GeoPackage has: whole numbers, real numbers, texts, times."""
    plain = table.copy()
    for name in plain.columns:
        if str(plain[name].dtype) == "Float64":
            plain[name] = plain[name].astype("float64")
    return geopandas.GeoDataFrame(plain, geometry="geometry", crs="EPSG:4326")
