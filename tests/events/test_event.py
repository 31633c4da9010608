"""Quantities with intervals, and events as JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cv.events.event import CensoredTime, Event, EventKind, Magnitude
from cv.events.serialization import event_from_dict, event_to_dict

numbers = st.floats(-1e6, 1e6)
times = st.one_of(st.none(), st.datetimes(datetime(2000, 1, 1), timezones=st.just(UTC)))
censored_times = st.builds(CensoredTime, times, times)
texts = st.lists(st.text(max_size=5), max_size=3).map(tuple)
events = st.builds(
    Event,
    kind=st.sampled_from(EventKind),
    pier=st.text(max_size=8),
    began=censored_times,
    ended=censored_times,
    size=st.one_of(st.none(), st.builds(Magnitude, numbers, numbers, numbers, st.just("days"))),
    confidence=st.floats(0, 1),
    evidence=texts,
    alternatives=texts,
)


@given(event=events)
def test_an_event_survives_json(event):
    assert event_from_dict(json.loads(json.dumps(event_to_dict(event)))) == event


def test_an_unknown_size_is_null_and_not_zero():
    event = Event(
        kind=EventKind.CALL,
        pier="Pier 2",
        began=CensoredTime(None, datetime(2024, 1, 1, tzinfo=UTC)),
        ended=CensoredTime(None, None),
        size=None,
        confidence=0.9,
        evidence=("a",),
        alternatives=(),
    )
    written = event_to_dict(event)
    assert written["size"] is None
    assert written["began"] == {"after": None, "by": "2024-01-01T00:00:00+00:00"}
    assert repr(event) == "Event('call', 'Pier 2', began=2024-01-01, ended=None, confidence=0.90)"


@pytest.mark.parametrize("value", [-30.0, 4.0, 100.0])
def test_an_interval_holds_ninety_per_cent_of_its_normal_distribution(value):
    size = Magnitude.from_mean_sd(value, 8.0, "containers")
    normal = NormalDist(value, 8.0)
    assert normal.cdf(size.high) - normal.cdf(size.low) == pytest.approx(0.9, abs=1e-4)
    opposite = normal.cdf(0) if value > 0 else 1 - normal.cdf(0)
    assert size.sign_probability == pytest.approx(1 - opposite)


def test_a_quantity_that_cannot_be_negative_has_no_negative_interval():
    size = Magnitude.from_mean_sd(3.0, 8.0, "containers", 0.0)
    assert (size.low, size.value) == (0.0, 3.0)
    assert size.high == pytest.approx(3 + 1.645 * 8)
