"""The naive way to find calls: every run of images with a hull is one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from math import inf

from cv.counting.pier_count import Estimate, PierCount
from simulated_ports.event_truth import StatedTimes
from simulated_ports.port import START


def naive_calls(counts: Sequence[PierCount], certain: bool) -> list[StatedTimes]:
    """Return each run of consecutive images that count a hull, as a call.

    An image is one with a hull count. `certain`: the lower end of the interval, and not the count
    itself, is one or more.
    """
    known = [count for count in counts if count.hulls.known and count.acquired is not None]
    days = [(count.acquired - START) / timedelta(days=1) for count in known if count.acquired]
    times = [-inf, *days, inf]
    shows = [_shows(count.hulls, certain) for count in known]
    calls, position = [], 1
    for there, run in groupby(shows):
        number = len(list(run))
        if there:
            last = position + number - 1
            calls.append(
                StatedTimes(times[position - 1], times[position], times[last], times[last + 1])
            )
        position += number
    return calls


def _shows(hulls: Estimate, certain: bool) -> bool:
    number = hulls.low if certain else hulls.value
    return number is not None and number >= 1
