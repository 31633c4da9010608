"""Piers of a site let ships be expected at each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cv.counting.pier_count import UNKNOWN, PierCount
from cv.events.model.berth_state_model import ArrivalPrior
from cv.events.model.pier_coupling import infer_sites
from tests.fixtures.observations import pier_count

DAYS, INTERVAL = 80, 8
UNSEEN = range(48, 52)
"""Days on which clouds hide the berth of the second pier, and a ship leaves the first one."""


def calls(pier: str, phase: int, hidden=()) -> list[PierCount]:
    """A ship of a length of its own every INTERVAL days, for a day; no containers are known."""
    counts = []
    for day in range(DAYS):
        ship = 100 + 13 * (day // INTERVAL) if day % INTERVAL == phase else None
        count = replace(pier_count(day, 0, ship), pier=pier, containers=UNKNOWN)
        if day in hidden:
            count = replace(
                count, hulls=UNKNOWN, berthed=(), containers=pier_count(0, 0).containers
            )
        counts.append(count)
    return counts


def by_day_of_cycle(prior: ArrivalPrior) -> list[float]:
    """Mean expected arrivals in the gap after each day of an INTERVAL."""
    return [float(prior.expected_arrivals[day::INTERVAL][:9].mean()) for day in range(INTERVAL)]


def test_a_ship_that_left_one_pier_is_expected_at_the_other():
    site = {"first": calls("first", 0), "second": calls("second", 1, UNSEEN)}
    ((alone, coupled),) = infer_sites([site])
    gap = slice(UNSEEN.start, UNSEEN.start + 2)  # it left the first one after day 48
    assert coupled["second"].gap_arrivals[gap].sum() > alone["second"].gap_arrivals[gap].sum() + 0.1
    prior = coupled["second"].arrival_prior
    assert prior is not None
    assert 0 < prior.share < 1
    assert int(np.argmax(by_day_of_cycle(prior))) == 0  # from day 0 of a cycle to day 1


def test_a_ship_that_arrives_at_one_pier_was_at_the_other_before():
    site = {"first": calls("first", 0), "second": calls("second", 1)}
    ((_, coupled),) = infer_sites([site])
    prior = coupled["first"].arrival_prior
    assert prior is not None
    by_day = by_day_of_cycle(prior)
    assert by_day[7] > 2 * max(by_day[2:7])  # it came to the second one in the gap after that


def test_without_other_piers_nothing_is_added():
    ((alone, coupled),) = infer_sites([{"first": calls("first", 0)}])
    assert coupled["first"] is alone["first"]
    assert coupled["first"].arrival_prior is None


def test_segments_of_one_pier_are_not_coupled_with_each_other():
    site = {("first", 0): calls("first", 0), ("first", 1): calls("first", 1)}
    ((alone, coupled),) = infer_sites([site])
    assert coupled == alone


def test_piers_without_a_berth_take_no_part():
    rail = [
        replace(
            pier_count(day, 20 + day % 3), pier="rail", hulls=UNKNOWN, berth_visible_fraction=None
        )
        for day in range(DAYS)
    ]
    ((alone, coupled),) = infer_sites([{"first": calls("first", 0), "rail": rail}])
    assert not alone["rail"].parameters.served_by_ships
    assert coupled == alone


def test_sites_do_not_touch_each_other_and_empty_piers_are_left_out():
    one, other = {"first": calls("first", 0)}, {"second": calls("second", 1), "none": []}
    found = infer_sites([one, other])
    assert [set(coupled) for _, coupled in found] == [{"first"}, {"second"}]
    assert all(posterior.arrival_prior is None for _, c in found for posterior in c.values())
