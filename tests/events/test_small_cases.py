"""Small inputs that went wrong once, and changes of the input that must not change the events."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from simulated_ports.kinds import KIND_BY_NAME

from cv.counting.pier_count import CountStatus, Estimate, PierCount
from cv.events.confidence import LEAST_STATED
from cv.events.event import CensoredTime, Event, EventKind
from cv.events.model.observations import PierObservations
from cv.events.rules.berth_shifts import BerthShift
from cv.events.rules.throughput import estimate_throughput
from cv.events.site_events import find_events, find_events_of_sites
from cv.timeseries.series import Series
from tests.fixtures.observations import pier_count
from tests.fixtures.small_cases import days_after_start, read_case

CASES = Path(__file__).resolve().parents[3] / "shared" / "cases" / "events"
SAME_D = 0.05
"""Days that times in the head of a case, which are rounded, may be off."""
LIKELY = 0.5
KINDS = ("weekly_liner", "rajin_like", "frequent", "two_ships", "standing_barge", "cloudy")
ADDED = (
    EventKind.CALL, EventKind.UNSEEN_CALL, EventKind.STOCKPILE, EventKind.WARNING,
    EventKind.HALT, EventKind.DWELL, EventKind.STANDING_HULL,
)  # fmt: skip
PORT_DAYS = 120


def events_of(name: str) -> tuple[Event, ...]:
    path = CASES / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"needs ../shared/cases/events/{name}.csv, which is not there")
    return find_events({"Pier": read_case(path)})


def of(events: Iterable[Event], *kinds: EventKind) -> list[Event]:
    return [event for event in events if event.kind in kinds]


def seen(call: Event) -> tuple[float, float]:
    """The first and the last day on which a call was seen."""
    first, last = days_after_start(call.began.latest), days_after_start(call.ended.earliest)
    assert first is not None
    assert last is not None
    return first, last


def test_ships_beside_a_standing_barge_are_two_calls_and_the_barge_is_none():
    events = events_of("barge_joins_two_ships")
    first, second = of(events, EventKind.CALL)
    assert seen(first) == pytest.approx((298.05, 298.05), abs=SAME_D)
    assert days_after_start(first.ended.latest) == pytest.approx(300.06, abs=SAME_D)
    assert days_after_start(second.began.earliest) >= 300.0
    assert seen(second) == pytest.approx((307.06, 307.06), abs=SAME_D)
    (barge,) = of(events, EventKind.STANDING_HULL)
    assert days_after_start(barge.began.latest) == pytest.approx(298.05, abs=SAME_D)
    assert barge.ended.latest is None
    assert barge.size.low < 105 < barge.size.high


def test_an_unchanged_number_at_a_pier_of_unknown_ships_is_no_sure_dwell():
    events = events_of("dwell_over_calls")
    ashore = (EventKind.DWELL, EventKind.HALT, EventKind.INFLOW_STOPPED)
    assert [event for event in of(events, *ashore) if event.confidence >= LIKELY] == []


def test_few_counts_that_rise_and_fall_are_no_sure_stop_of_inflow():
    events = events_of("inflow_stopped_while_cargo_came")
    stopped = of(events, EventKind.INFLOW_STOPPED, EventKind.HALT)
    assert [event for event in stopped if event.confidence >= LIKELY] == []


def test_no_ship_is_due_where_none_was_ever_seen():
    events = events_of("ship_due_without_ships")
    assert of(events, EventKind.WARNING, EventKind.CALL, EventKind.UNSEEN_CALL) == []


def test_cargo_that_may_have_come_by_land_is_not_surely_unloaded():
    events = events_of("unloading_where_none_was")
    (call,) = of(events, EventKind.CALL)
    assert seen(call) == pytest.approx((52.07, 52.07), abs=SAME_D)
    assert estimate_throughput("Pier", events).unloaded_at_least == 0.0
    unloaded = of(events, EventKind.UNLOADING)
    assert all(event.confidence < 0.7 for event in unloaded)
    assert all("lorries or trains" in " ".join(event.alternatives) for event in unloaded)


def test_weekly_ships_that_are_surely_seen_are_calls():
    events = events_of("weekly_ships_explained_away")
    calls = of(events, EventKind.CALL)
    assert [seen(call)[0] for call in calls] == pytest.approx([3.06, 10.06])
    assert [days_after_start(call.ended.latest) for call in calls] == pytest.approx([4.06, 11.06])
    assert of(events, EventKind.HALT, EventKind.STANDING_HULL) == []


@cache
def site(kind: str) -> dict[str, Series]:
    """The series of the piers of a simulated port."""
    return {pier.name: pier.series for pier in KIND_BY_NAME[kind].simulate(5, 1, PORT_DAYS)}


@cache
def expected(kind: str) -> tuple[Event, ...]:
    events = find_events(site(kind))
    assert len(events) > 3
    return events


def changed(series: Series, counts: Sequence[PierCount]) -> Series:
    return Series(counts[0].pier, tuple(counts), series.places)


def postponed(count: PierCount, by: timedelta, **changes: Any) -> PierCount:
    """The count of an image taken later."""
    assert count.acquired is not None
    return replace(count, acquired=count.acquired + by, **changes)


def later(time: CensoredTime, by: timedelta) -> CensoredTime:
    def moved(at: datetime | None) -> datetime | None:
        return None if at is None else at + by

    return CensoredTime(moved(time.earliest), moved(time.latest))


def assert_same(events: Sequence[Event], others: Sequence[Event]) -> None:
    """Compare events, up to rounding in probabilities and sizes."""
    assert [without_numbers(event) for event in events] == [without_numbers(one) for one in others]
    for event, other in zip(events, others, strict=True):
        assert event.confidence == pytest.approx(other.confidence, abs=1e-6)
        if event.size is not None:
            assert other.size is not None
            assert event.size.value == pytest.approx(other.size.value, abs=1e-6)


def without_numbers(event: Event):
    return event.kind, event.pier, event.began, event.ended, event.evidence, event.alternatives


@pytest.mark.parametrize("kind", KINDS)
def test_a_shift_in_time_by_whole_days_changes_only_times(kind):
    by = timedelta(days=1_234)
    moved = {
        name: changed(series, [postponed(one, by) for one in series])
        for name, series in site(kind).items()
    }
    shifted = [
        replace(event, began=later(event.began, by), ended=later(event.ended, by))
        for event in expected(kind)
    ]
    assert_same(find_events(moved), shifted)


@pytest.mark.parametrize("kind", KINDS)
def test_another_name_of_a_pier_changes_only_names(kind):
    renamed = {
        f"{name} of old": changed(series, [replace(c, pier=f"{c.pier} of old") for c in series])
        for name, series in site(kind).items()
    }
    names = [
        replace(event, pier=f"{event.pier} of old")
        if not isinstance(event, BerthShift)
        else replace(event, pier=f"{event.pier} of old", to_pier=f"{event.to_pier} of old")
        for event in expected(kind)
    ]
    assert find_events(renamed) == tuple(names)


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_in_which_counts_are_recorded_changes_nothing(kind):
    rng = random.Random(2)
    shuffled = {}
    for name, series in reversed(site(kind).items()):
        counts = rng.sample(series.counts, len(series))
        shuffled[name] = Series.of(name, counts, series.places)
    assert_same(find_events(shuffled), expected(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_a_site_far_away_changes_nothing(kind):
    other = {f"{name} elsewhere": series for name, series in site("frequent").items()}
    own, _ = find_events_of_sites([site(kind), other])
    assert_same(own, expected(kind))


def time_of(count: PierCount) -> datetime:
    assert count.acquired is not None
    return count.acquired


def duplicate(count: PierCount) -> PierCount:
    """The count of a second image of the same moment, a minute later."""
    return postponed(count, timedelta(minutes=1), scene=f"{count.scene} again")


def doubled(series: Series, position: int) -> Series:
    """A series in which an image was taken twice."""
    again = duplicate(series[position])
    places = dict(series.places)
    if series[position].scene in places:
        places[again.scene] = places[series[position].scene]
    counts = (*series.counts[: position + 1], again, *series.counts[position + 1 :])
    return Series(series.pier, counts, places)


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_image_of_the_same_moment_is_no_second_witness(kind):
    """Not of a call, whose confidence stays, nor of any further one."""
    for name, series in site(kind).items():
        shown = [i for i, one in enumerate(series) if one.hulls.known and one.hulls.value >= 1]
        for position in shown[::4]:
            with_both = find_events({**site(kind), name: doubled(series, position)})
            for one in ADDED:  # one that is just probable enough may be stated or not
                least = LEAST_STATED.get(one, 0.0) + 0.03
                added = sum(event.confidence >= least for event in of(with_both, one))
                assert added <= len(of(expected(kind), one)), (one, position)
            calls = of(expected(kind), EventKind.CALL)
            for call in of(with_both, EventKind.CALL):
                scene = series[position].scene
                if scene not in call.evidence:
                    continue
                known = [before.confidence for before in calls if scene in before.evidence]
                assert call.confidence == pytest.approx(max(known), abs=0.015), position


def surely_shown(call: Event, counts: Sequence[PierCount]) -> bool:
    """Whether an image surely shows a ship of a call."""
    return any((one.hulls.low or 0.0) >= 1 for one in counts if one.scene in call.evidence)


def nothing_new(last: PierCount, after: timedelta) -> PierCount:
    """A clear count of the same number of containers, and of no hull."""
    return postponed(
        last,
        after,
        scene="late",
        status=CountStatus.COUNTED,
        visible_fraction=1.0,
        berth_visible_fraction=1.0,
        hulls=Estimate(0.0, 0.0, 1.0),
        berthed=(),
        unseen=None,
    )


@pytest.mark.parametrize("wait_d", [3, 10, 30])
@pytest.mark.parametrize("kind", ["weekly_liner", "two_ships", "no_halts", "bulk", "twice_daily"])
def test_a_late_image_of_an_empty_berth_takes_no_call_back(kind, wait_d):
    """Whose ship one image surely shows, and which had left before."""
    checked = 0
    for series in site(kind).values():
        known = [i for i, one in enumerate(series) if one.containers.known and not one.hulls.value]
        for last in known[4::6]:
            counts = series.counts[: last + 1]
            before = find_events({series.pier: changed(series, counts)})
            late = nothing_new(counts[-1], timedelta(days=wait_d))
            after = find_events({series.pier: changed(series, (*counts, late))})
            stated = {scene for call in of(after, EventKind.CALL) for scene in call.evidence}
            for call in of(before, EventKind.CALL):
                if surely_shown(call, counts) and call.ended.latest is not None:
                    checked += 1
                    assert stated & set(call.evidence), (last, call)
    assert checked > 5


def test_late_images_of_an_empty_berth_take_no_call_back_from_a_short_record():
    ship = [pier_count(0, 40), pier_count(1, 40, 120), pier_count(2, 40), pier_count(3, 40)]
    (call,) = of(find_events({"Pier 2": ship}), EventKind.CALL)
    for waits in ((4,), (10,), (30,), (4, 10, 17), range(4, 18)):
        counts = [*ship, *(pier_count(wait, 40) for wait in waits)]
        (still,) = of(find_events({"Pier 2": counts}), EventKind.CALL)
        assert (still.began, still.ended) == (call.began, call.ended)


@pytest.mark.xfail(strict=True, reason="the ship's cargo counts against it before and after it")
def test_a_month_of_an_empty_berth_takes_no_call_back():
    """A call whose ship one image surely shows, and which no image contradicts."""
    ship = [pier_count(0, 40), pier_count(1, 40, 120), pier_count(2, 40), pier_count(3, 40)]
    counts = [*ship, *(pier_count(wait, 40) for wait in range(4, 30))]
    assert len(of(find_events({"Pier 2": counts}), EventKind.CALL)) == 1


def test_what_a_call_did_is_stated_only_with_the_call():
    """Loading, unloading, resumption and shift need a call that is itself stated."""
    for kind in KINDS:
        events = expected(kind)
        calls = {(call.pier, call.began, call.ended) for call in of(events, EventKind.CALL)}
        for event in of(events, EventKind.LOADING, EventKind.UNLOADING, EventKind.RESUMPTION):
            assert (event.pier, event.began, event.ended) in calls
        begun = {(pier, began) for pier, began, _ in calls}
        for shift in of(events, EventKind.BERTH_SHIFT):
            assert isinstance(shift, BerthShift)
            assert (shift.to_pier, shift.ended) in begun


def test_no_call_is_stated_below_its_least_confidence():
    assert LEAST_STATED[EventKind.CALL] >= 0.6
    for kind in KINDS:
        for one, least in LEAST_STATED.items():
            assert all(event.confidence >= least for event in of(expected(kind), one))


def test_a_ship_that_loaded_and_left_is_no_bad_image():
    """The stack is gone in the image after the ship, and as large as before a day later."""
    counts = [pier_count(0, 300), pier_count(1, 310, 115), pier_count(1.2, 0), pier_count(2, 300)]
    observations = PierObservations.of([*counts, pier_count(3, 300)])
    assert observations.containers[2] == observations.hulls[2] == 0
    unloaded = PierObservations.of([counts[0], pier_count(1, 310), *counts[2:], pier_count(3, 300)])
    assert np.isnan(unloaded.containers[2])  # nothing explains it there
    assert np.isnan(unloaded.hulls[2])


def test_hulls_of_one_length_with_weeks_unseen_between_them_are_no_standing_hull():
    hulls = [pier_count(at, 50, 115) for at in (0, 40, 41, 80, 81, 120)]
    empty = [pier_count(121 + i, 50) for i in range(6)]
    assert of(find_events({"Pier 2": [*hulls, *empty]}), EventKind.STANDING_HULL) == []
