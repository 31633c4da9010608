"""Findings from hand-written looks at an export pier."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from cv.events.model.observations import PierObservations
from cv.events.rules.arrival_warnings import find_arrival_warnings
from cv.events.rules.halts import find_halts
from cv.events.rules.ship_calls import observed_calls, unseen_calls
from tests.fixtures.observations import START, day, history, look


def test_a_call_is_timed_between_the_looks_around_it():
    story = history(look(0, 0), look(1, 0), look(2.0, 90, 115), look(3.1, 20, 118), look(4, 0))
    found = observed_calls(story)[-1]
    assert day(found.began.earliest) == pytest.approx(1, abs=0.01)
    assert day(found.began.latest) == pytest.approx(2.0, abs=0.01)
    assert day(found.ended.earliest) == pytest.approx(3.1, abs=0.01)
    assert day(found.ended.latest) == pytest.approx(4, abs=0.01)
    assert found.size.value == pytest.approx(116.5)
    assert found.confidence > 0.95


def test_two_looks_a_day_narrow_a_departure_to_hours():
    """As on 20 October 2023: loading the day before, there at 11:01, gone at 15:43."""
    story = history(look(0, 100, 115), look(1, 90, 115), look(1.2, 0), look(2, 0), look(3, 0))
    found = observed_calls(story)[-1]
    assert found.ended.latest - found.ended.earliest == timedelta(days=0.2)


def test_a_stack_that_vanishes_and_comes_back_tells_of_a_call_that_nobody_saw():
    """As on 10, 11 to 13 and 15 November 2023."""
    story = history(look(0, 0), look(1, 70), look(2, 120), look(4, 0), look(5, 0), look(6, 0))
    last = unseen_calls(story)[-1]
    assert (day(last.began.earliest), day(last.began.latest)) == (2, 4)
    assert last.confidence > 0.75
    assert last.size.value == pytest.approx(-120, abs=20)
    assert "road" in " ".join(last.alternatives)


def test_clouds_alone_tell_of_no_call():
    story = history(*(look(i, 0 if i % 3 == 0 else None) for i in range(13)))
    assert not [one for one in unseen_calls(story) if one.began.earliest >= START]


def test_no_look_no_finding():
    with pytest.raises(ValueError, match="counts"):
        PierObservations.of([])
    assert len(PierObservations.of([look(0, None), look(1, None)])) == 0


def test_gathering_cargo_warns_before_the_ship():
    story = history(look(0, 0), look(1, 0), look(2, 60), look(3, 110))
    last = find_arrival_warnings(story)[-1]
    assert day(last.began.latest) in (2, 3)
    assert last.ended.latest is None
    assert last.confidence > 0.7


def test_an_empty_pier_gives_no_warning():
    story = history(*(look(i, i % 2) for i in range(10)))
    assert not [one for one in find_arrival_warnings(story) if one.began.latest >= START]


def test_a_halt_has_its_looks_its_longest_gap_and_its_doubt():
    """As after 12 February 2024."""
    clear = [look(i, 0) for i in (1, 2, 3, 5, 6, 7, 12, 13, 14, 16, 18, 20, 21, 23, 25)]
    story = history(look(0, 0, 115), *clear)
    (halt,) = [one for one in find_halts(story, observed_calls(story)) if one.ended.latest is None]
    assert halt.looks == 15
    assert halt.longest_unseen_d == pytest.approx(5.0)
    assert halt.size.value == pytest.approx(24.0)
    assert 0.0 < halt.unseen_call < 1.0
    often = [look(1 + i / 2, 0) for i in range(49)]
    denser = history(look(0, 0, 115), *often)
    (watched,) = [
        one for one in find_halts(denser, observed_calls(denser)) if one.ended.latest is None
    ]
    assert watched.unseen_call < halt.unseen_call / 2


def test_findings_do_not_depend_on_what_clouds_hid():
    looks = [look(0, 0), look(1, 80), look(2, 0, 115), look(3, 0)]
    hidden = [look(day + 0.5, None) for day in range(3)]
    both = sorted([*looks, *hidden], key=lambda count: count.acquired)
    assert observed_calls(history(*looks)) == observed_calls(history(*both))


def test_levels_are_never_negative():
    story = history(*(look(i, 0) for i in range(6)))
    assert (story.level[:, 0] >= 0).all()
    assert np.isfinite(story.level).all()


def test_a_long_time_without_a_look_is_no_inferred_call():
    story = history(look(0, 0), look(1, 0), look(60, 0), look(61, 0))
    assert not [one for one in unseen_calls(story) if one.began.earliest >= START]
    assert (
        story.stays_empty_probability(len(story.observations) - 3, len(story.observations) - 2)
        < 0.2
    )
