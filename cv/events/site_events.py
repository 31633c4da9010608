"""All findings at a site: the counts of its piers in, events out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from cv.counting.pier_count import PierCount
from cv.events.confidence import calibrated, is_stated
from cv.events.event import FIRST_TIME, ONGOING, CensoredTime, Event
from cv.events.model.pier_coupling import infer_sites
from cv.events.model.posterior import Posterior
from cv.events.rules.berth_shifts import find_berth_shifts
from cv.events.rules.dwells import find_dwells
from cv.events.rules.halts import find_halts, find_resumptions
from cv.events.rules.inflow_stops import find_inflow_stops
from cv.events.rules.loading_and_unloading import find_loadings_and_unloadings
from cv.events.rules.ship_calls import find_standing_hulls, observed_calls, unseen_calls
from cv.events.rules.ships_due import find_ships_due
from cv.events.rules.stockpiles import find_stockpiles
from cv.timeseries.container_places import distance_m
from cv.timeseries.series import Series

MAX_SHIFT_M = 10_000.0
"""Piers farther apart than a ship's shift belong to other ports, metres."""
PierSegment = tuple[str, int]
"""Name of a pier, and the number of a segment of its series."""


def find_events(counts: Mapping[str, Sequence[PierCount]]) -> tuple[Event, ...]:
    """Return all events at a site, by time.

    `counts` holds those of each pier by its name, ordered by time, one a scene: its `Series`, which
    also knows where containers stand, or the counts alone. The result does not depend on the order
    in which they were recorded. No event spans a change of `Series.segments`.
    """
    return find_events_of_sites([counts])[0]


def find_events_of_sites(
    sites: Sequence[Mapping[str, Sequence[PierCount]]],
) -> list[tuple[Event, ...]]:
    """Return what `find_events` does for each site; faster than one call for each."""
    ports = [split_into_ports(_as_series(site)) for site in sites]
    segments = [_segments(port) for of_site in ports for port in of_site]
    found = iter(
        _site_events(own, alone, coupled)
        for own, (alone, coupled) in zip(segments, infer_sites(segments), strict=True)
    )
    return [
        tuple(sorted((event for _ in of_site for event in next(found)), key=sort_key))
        for of_site in ports
    ]


def split_into_ports(site: Mapping[str, Series]) -> list[dict[str, Series]]:
    """Return the piers of a site in groups that ships may go between: up to `MAX_SHIFT_M` apart.

    A pier whose place is not known belongs to the only group there is, and else stands alone.
    """
    ports: list[dict[str, Series]] = []
    unknown = {name: one for name, one in site.items() if one.center is None}
    for name, one in site.items():
        if one.center is not None:
            near = [port for port in ports if any(_near(one, other) for other in port.values())]
            ports = [port for port in ports if port not in near]
            ports.append({key: own for port in near for key, own in port.items()} | {name: one})
    if len(ports) < 2:
        return [{**unknown, **(ports[0] if ports else {})}]
    return [*ports, *({name: one} for name, one in unknown.items())]


def _near(one: Series, other: Series) -> bool:
    if one.center is None or other.center is None:
        return False
    return distance_m(one.center, other.center) <= MAX_SHIFT_M


def _as_series(site: Mapping[str, Sequence[PierCount]]) -> dict[str, Series]:
    return {
        pier: counts if isinstance(counts, Series) else Series(pier, tuple(counts))
        for pier, counts in site.items()
    }


def _segments(site: Mapping[str, Series]) -> dict[PierSegment, Series]:
    return {
        (pier, number): segment
        for pier, series in site.items()
        for number, segment in enumerate(series.segments())
    }


def _site_events(
    segments: Mapping[PierSegment, Series],
    alone: Mapping[PierSegment, Posterior],
    coupled: Mapping[PierSegment, Posterior],
) -> tuple[Event, ...]:
    """Return the events of a site from the posteriors of its segments without and with coupling.

    Arrival warnings use those without: later observations at other piers were not known when a
    warning was given.
    """
    events: list[Event] = []
    calls: dict[str, tuple[Event, ...]] = {}
    for segment, posterior in coupled.items():
        pier, number = segment
        seen, unseen = _stated(observed_calls(posterior)), _stated(unseen_calls(posterior))
        halts = find_halts(posterior, [*seen, *unseen])
        others = [
            *halts,
            *find_loadings_and_unloadings(posterior, seen),
            *find_stockpiles(posterior),
            *find_dwells(posterior),
            *find_inflow_stops(posterior),
            *find_standing_hulls(posterior),
            *find_resumptions(halts, seen),
        ]
        found = [*seen, *unseen, *_stated(others), *find_ships_due(alone[segment])]
        if (pier, number + 1) in segments:  # what lasts at its end is not known to last
            unknown = CensoredTime(posterior.observations.times[-1], None)
            found = [replace(e, ended=unknown) if e.ended == ONGOING else e for e in found]
        events += found
        calls[pier] = (*calls.get(pier, ()), *seen)
    return tuple(sorted([*events, *find_berth_shifts(calls)], key=sort_key))


def _stated(events: Sequence[Event]) -> list[Event]:
    """Return those that are probable enough, each with its calibrated confidence."""
    rated = [replace(e, confidence=calibrated(e.kind, e.confidence)) for e in events]
    return [event for event in rated if is_stated(event.kind, event.confidence)]


def sort_key(event: Event) -> tuple[datetime, str, str, datetime]:
    """Return what events are ordered by: begin, then pier, kind and end."""
    began = event.began.latest or event.began.earliest or FIRST_TIME
    return began, event.pier, event.kind.value, event.ended.latest or FIRST_TIME
