"""AIS: who broadcast from a berth, and when nobody did although others were received."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely
from pyproj import CRS, Geod, Transformer

from cv.errors import InputError
from cv.events.event import CensoredTime, Event, EventKind
from cv.events.vessels.ais import AisMessages, BroadcastStatus
from cv.site import Pier, PierRole

START = datetime(2024, 1, 10, tzinfo=UTC)
WGS84 = CRS.from_user_input("OGC:CRS84")
PIER = Pier(
    "Pier 1", PierRole.EXPORT, shapely.box(130.0, 42.0, 130.001, 42.002),
    shapely.box(130.001, 42.0, 130.0015, 42.002),
)  # fmt: skip
BERTH = (130.00125, 42.001)


def call(first=0.0, last=2.0):
    days = [START + timedelta(days=d) for d in (first - 1, first, last, last + 1)]
    return Event(
        kind=EventKind.CALL,
        pier="Pier 1",
        began=CensoredTime(*days[:2]),
        ended=CensoredTime(*days[2:]),
        size=None,
        confidence=0.9,
        evidence=("s",),
        alternatives=(),
    )


def away(metres, bearing=90.0):
    """Longitude and latitude so far from the middle of the berth."""
    lon, lat, _ = Geod(ellps="WGS84").fwd(*BERTH, bearing, metres)
    return lon, lat


def messages(folder, *rows):
    lines = [
        f"{(START + timedelta(days=day)).isoformat()},{mmsi},{lon:.6f},{lat:.6f},x"
        for day, mmsi, (lon, lat) in rows
    ]
    path = folder / "ais.csv"
    path.write_text("\n".join(["time,mmsi,longitude,latitude,name", *lines]))
    return AisMessages.read(path)


def test_ships_at_the_berth_are_ordered_by_their_number_of_messages(tmp_path):
    ais = messages(
        tmp_path,
        (1.0, 222, BERTH),
        (0.5, 111, away(100)),
        (1.5, 222, away(250, 0)),
        (1.0, 333, away(5_000)),
        (-0.5, 444, BERTH),
    )
    evidence = ais.evidence_for(call(), PIER, WGS84)
    assert (evidence.broadcast, evidence.mmsi, evidence.around) == (
        BroadcastStatus.SENT,
        (222, 111),
        4,
    )


def test_silence_is_reported_only_where_others_were_received(tmp_path):
    near, distant = away(5_000), away(90_000)
    ais = messages(tmp_path, (1.0, 333, near), (9.0, 333, near), (9.0, 1, distant))
    assert ais.evidence_for(call(), PIER, WGS84).broadcast is BroadcastStatus.SILENT
    assert ais.evidence_for(call(4, 5), PIER, WGS84).broadcast is BroadcastStatus.UNKNOWN
    elsewhere = messages(tmp_path, (1.0, 333, distant))
    assert elsewhere.evidence_for(call(), PIER, WGS84).broadcast is BroadcastStatus.UNKNOWN
    assert messages(tmp_path).evidence_for(call(), PIER, WGS84).broadcast is BroadcastStatus.UNKNOWN


def test_sites_may_be_in_metres(tmp_path):
    utm = CRS.from_epsg(32652)
    forth = Transformer.from_crs(WGS84, utm, always_xy=True)

    def moved(place):
        return shapely.transform(place, lambda xy: np.stack(forth.transform(*xy.T), 1))

    pier = Pier(PIER.name, PIER.role, moved(PIER.outline), moved(PIER.berth))
    ais = messages(tmp_path, (1.0, 222, away(280)), (1.0, 111, away(420)))
    assert (
        ais.evidence_for(call(), pier, utm).mmsi
        == ais.evidence_for(call(), PIER, WGS84).mmsi
        == (222,)
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time,mmsi,lon,lat\n", "longitude"),
        ("time,mmsi,longitude,latitude\n2024-01-10T00:00:00,1,130,42\n", "without a zone"),
        ("time,mmsi,longitude,latitude\nyesterday,1,130,42\n", "without a zone"),
        ("time,mmsi,longitude,latitude\n2024-01-10T00:00:00Z,1,930,42\n", "position"),
        ("time,mmsi,longitude,latitude\n2024-01-10T00:00:00Z,1,east,42\n", "east"),
        ("time,mmsi,longitude,latitude\n2024-01-10T00:00:00Z,x,130,42\n", "x"),
        ("", "No columns"),
    ],
)
def test_invalid_tables_are_refused(tmp_path, text, message):
    path = tmp_path / "ais.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        AisMessages.read(path)
