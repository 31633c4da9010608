"""Findings from hand-written counts of an export pier."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from cv.events.model.observations import PierObservations
from cv.events.model.posterior import Posterior
from cv.events.rules.halts import find_halts
from cv.events.rules.ship_calls import observed_calls, unseen_calls
from cv.events.rules.ships_due import find_ships_due
from cv.events.site_events import find_events, split_into_ports
from cv.timeseries.series import Series
from tests.fixtures.observations import (
    START,
    day,
    pier_count,
    posterior_after_calls,
    regular_calls,
)


def test_a_call_is_timed_between_the_observations_around_it():
    posterior = posterior_after_calls(
        pier_count(0, 0),
        pier_count(1, 0),
        pier_count(2.0, 90, 115),
        pier_count(3.1, 20, 118),
        pier_count(4, 0),
    )
    found = observed_calls(posterior)[-1]
    assert day(found.began.earliest) == pytest.approx(1, abs=0.01)
    assert day(found.began.latest) == pytest.approx(2.0, abs=0.01)
    assert day(found.ended.earliest) == pytest.approx(3.1, abs=0.01)
    assert day(found.ended.latest) == pytest.approx(4, abs=0.01)
    assert found.size.value == pytest.approx(116.5)
    assert found.confidence > 0.95


def test_two_observations_a_day_narrow_a_departure_to_hours():
    """As on 20 October 2023: loading the day before, there at 11:01, gone at 15:43."""
    posterior = posterior_after_calls(
        pier_count(0, 100, 115),
        pier_count(1, 90, 115),
        pier_count(1.2, 0),
        pier_count(2, 0),
        pier_count(3, 0),
    )
    found = observed_calls(posterior)[-1]
    assert found.ended.latest - found.ended.earliest == timedelta(days=0.2)


def test_a_stack_that_vanishes_between_observations_implies_an_unseen_call():
    """As on 10, 11 to 13 and 15 November 2023, at a pier whose ships are known for four months."""
    posterior = posterior_after_calls(
        pier_count(0, 0),
        pier_count(1, 70),
        pier_count(2, 120),
        pier_count(4, 0),
        pier_count(5, 0),
        pier_count(6, 0),
        number=15,
    )
    last = unseen_calls(posterior)[-1]
    assert (day(last.began.earliest), day(last.began.latest)) == (2, 4)
    assert last.confidence > 0.75
    assert last.size.value == pytest.approx(-120, abs=20)
    assert "road" in " ".join(last.alternatives)


def test_a_stack_that_vanishes_where_no_ship_was_ever_seen_implies_no_call():
    sizes = [*[0, 0, 0, 60, 120, 120, 0, 0] * 15, 0]
    posterior = Posterior.of(PierObservations.of([pier_count(i, n) for i, n in enumerate(sizes)]))
    assert unseen_calls(posterior) == ()
    assert find_halts(posterior, []) == ()
    assert find_ships_due(posterior) == ()


def test_clouds_alone_imply_no_call():
    posterior = posterior_after_calls(
        *(pier_count(i, 0 if i % 3 == 0 else None) for i in range(13))
    )
    assert not [one for one in unseen_calls(posterior) if one.began.earliest >= START]


def test_observations_need_counts():
    with pytest.raises(ValueError, match="counts"):
        PierObservations.of([])
    assert len(PierObservations.of([pier_count(0, None), pier_count(1, None)])) == 0


def test_gathering_cargo_warns_before_the_ship():
    posterior = posterior_after_calls(
        pier_count(0, 0), pier_count(1, 0), pier_count(2, 60), pier_count(3, 110)
    )
    last = find_ships_due(posterior)[-1]
    assert day(last.began.latest) in (2, 3)
    assert last.ended.latest is None
    assert last.confidence > 0.7


def test_an_empty_pier_gives_no_warning():
    posterior = posterior_after_calls(*(pier_count(i, i % 2) for i in range(10)))
    assert not [one for one in find_ships_due(posterior) if one.began.latest >= START]


def test_a_halt_has_its_observations_its_longest_gap_and_its_confidence():
    """As after 12 February 2024."""
    clear = [pier_count(i, 0) for i in (1, 2, 3, 5, 6, 7, 12, 13, 14, 16, 18, 20, 21, 23, 25)]
    posterior = posterior_after_calls(pier_count(0, 0, 115), *clear)
    (halt,) = [
        one for one in find_halts(posterior, observed_calls(posterior)) if one.ended.latest is None
    ]
    assert halt.observations == 15
    assert halt.longest_unseen_d == pytest.approx(5.0)
    assert halt.size.value == pytest.approx(24.0)
    assert 0.0 < halt.unseen_call < 1.0
    often = [pier_count(1 + i / 2, 0) for i in range(49)]
    denser = posterior_after_calls(pier_count(0, 0, 115), *often)
    (watched,) = [
        one for one in find_halts(denser, observed_calls(denser)) if one.ended.latest is None
    ]
    assert watched.unseen_call < halt.unseen_call / 2


def test_findings_do_not_depend_on_what_clouds_hid():
    counts = [pier_count(0, 0), pier_count(1, 80), pier_count(2, 0, 115), pier_count(3, 0)]
    hidden = [pier_count(day + 0.5, None) for day in range(3)]
    both = sorted([*counts, *hidden], key=lambda count: day(count.acquired))
    assert observed_calls(posterior_after_calls(*counts)) == observed_calls(
        posterior_after_calls(*both)
    )


def test_levels_are_never_negative():
    posterior = posterior_after_calls(*(pier_count(i, 0) for i in range(6)))
    assert (posterior.level[:, 0] >= 0).all()
    assert np.isfinite(posterior.level).all()


def test_a_long_time_without_an_observation_is_not_an_inferred_call():
    posterior = posterior_after_calls(
        pier_count(0, 0), pier_count(1, 0), pier_count(60, 0), pier_count(61, 0)
    )
    assert not [one for one in unseen_calls(posterior) if one.began.earliest >= START]
    assert (
        posterior.stays_empty_probability(
            len(posterior.observations) - 3, len(posterior.observations) - 2
        )
        < 0.2
    )


def test_piers_farther_apart_than_a_shift_do_not_speak_to_each_other():
    """As those of two ports in one ledger."""
    near = np.array([[130.0 + 1e-4 * i, 42.0] for i in range(10)])

    def placed(name: str, east_km: float) -> Series:
        counts = tuple(
            replace(one, pier=name, scene=f"{name} {one.scene}") for one in regular_calls(5)
        )
        lon_lat = near + np.array(
            [east_km / 82.7, 0.0]
        )  # a degree of longitude at 42 degrees north
        return Series(name, counts, {one.scene: lon_lat for one in counts if one.containers.known})

    def piers_together(*series: Series) -> list[set[str]]:
        return [set(one) for one in split_into_ports({one.pier: one for one in series})]

    here, beside, far = placed("A", 0), placed("B", 9), placed("C", 30)
    unknown = Series("D", here.counts)
    assert piers_together(here, beside) == [{"A", "B"}]
    assert piers_together(here, far, beside) == [{"C"}, {"A", "B"}]
    assert piers_together(here, unknown) == [{"A", "D"}]
    assert piers_together(here, far, unknown) == [{"A"}, {"C"}, {"D"}]
    alone = [e for e in find_events({"A": here}) if e.pier == "A"]
    assert [e for e in find_events({"A": here, "C": far}) if e.pier == "A"] == alone
