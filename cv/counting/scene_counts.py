"""The counts of one scene: one per pier, with the detections behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

import pandas as pd
import shapely

from cv.counting.distant_pier import DistantPier
from cv.counting.georeferenced_detection import GeoreferencedDetection
from cv.counting.pier_count import Estimate, PierCount

if TYPE_CHECKING:
    import geopandas

QUANTITIES = ("containers", "teu", "hulls", "aboard")
"""Names of the fields of a `PierCount` that are estimates."""
_SCENE_COLUMNS = ("scene", "acquired", "pier", "role", "status", "reason")
_VISIBILITY_COLUMNS = ("visible_fraction", "berth_visible_fraction", "visibility", "radiometry")
_METHOD_COLUMNS = ("interval_level", "interval_calibrated", "method", "model", "settings", "place")
"""Columns of a table of counts before and after the estimates: fields of a `PierCount`."""


@dataclass(frozen=True)
class SceneCounts(Sequence[PierCount]):
    """One count per pier, in the order of the site.

    A sequence of `PierCount` that can also be indexed by the name, or an alias, of a pier. A
    notebook shows it as a table.

    >>> counts
    SceneCounts('20250908_032850_ssc4_u0001', piers=3, detections=...)
    >>> counts["Pier 2"] is counts["Export pier"]
    True
    >>> counts.to_dataframe()[["pier", "status"]]
              pier   status
    0  Import pier  counted
    1  Export pier  counted
    2  Rail siding  counted
    """

    scene: str
    """Identifier of the scene."""
    digest: str
    """sha256 of the scene's file, hexadecimal."""
    piers: tuple[PierCount, ...]
    detections: tuple[GeoreferencedDetection, ...]
    """All detections above the thresholds, on a pier or not: containers, then hulls, by score."""
    aliases: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """Other names of the piers, and the name that each stands for."""
    distant: tuple[DistantPier, ...] = field(default=(), compare=False, repr=False)
    """The piers of the site that lie elsewhere, and so have no count here."""

    @overload
    def __getitem__(self, key: int | str) -> PierCount: ...
    @overload
    def __getitem__(self, key: slice) -> tuple[PierCount, ...]: ...
    def __getitem__(self, key: int | str | slice) -> PierCount | tuple[PierCount, ...]:
        """Return the count at a position, or of the pier with a name or alias; raises KeyError."""
        if isinstance(key, str):
            name = self.aliases.get(key, key)
            for count in self.piers:
                if count.pier == name:
                    return count
            names = ", ".join(count.pier for count in self.piers)
            raise KeyError(f"no pier is called {key!r}; there are {names}")
        return self.piers[key]

    def __len__(self) -> int:
        return len(self.piers)

    @property
    def shift_m(self) -> tuple[float, float] | None:
        """How far the outlines were moved in this scene, see `PierCount.shift_m`."""
        return next((one.shift_m for one in self.piers if one.shift_m is not None), None)

    def to_dataframe(self) -> pd.DataFrame:
        """Return a row per pier; estimates as NAME, NAME_low, NAME_high, missing where unknown."""
        return counts_to_dataframe(self.piers)

    def to_geodataframe(self) -> geopandas.GeoDataFrame:
        """Return a row per detection with its outline in EPSG:4326 (needs the extra `gis`)."""
        import geopandas

        names = ["score", "length_m", "width_m", "heading_deg", "aboard", "pier"]
        columns = {name: [getattr(one, name) for one in self.detections] for name in names}
        kinds = [one.kind for one in self.detections]
        return geopandas.GeoDataFrame(
            pd.DataFrame({"scene": [self.scene] * len(kinds), "class": kinds, **columns}),
            geometry=[one.outline or shapely.Polygon() for one in self.detections],
            crs="EPSG:4326",
        )

    def __repr__(self) -> str:
        found = len(self.detections)
        return f"SceneCounts({self.scene!r}, piers={len(self)}, detections={found})"

    def _repr_html_(self) -> str:
        return counts_html(self.to_dataframe(), "pier")


def counts_to_dataframe(counts: Sequence[PierCount]) -> pd.DataFrame:
    """Return a row per count, in order; numbers are nullable floats."""
    leading = (*_SCENE_COLUMNS, *_VISIBILITY_COLUMNS)
    table = pd.DataFrame({name: _column(counts, name) for name in leading})
    for name in QUANTITIES:
        estimates: list[Estimate] = [getattr(count, name) for count in counts]
        table[name] = _numbers(e.value for e in estimates)
        table[f"{name}_low"] = _numbers(e.low for e in estimates)
        table[f"{name}_high"] = _numbers(e.high for e in estimates)
    table["stacks"] = pd.array(
        [len(count.stacks) if count.containers.known else None for count in counts], dtype="Int64"
    )
    for name in _METHOD_COLUMNS:
        table[name] = _column(counts, name)
    shifts = [count.shift_m or (None, None) for count in counts]
    table["shift_east_m"] = _numbers(east for east, _ in shifts)
    table["shift_north_m"] = _numbers(north for _, north in shifts)
    return table


def counts_html(table: pd.DataFrame, key: str) -> str:
    """Return column `key` and the main columns of a table of counts as HTML, for notebooks."""
    estimates = [f"{name}{end}" for name in QUANTITIES for end in ("", "_low", "_high")]
    shown = table[[key, "status", "visible_fraction", *estimates]].astype(object)
    return str(shown.where(shown.notna(), "unknown").to_html(index=False))


def _column(counts: Sequence[PierCount], name: str) -> Any:
    values = [getattr(count, name) for count in counts]
    if name == "acquired":
        return pd.to_datetime(pd.Series(values), utc=True)
    if name == "interval_calibrated":
        known = [count.interval_calibrated if count.has_number else None for count in counts]
        return pd.array(known, dtype="boolean")
    if name == "reason":
        return pd.array([reason or None for reason in values], dtype="string")
    if name in ("role", "status"):
        return [value.value for value in values]
    return _numbers(values) if name.endswith("_fraction") else values


def _numbers(values: Iterable[float | None]) -> Any:
    """Return a nullable column; None is missing."""
    return pd.array(list(values), dtype="Float64")
