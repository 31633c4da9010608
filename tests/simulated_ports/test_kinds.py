"""Simulated ports of many kinds: they are what they claim, and their history adds up."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from simulated_ports import hull_scores
from simulated_ports.kinds import KIND_BY_NAME, KINDS
from simulated_ports.pier_history import Cause, PierHistory
from simulated_ports.pier_observation import ObservedPier
from simulated_ports.port import START
from simulated_ports.traffic_parameters import Spread

from cv.counting.pier_count import CountStatus

SEED = 11


@cache
def port(name: str, number: int) -> tuple[ObservedPier, ...]:
    return KIND_BY_NAME[name].simulate(SEED, number)


def ports(name: str, number: int = 3) -> list[ObservedPier]:
    """The piers of a few ports of a kind."""
    return [pier for i in range(number) for pier in port(name, i)]


def stays(pier: ObservedPier):
    return [stay for stay in pier.history.stays if 0 < stay.arrival_d < pier.history.days]


def clear(pier: ObservedPier):
    return [count for count in pier.series if count.status is CountStatus.COUNTED]


def mean_stay_d(name: str) -> float:
    return float(
        np.mean([s.departure_d - s.arrival_d for pier in ports(name, 6) for s in stays(pier)])
    )


def arrival_gaps_d(name: str) -> list[float]:
    """Times from arrival to arrival at each pier."""
    return [
        after.arrival_d - before.arrival_d
        for pier in ports(name, 6)
        for before, after in pairwise(stays(pier))
    ]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_container_is_accounted_for(kind):
    for pier in port(kind.name, 0):
        history, boxes = pier.history, pier.history.containers
        assert (boxes.came_d < boxes.left_d).all()
        days = np.linspace(0.0, history.days, 50)
        there = [int(((boxes.came_d <= day) & (day < boxes.left_d)).sum()) for day in days]
        assert history.number_at(days).tolist() == there
        came, left = history.came_between(0.0, 365.0), history.left_between(0.0, 365.0)
        assert there[-1] - there[0] == came - left
        check_ships(history)


def check_ships(history: PierHistory) -> None:
    """Ships take and bring containers while they are there, and nothing else is theirs."""
    boxes = history.containers
    for number, stay in enumerate(history.stays):
        took, brought = boxes.taken_by == number, boxes.brought_by == number
        assert (int(took.sum()), int(brought.sum())) == (stay.loaded, stay.unloaded)
        for times in (boxes.left_d[took], boxes.came_d[brought]):
            assert ((times >= stay.arrival_d) & (times <= stay.departure_d)).all()
        own = boxes.came_d[(boxes.meant_for == number) & (boxes.came_d < stay.arrival_d)]
        assert stay.gathered == len(own)
        assert not len(own) or stay.gathering_d == own.min()
    assert ((boxes.left_by == Cause.SHIP) == (boxes.taken_by >= 0)).all()
    assert ((boxes.came_by == Cause.SHIP) == (boxes.brought_by >= 0)).all()


def test_a_seed_always_gives_the_same_port():
    kind = KIND_BY_NAME["rajin_like"]
    one, same, other, later = (
        repr([pier.series.counts for pier in kind.simulate(seed, number, days=60)])
        for seed, number in ((1, 0), (1, 0), (2, 0), (1, 1))
    )
    assert one == same
    assert len({one, other, later}) == 3


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_has_ships_and_stockpiles_as_it_says(kind):
    # At the import pier of a port no cargo gathers.
    piers = [pier for pier in ports(kind.name) if pier.role != "import" or not kind.gathers]
    ships = [stay for pier in piers for stay in stays(pier)]
    assert bool(ships) == kind.ships or kind.name == "false_containers"
    if ships:
        gathers = np.mean([stay.gathered >= 10 for stay in ships])
        assert (gathers > 0.6) == kind.gathers


def test_the_kinds_differ_in_their_traffic():
    assert 1.8 < np.mean(arrival_gaps_d("frequent")) < 3.6
    weekly = arrival_gaps_d("weekly_liner")
    assert np.median(np.abs(np.array(weekly) - 7.0)) < 0.6
    assert max(arrival_gaps_d("no_halts")) < 35.0
    assert 4.5 < mean_stay_d("long_stays") < 11.0
    assert 0.25 < mean_stay_d("short_calls") < 0.45
    leads = [s.arrival_d - s.gathering_d for p in ports("slow_gathering") for s in stays(p)]
    assert 8.0 < np.nanmean(leads) < 12.0


def test_the_kinds_differ_in_their_cargo():
    took, brought = np.sum([pier.history.totals for pier in ports("import_lorries")], axis=0)
    assert took == 0 < brought
    took, brought = np.sum([pier.history.totals for pier in ports("transshipment")], axis=0)
    assert min(took, brought) > 500
    for pier in ports("bulk"):
        assert max(count.containers.value for count in clear(pier)) < 80
    for pier in ports("frequent"):
        assert pier.history.number_at(np.arange(0.0, 365.0)).min() >= 10
    for pier in ports("false_containers"):
        assert len(pier.history.containers) == 0
        assert np.median([count.containers.value for count in clear(pier)]) >= 2


def test_traffic_stops_and_resumes_where_the_regime_changes():
    for pier in ports("regimes"):
        assert max(b.arrival_d - a.departure_d for a, b in pairwise(stays(pier))) > 35.0


def test_two_ships_are_at_the_pier_at_once():
    for pier in ports("two_ships"):
        assert any(b.arrival_d < a.departure_d for a, b in pairwise(stays(pier)))
        assert max(count.hulls.value for count in clear(pier)) >= 2


def test_a_weak_detector_misses_most_ships():
    for name, low, high in (("weak_detector", 0.2, 0.4), ("no_halts", 0.68, 0.92)):
        shown = [one for pier in ports(name, 8) for one in pier.shown if one.clear]
        assert low < np.mean([one.probability > 0 for one in shown]) < high


def test_clouds_leave_the_days_that_a_kind_states():
    for pier in ports("cloudy", 6):
        days = {count.acquired.date() for count in clear(pier)}
        assert 0.15 < len(days) / 365 < 0.35


def test_near_duplicates_have_one_error():
    for pier in ports("twice_daily"):
        pairs = [
            (a, b)
            for a, b in pairwise(pier.series)
            if (b.acquired - a.acquired).total_seconds() < 1800
        ]
        same = [a.containers == b.containers and a.berthed == b.berthed for a, b in pairs]
        assert len(pairs) > 80
        assert np.mean(same) > 0.85


def test_a_standing_barge_shows_as_a_hull_and_is_no_ship():
    for pier in ports("standing_barge"):
        (barge,) = pier.observation.standing_objects
        ships = {(one.day, one.stay) for one in pier.shown}
        assert np.mean([count.hulls.value >= 1 for count in clear(pier)]) > 0.8
        assert len(ships) < 0.6 * len(pier.series)
        near = [
            hull
            for count in clear(pier)
            for hull in count.berthed
            if abs(hull.center[0] / 2 - barge.position_m) < 25
        ]
        assert np.median([hull.length_m for hull in near]) == pytest.approx(barge.length_m, rel=0.1)


def test_false_hulls_are_seen_without_a_ship():
    for pier in ports("false_hulls", 6):
        ship_days = {one.day for one in pier.shown}
        without = len(clear(pier)) - len(ship_days)
        hulls = sum(count.hulls.value for count in clear(pier))
        found = sum(one.clear and one.probability > 0 for one in pier.shown)
        assert hulls - found > 0.03 * without


def test_counts_hold_the_truth_about_as_often_as_they_state():
    held = []
    for pier in ports("no_halts", 8):
        counts = clear(pier)
        days = np.array([(count.acquired - START) / timedelta(days=1) for count in counts])
        true = pier.history.number_at(days) + pier.observation.standing_false
        for count, number in zip(counts, true.tolist(), strict=True):
            held.append(count.containers.low <= number <= count.containers.high)
    assert 0.8 < np.mean(held) < 0.97


def test_scores_are_calibrated_at_the_stated_ratio():
    rng = np.random.default_rng(0)
    ships = hull_scores.ship_scores(rng.random(200_000))
    false = hull_scores.false_scores(rng.random(round(200_000 * hull_scores.FALSE_PER_TRUE)))
    for low in (0.68, 0.74, 0.8, 0.85):
        here = [((s >= low) & (s < low + 0.02)).sum() for s in (ships, false)]
        stated = hull_scores.probability(low + 0.01)
        assert here[0] / sum(here) == pytest.approx(stated, abs=0.03)


def test_one_hull_has_an_interval_as_of_the_counter():
    none = hull_scores.count_hulls(np.empty(0), 0.05, 0.01, 0.012)
    likely = hull_scores.count_hulls(np.array([0.8]), 0.05, 0.01, 0.012)
    sure = hull_scores.count_hulls(np.array([0.95]), 0.05, 0.01, 0.012)
    assert (none.value, none.low, none.high) == (0, 0, 1)
    assert (likely.value, likely.low, likely.high) == (1, 0, 2)
    assert (sure.value, sure.low) == (1, 1)


@pytest.mark.parametrize("shape", ["gamma", "lognormal", "uniform"])
def test_a_spread_has_its_mean_and_variation(shape):
    values = Spread(shape, 7.0, 0.4).draw(np.random.default_rng(1), 40_000)
    assert values.mean() == pytest.approx(7.0, rel=0.02)
    assert values.std() / values.mean() == pytest.approx(0.4, rel=0.03)
    assert Spread(shape, 7.0, 0.4, 6.0, 8.0).draw(np.random.default_rng(1), 99).min() >= 6.0
