"""Lanes show certain and possible times of events, with labels that do not collide."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from simulated_ports.cloud_cover import CLEAR_COAST
from simulated_ports.port import EXPORT, IMPORT, SimulatedPort

from cv.events.event import ONGOING, Event, EventKind, Magnitude
from cv.events.event import CensoredTime as When
from cv.events.rules.berth_shifts import BerthShift
from cv.events.vessels.published_claims import PublishedClaim
from cv.report import draw
from cv.report.event_lanes import draw_lanes, lane_rows
from cv.report.events_text import events_text
from cv.report.series_panel import DayRange
from cv.timeseries.series import Series
from tests.fixtures.sample_counts import a_count

START = datetime(2024, 1, 1, tzinfo=UTC)
FIRST = (START - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(days=1)
SPAN = DayRange(pd.Timestamp(START), pd.Timestamp(START + timedelta(days=59)), 1450.0)


def when(after, by):
    return When(*(None if d is None else START + timedelta(days=d) for d in (after, by)))


def event(kind, began, ended, size=None, confidence=0.95):
    return Event(
        kind=kind,
        pier="East",
        began=began,
        ended=ended,
        size=size,
        confidence=confidence,
        evidence=(),
        alternatives=(),
    )


def drawn(events, claims=()):
    figure = Figure(figsize=(14.5, 3), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    draw_lanes(axes, lane_rows(events, claims, SPAN), SPAN)
    figure.canvas.draw()
    return axes


def boxes(axes):
    """Left and right ends of all bars, days after START."""
    return [
        tuple(round(float(x) - FIRST, 3) for x in path.get_extents().intervalx)
        for bars in axes.collections
        for path in bars.get_paths()
    ]


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_certain_and_possible_times_are_distinguished():
    size = Magnitude(118.0, 110.0, 126.0, "metres")
    axes = drawn([event(EventKind.CALL, when(9, 10), when(12, 14), size)])
    assert boxes(axes) == [(9.0, 14.0), (10.0, 12.0)]
    assert texts(axes) == ["118 m"]


def test_an_ongoing_event_reaches_the_end_and_one_without_a_known_begin_the_start():
    days = Magnitude(30.0, 30.0, 31.0, "days")
    axes = drawn([event(EventKind.HALT, when(None, 0.5), ONGOING, days, 0.4)])
    left, right = (round(x - FIRST, 3) for x in SPAN.ends)
    assert boxes(axes) == [(left, right), (0.5, right)]
    assert texts(axes) == ["30 d, 40%"]


def test_an_unseen_call_is_hatched_and_its_size_has_a_sign():
    size = Magnitude(-80.0, -95.0, -65.0, "containers")
    axes = drawn([event(EventKind.UNSEEN_CALL, when(20, 22), when(20, 22), size, 0.7)])
    assert texts(axes) == ["\u221280, 70%"]
    assert [bars.get_hatch() for bars in axes.collections] == [None, "////"]


def test_a_berth_shift_names_the_pier_that_the_ship_went_to():
    size = Magnitude(118.0, 110.0, 126.0, "metres")
    plain = vars(event(EventKind.BERTH_SHIFT, when(20, 21), when(20, 21), size, 0.8))
    shift = BerthShift(**plain, to_pier="West")
    assert texts(drawn([shift])) == ["118 m to West, 80%"]
    assert texts(drawn([replace(shift, size=None, confidence=0.95)])) == ["to West"]
    assert events_text([shift]).splitlines()[1].endswith("80%  East to West")


def test_simultaneous_claims_are_in_different_rows_with_their_sources():
    began = START + timedelta(days=20)
    claims = [
        PublishedClaim(
            pier="East",
            began=began,
            ended=began + timedelta(days=1),
            kind=None,
            text=text,
            source=source,
        )
        for text, source in (("a ship unloads", "press A"), ("no ship came", "press B"))
    ]
    rows = lane_rows([], claims, SPAN)
    assert [name for name, _ in rows] == ["claim", "claim"]
    assert texts(drawn([], claims)) == ["a ship unloads (press A)", "no ship came (press B)"]


@pytest.mark.parametrize("days", [60, 150, 400])
def test_labels_do_not_collide(days):
    port = SimulatedPort.simulate(3, CLEAR_COAST, days=days)
    counts = {EXPORT.name: port.export_counts, IMPORT.name: port.import_counts}
    from cv.events.site_events import find_events

    events = [one for one in find_events(counts) if one.pier == EXPORT.name]
    span = DayRange.of([Series.of(EXPORT.name, port.export_counts)], 1450.0)
    figure = Figure(figsize=(14.5, 3), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    draw_lanes(axes, lane_rows(events, (), span), span)
    figure.canvas.draw()
    shown = [text.get_window_extent() for text in axes.texts]
    assert len(shown) > 8
    assert not any(one.overlaps(other) for one, other in combinations(shown, 2))


def test_a_picture_with_lanes_is_taller(tmp_path):
    counts = [a_count(f"s{i}", containers=5.0, days=i) for i in range(12)]
    series = Series.of("East", counts)
    (first,), days = {c.acquired for c in counts[:1]}, Magnitude(9.0, 9.0, 9.0, "days")
    halt = event(EventKind.HALT, When(None, first), ONGOING, days, 0.9)
    draw.series(series, tmp_path / "plain.png")
    draw.timeline(series, [halt], tmp_path / "events.png")
    elsewhere = replace(halt, pier="West")
    draw.timeline(series, [elsewhere], tmp_path / "other.png")
    names = ("plain", "events", "other")
    plain, with_events, other = (imread(tmp_path / f"{name}.png").shape for name in names)
    assert plain == other
    assert with_events[0] > plain[0] + 20
