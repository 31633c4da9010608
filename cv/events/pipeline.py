"""All findings at a site: the counts of its piers in, events out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from cv.counting.count import PierCount
from cv.events.event import FIRST_TIME, Event
from cv.events.model.observations import PierObservations
from cv.events.model.parameters import PierParameters
from cv.events.model.pier_coupling import exchange_messages
from cv.events.model.posterior import PierInferenceInput, Posterior, infer_posteriors
from cv.events.rules.berth_shifts import find_berth_shifts
from cv.events.rules.dwells import find_dwells
from cv.events.rules.halts import find_halts
from cv.events.rules.inflow_stops import find_inflow_stops
from cv.events.rules.laid_up_hulls import find_laid_up_hulls
from cv.events.rules.loading_and_unloading import find_loadings_and_unloadings
from cv.events.rules.resumptions import find_resumptions
from cv.events.rules.ship_calls import observed_calls, unseen_calls
from cv.events.rules.ships_due import find_ships_due
from cv.events.rules.stockpiles import find_stockpiles


def find_events(counts: Mapping[str, Sequence[PierCount]]) -> tuple[Event, ...]:
    """Return all events at a site, by time.

    `counts` holds those of each pier by its name, ordered by time, one a scene. The result depends
    on the counts alone, not on the order in which they were recorded.
    """
    return find_events_of_sites([counts])[0]


def find_events_of_sites(
    sites: Sequence[Mapping[str, Sequence[PierCount]]],
) -> list[tuple[Event, ...]]:
    """Return what `find_events` does for each site; faster than one call for each."""
    alone = _infer_by_site([_inference_inputs(counts) for counts in sites])
    coupled = _infer_by_site([exchange_messages(posteriors) for posteriors in alone])
    return [_site_events(own, {**own, **new}) for own, new in zip(alone, coupled, strict=True)]


def _inference_inputs(counts: Mapping[str, Sequence[PierCount]]) -> dict[str, PierInferenceInput]:
    observations = {name: PierObservations.of(own) for name, own in counts.items() if own}
    return {
        name: PierInferenceInput(own, PierParameters.of(own))
        for name, own in observations.items()
        if len(own)
    }


def _infer_by_site(sites: Sequence[Mapping[str, PierInferenceInput]]) -> list[dict[str, Posterior]]:
    posteriors = iter(infer_posteriors([one for inputs in sites for one in inputs.values()]))
    return [{name: next(posteriors) for name in inputs} for inputs in sites]


def _site_events(
    alone: Mapping[str, Posterior], coupled: Mapping[str, Posterior]
) -> tuple[Event, ...]:
    """Return the events of a site from the posteriors of its piers without and with coupling.

    Arrival warnings use those without: later observations at other piers were not known when a
    warning was given.
    """
    events: list[Event] = []
    calls: dict[str, tuple[Event, ...]] = {}
    for pier, posterior in coupled.items():
        calls[pier] = observed_calls(posterior)
        events += _pier_events(posterior, calls[pier])
        events += find_ships_due(alone[pier])
    events += find_berth_shifts(calls)
    return tuple(sorted(events, key=sort_key))


def _pier_events(posterior: Posterior, seen: tuple[Event, ...]) -> list[Event]:
    """Return the events of one pier but for warnings; `seen` are its observed calls."""
    unseen = unseen_calls(posterior)
    halts = find_halts(posterior, [*seen, *unseen])
    return [
        *seen,
        *unseen,
        *find_loadings_and_unloadings(posterior, seen),
        *find_stockpiles(posterior),
        *find_dwells(posterior),
        *find_inflow_stops(posterior),
        *find_laid_up_hulls(seen),
        *halts,
        *find_resumptions(halts, seen),
    ]


def sort_key(event: Event) -> tuple[datetime, str, str, datetime]:
    """Return what events are ordered by: begin, then pier, kind and end."""
    began = event.began.latest or event.began.earliest or FIRST_TIME
    return began, event.pier, event.kind.value, event.ended.latest or FIRST_TIME
