"""The counts of one scene: one per pier, with the detections behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

import pandas as pd
import shapely

from cv.counting.count import Estimate, PierCount
from cv.counting.georeferenced_detection import GeoreferencedDetection

if TYPE_CHECKING:
    import geopandas

QUANTITIES = ("containers", "teu", "hulls", "aboard")
"""Names of the fields of a `PierCount` that are estimates."""


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

    def __iter__(self) -> Iterator[PierCount]:
        return iter(self.piers)

    def to_dataframe(self) -> pd.DataFrame:
        """Return a row per pier; estimates as NAME, NAME_low, NAME_high, missing where unknown."""
        return counts_to_dataframe(self.piers)

    def to_geodataframe(self) -> geopandas.GeoDataFrame:
        """Return a row per detection with its outline in EPSG:4326 (needs the extra `gis`)."""
        import geopandas

        rows = [
            (self.scene, s.kind, s.score, s.length_m, s.width_m, s.heading_deg, s.aboard, s.pier)
            for s in self.detections
        ]
        names = ["scene", "class", "score", "length_m", "width_m", "heading_deg", "aboard", "pier"]
        return geopandas.GeoDataFrame(
            pd.DataFrame(rows, columns=names),
            geometry=[s.outline or shapely.Polygon() for s in self.detections],
            crs="EPSG:4326",
        )

    def __repr__(self) -> str:
        found = len(self.detections)
        return f"SceneCounts({self.scene!r}, piers={len(self)}, detections={found})"

    def _repr_html_(self) -> str:
        return counts_html(self.to_dataframe(), "pier")


def counts_to_dataframe(counts: Sequence[PierCount]) -> pd.DataFrame:
    """Return a row per count, in order; numbers are nullable floats."""
    table = pd.DataFrame(
        {
            "scene": [count.scene for count in counts],
            "acquired": pd.to_datetime(pd.Series([count.acquired for count in counts]), utc=True),
            "pier": [count.pier for count in counts],
            "role": [count.role.value for count in counts],
            "status": [count.status.value for count in counts],
            "reason": [count.reason for count in counts],
            "visible_fraction": _numbers(count.visible_fraction for count in counts),
            "berth_visible_fraction": _numbers(count.berth_visible_fraction for count in counts),
            "visibility": [count.visibility for count in counts],
            "radiometry": [count.radiometry for count in counts],
        }
    )
    for name in QUANTITIES:
        estimates: list[Estimate] = [getattr(count, name) for count in counts]
        table[name] = _numbers(e.value for e in estimates)
        table[f"{name}_low"] = _numbers(e.low for e in estimates)
        table[f"{name}_high"] = _numbers(e.high for e in estimates)
    table["stacks"] = pd.array(
        [len(count.stacks) if count.containers.known else None for count in counts], dtype="Int64"
    )
    table["interval_level"] = [count.interval_level for count in counts]
    table["interval_calibrated"] = [count.interval_calibrated for count in counts]
    table["method"] = [count.method for count in counts]
    table["model"] = [count.model for count in counts]
    table["settings"] = [count.settings for count in counts]
    table["place"] = [count.place for count in counts]
    return table


def counts_html(table: pd.DataFrame, key: str) -> str:
    """Return column `key` and the main columns of a table of counts as HTML, for notebooks."""
    estimates = [f"{name}{end}" for name in QUANTITIES for end in ("", "_low", "_high")]
    shown = table[[key, "status", "visible_fraction", *estimates]].astype(object)
    return str(shown.where(shown.notna(), "unknown").to_html(index=False))


def _numbers(values: Iterable[float | None]) -> Any:
    """Return a nullable column; None is missing."""
    return pd.array(list(values), dtype="Float64")
