"""AIS: which ships broadcast from a berth during a call, and calls during which none did.

A ship that does not broadcast leaves no trace; that is told only where the table shows that ships
around were received at that time. Otherwise it is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
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
from cv.site import Pier

Floats = NDArray[np.float64]

COLUMNS = ("time", "mmsi", "longitude", "latitude")
AT_BERTH_M = 300.0
"""A ship so near to the berth is at it: antennas, anchors and position errors, metres."""
SLACK = timedelta(hours=1)
"""So long before the first look that shows the ship, and after the last, it is listened."""
AROUND_M = 30_000.0
"""Messages from so far tell that ships were received there at all, metres."""


class BroadcastStatus(StrEnum):
    """What AIS says of a call."""

    SENT = "broadcast"
    """At least one ship broadcast from the berth."""
    SILENT = "silent"
    """Ships around were received, and none broadcast from the berth."""
    UNKNOWN = "not known"
    """No ship around was received at that time."""


@dataclass(frozen=True)
class AisEvidence:
    """What AIS says of one call."""

    broadcast: BroadcastStatus
    mmsi: tuple[int, ...]
    """Ships that broadcast from the berth, by how many messages."""
    around: int
    """Messages from around during the call."""


@dataclass(frozen=True, eq=False)
class AisMessages:
    """Positions that ships reported; n messages, by time."""

    times: NDArray[np.datetime64]
    """(n,) UTC."""
    mmsi: NDArray[np.int64]
    """(n,) numbers of ships."""
    positions: Floats
    """(n, 2) longitude, latitude, degrees."""

    @classmethod
    def read(cls, path: str | Path) -> AisMessages:
        """The messages in a CSV with the columns time (ISO 8601 with a zone), mmsi, longitude and
        latitude (degrees), and any others; raises InputError."""
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
                raise ValueError("a position that is none")
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise InputError(
                path,
                str(error).strip().splitlines()[0],
                f"a CSV with the columns {', '.join(COLUMNS)} is needed",
                "Correct the table.",
            ) from error
        order = np.argsort(times.to_numpy(), kind="stable")
        naive = times.dt.tz_localize(None).to_numpy(dtype="datetime64[ns]")
        return cls(naive[order], mmsi[order], positions[order])

    def evidence_for(self, call: Event, pier: Pier, crs: CRS) -> AisEvidence:
        """What was heard during `call`, while looks show its ship at `pier`, and a little around;
        `crs` is that of the pier's outline."""
        first, last = (
            call.began.latest or call.began.earliest,
            call.ended.earliest or call.ended.latest,
        )
        if first is None or last is None:
            return AisEvidence(BroadcastStatus.UNKNOWN, (), 0)
        ends = [_moment(first - SLACK), _moment(last + SLACK)]
        during = slice(*np.searchsorted(self.times, ends).tolist())
        distances = _distances(self.positions[during], _berth(pier, crs), crs)
        here = self.mmsi[during][distances <= AT_BERTH_M]
        around = int((distances <= AROUND_M).sum())
        numbers, messages = np.unique(here, return_counts=True)
        if len(numbers):
            ranked = numbers[np.argsort(-messages, kind="stable")]
            return AisEvidence(BroadcastStatus.SENT, tuple(ranked.tolist()), around)
        return AisEvidence(
            BroadcastStatus.SILENT if around else BroadcastStatus.UNKNOWN, (), around
        )


def _moment(at: datetime) -> np.datetime64:
    return np.datetime64(at.replace(tzinfo=None), "ns")


def _berth(pier: Pier, crs: CRS) -> BaseGeometry:
    """The berth, or the pier where it has none of its own."""
    return pier.outline if pier.berth is None else pier.berth


def _distances(positions: Floats, place: BaseGeometry, crs: CRS) -> Floats:
    """(n,) metres from each position to a place, in a projection that is true around it."""
    if not len(positions):
        return np.zeros(0)
    middle = place.centroid
    to_degrees = Transformer.from_crs(crs, "OGC:CRS84", always_xy=True)
    x, y = to_degrees.transform(middle.x, middle.y)
    local = CRS.from_proj4(f"+proj=aeqd +lon_0={x} +lat_0={y} +units=m")
    to_local = Transformer.from_crs(crs, local, always_xy=True)
    outline = shapely.transform(place, lambda xy: np.stack(to_local.transform(*xy.T), axis=1))
    from_degrees = Transformer.from_crs("OGC:CRS84", local, always_xy=True)
    points = shapely.points(np.stack(from_degrees.transform(*positions.T), axis=1))
    return np.asarray(shapely.distance(outline, points), dtype=np.float64)
