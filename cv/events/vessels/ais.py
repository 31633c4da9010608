"""AIS: which ships broadcast from a berth during a call, and calls during which none did.

Silence is reported only if messages from the surroundings show that ships were received there at
that time; otherwise it is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from cv.errors import InputError
from cv.events.event import Event
from cv.geometry.arrays import Float64Array
from cv.site import Pier

COLUMNS = ("time", "mmsi", "longitude", "latitude")
AT_BERTH_M = 300.0
"""Distance within which a ship is at the berth, metres: antennas, anchors, position errors."""
TIME_MARGIN = timedelta(hours=1)
"""Messages count this long before the first observation of the ship and after the last."""
SURROUNDINGS_M = 30_000.0
"""Distance within which messages show that ships are received at all, metres."""


class BroadcastStatus(StrEnum):
    """What AIS shows of a call."""

    SENT = "broadcast"
    """At least one ship broadcast from the berth."""
    SILENT = "silent"
    """Ships nearby were received, and none broadcast from the berth."""
    UNKNOWN = "not known"
    """No ship nearby was received at that time."""


@dataclass(frozen=True)
class AisEvidence:
    """What AIS shows of one call."""

    broadcast: BroadcastStatus
    mmsi: tuple[int, ...]
    """Ships that broadcast from the berth, the one with most messages first."""
    around: int
    """Number of messages from the surroundings during the call."""


@dataclass(frozen=True, eq=False)
class AisMessages:
    """The n position messages of ships, by time."""

    times: NDArray[np.datetime64]
    """(n,) UTC."""
    mmsi: NDArray[np.int64]
    """(n,) numbers of the ships."""
    positions: Float64Array
    """(n, 2) longitude, latitude, degrees."""

    @classmethod
    def read(cls, path: str | Path) -> AisMessages:
        """Read a CSV with the columns time (ISO 8601 with a zone), mmsi, longitude and latitude.

        Positions are in degrees; further columns are ignored. Raises InputError.
        """
        path = Path(path)
        try:
            table = pd.read_csv(path, usecols=list(COLUMNS), dtype={"time": "string"})
            zoned = table["time"].str.contains(r"(?:Z|[+-]\d\d:?\d\d)$", regex=True)
            if not zoned.all():
                raise ValueError("a time without a zone; add Z for UTC")
            times = pd.to_datetime(table["time"], utc=True, format="ISO8601")
            positions = table[["longitude", "latitude"]].to_numpy(dtype=np.float64)
            mmsi = table["mmsi"].to_numpy(dtype=np.int64)
            if not (np.abs(positions) <= (180.0, 90.0)).all():
                raise ValueError("a position outside of the Earth's coordinates")
        except (OSError, ValueError, TypeError, KeyError) as error:
            found = str(error).strip().splitlines()[0]
            limit = f"a CSV with the columns {', '.join(COLUMNS)} is needed"
            raise InputError(path, found, limit, "Correct the table.") from error
        order = np.argsort(times.to_numpy(), kind="stable")
        naive = times.dt.tz_localize(None).to_numpy(dtype="datetime64[ns]")
        return cls(naive[order], mmsi[order], positions[order])

    def evidence_for(self, call: Event, pier: Pier, crs: CRS) -> AisEvidence:
        """Return what was received while observations show the ship of `call` at `pier`.

        `crs` is that of the pier's outline; `TIME_MARGIN` is added at both ends.
        """
        first = call.began.latest or call.began.earliest
        last = call.ended.earliest or call.ended.latest
        if first is None or last is None:
            return AisEvidence(BroadcastStatus.UNKNOWN, (), 0)
        ends = [time.replace(tzinfo=None) for time in (first - TIME_MARGIN, last + TIME_MARGIN)]
        during = slice(*np.searchsorted(self.times, np.array(ends, "M8[ns]")).tolist())
        berth = pier.outline if pier.berth is None else pier.berth
        distances = _distances_m(self.positions[during], berth, crs)
        around = int((distances <= SURROUNDINGS_M).sum())
        at_berth = self.mmsi[during][distances <= AT_BERTH_M]
        ships, messages = np.unique(at_berth, return_counts=True)
        ranked = ships[np.argsort(-messages, kind="stable")]
        status = BroadcastStatus.SILENT if around else BroadcastStatus.UNKNOWN
        if len(ships):
            status = BroadcastStatus.SENT
        return AisEvidence(status, tuple(ranked.tolist()), around)


def _distances_m(positions: Float64Array, place: BaseGeometry, crs: CRS) -> Float64Array:
    """Return (n,) metres from each position to `place` (in `crs`), in a local projection."""
    if not len(positions):
        return np.zeros(0)
    middle = place.centroid
    to_degrees = Transformer.from_crs(crs, "OGC:CRS84", always_xy=True)
    x, y = to_degrees.transform(middle.x, middle.y)
    local = CRS.from_proj4(f"+proj=aeqd +lon_0={x} +lat_0={y} +units=m")
    to_local = Transformer.from_crs(crs, local, always_xy=True)
    outline = shapely.transform(place, lambda xy: np.stack(to_local.transform(*xy.T), axis=1))
    from_degrees = Transformer.from_crs("OGC:CRS84", local, always_xy=True)
    points = shapely.points(*from_degrees.transform(*positions.T))
    return np.asarray(shapely.distance(outline, points), dtype=np.float64)
