"""Changes of the number of containers, and the parameters they follow from."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from cv.events.model.transitions import (
    GROWING,
    N_COMPONENTS,
    SHIP_HANDLING,
    STEADY,
    transitions_over,
)

from cv.events.model.observations import PierObservations
from cv.events.model.parameters import CARGO_FLOWS, PierParameters
from cv.site import PierRole
from tests.fixtures.observations import pier_count

GAPS = np.array([0.0, 0.05, 1.0, 4.0, 30.0])


def parameters(role):
    return PierParameters(call_interval_d=8.0, stay_d=1.5, load=100.0, flow=CARGO_FLOWS[role])


@pytest.mark.parametrize("role", PierRole)
def test_the_weights_of_each_kind_of_change_sum_to_one(role):
    *changes, weights = transitions_over(GAPS, parameters(role))
    assert weights.shape == (len(GAPS), N_COMPONENTS)
    for kind in (STEADY, GROWING, SHIP_HANDLING):
        assert weights[:, kind].sum(axis=1) == pytest.approx(np.ones(len(GAPS)))
    assert np.isfinite(changes).all()
    assert (weights >= 0).all()


def test_what_a_ship_landed_is_gone_at_the_end_of_a_gap_as_often_as_in_a_simulation():
    flow = CARGO_FLOWS[PierRole.IMPORT]
    rng = np.random.default_rng(0)
    *_, weights = transitions_over(GAPS, parameters(PierRole.IMPORT))
    for gap, found in zip(GAPS[1:], weights[1:, -1], strict=True):
        landed = rng.uniform(0, gap, 40_000)
        lots = landed[:, None] + rng.exponential(flow.land_clearance_d, (40_000, 3))
        assert found == pytest.approx(0.8 * (lots.max(axis=1) < gap).mean(), abs=0.01)


def test_cargo_leaves_by_land_at_the_rate_of_its_role():
    mean_factor, *_ = transitions_over(GAPS, parameters(PierRole.IMPORT))
    for (gap, factor), (later, after) in pairwise(zip(GAPS, mean_factor[:, 1], strict=True)):
        assert after / factor == pytest.approx(np.exp(-(later - gap) / 3.5))


def calls_every(interval, days, stay=2, unseen=()):
    """A ship of 110 m for `stay` days every `interval` days, but for calls that are `unseen`."""
    return PierObservations.of(
        [
            pier_count(
                day, 20, 110 if day % interval < stay and day // interval not in unseen else None
            )
            for day in range(days)
        ]
    )


def test_the_call_interval_is_estimated_and_a_halt_is_not_an_interval():
    often = PierParameters.of(calls_every(6, 120))
    seldom = PierParameters.of(calls_every(15, 120))
    assert often.call_interval_d == pytest.approx(6, abs=0.5)
    assert seldom.call_interval_d == pytest.approx(15, abs=2)
    halted = PierParameters.of(calls_every(6, 120, unseen=range(8, 14)))
    assert halted.call_interval_d == pytest.approx(6, abs=0.5)


def test_time_without_observations_is_not_time_without_calls():
    days = [*range(40), *range(80, 120)]
    counts = [pier_count(day, 20, 110 if day % 6 < 2 else None) for day in days]
    assert PierParameters.of(PierObservations.of(counts)).call_interval_d == pytest.approx(
        6, abs=0.7
    )


def test_longer_stays_are_estimated_longer():
    stays = [PierParameters.of(calls_every(14, 140, stay)).stay_d for stay in (1, 2, 4)]
    assert stays == sorted(stays)
    assert stays[-1] > 1.5 * stays[0]


def test_without_evidence_the_priors_hold():
    (prior, same) = (
        PierParameters.of(PierObservations.of(counts))
        for counts in ([pier_count(0, 5)], [pier_count(0, 12)])
    )
    assert prior == same
    assert prior.load == 20
