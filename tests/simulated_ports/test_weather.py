"""Weather becomes no event: a constant pier under it has no call, no stockpile and no ship due."""

from __future__ import annotations

import pytest
from simulated_ports.observation_weather import FOG, WEATHERS, Weather
from simulated_ports.port import simulate_constant_pier

from cv.events.event import EventKind
from cv.events.site_events import find_events

CHANGES = {
    EventKind.CALL, EventKind.UNSEEN_CALL, EventKind.WARNING, EventKind.LOADING,
    EventKind.UNLOADING, EventKind.STOCKPILE,
}  # fmt: skip


def changes(seed: int, containers: int, weather: Weather) -> list[str]:
    series = simulate_constant_pier(seed, containers, weather)
    return [one.kind for one in find_events({series.pier: series}) if one.kind in CHANGES]


@pytest.mark.parametrize("weather", WEATHERS, ids=lambda one: one.name)
@pytest.mark.parametrize("containers", [214, 41, 0])
def test_a_constant_pier_has_no_events_of_change(weather, containers):
    assert [changes(seed, containers, weather) for seed in (1, 2)] == [[], []]


@pytest.mark.slow
@pytest.mark.xfail(strict=True, reason="at least 3 of 240 series had one when this was written")
def test_over_ten_seeds_no_series_has_one():
    """No constant was chosen with these seeds."""
    found = [
        (weather.name, containers, seed)
        for first, weather in zip(range(920_000, 920_080, 10), WEATHERS, strict=True)
        for containers in (214, 41, 0)
        for seed in range(first, first + 10)
        if changes(seed, containers, weather)
    ]
    assert not found


def test_fog_that_is_not_noticed_hides_everything():
    series = simulate_constant_pier(9, 214, FOG)
    assert any(one.containers.value == 0 for one in series)
    assert any(one.status == "unfit" for one in series)
