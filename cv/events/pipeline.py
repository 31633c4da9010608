"""All findings at a site: its piers' looks in, dated and doubted events out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from cv.counting.count import PierCount
from cv.events.event import Event
from cv.events.model.observations import PierObservations
from cv.events.model.parameters import PierParameters
from cv.events.model.pier_coupling import exchange_messages
from cv.events.model.posterior import InferenceInput, Posterior, infer
from cv.events.rules.arrival_warnings import find_arrival_warnings
from cv.events.rules.berth_shifts import find_berth_shifts
from cv.events.rules.cargo_transfers import find_transfers
from cv.events.rules.dwells import find_dwells
from cv.events.rules.halts import find_halts
from cv.events.rules.inflow_stops import find_inflow_stops
from cv.events.rules.laid_up_hulls import find_laid_up_hulls
from cv.events.rules.resumptions import find_resumptions
from cv.events.rules.ship_calls import observed_calls, unseen_calls
from cv.events.rules.stockpiles import find_stockpiles

_BEGINNING = datetime.min.replace(tzinfo=UTC)


def find_events(counts: Mapping[str, Sequence[PierCount]]) -> tuple[Event, ...]:
    """Everything that the looks at a site's piers tell, by time.

    `counts` are those of each pier's name, ordered by time, one a scene. The same counts give the
    same events, in whatever order they arrived.
    """
    return find_events_of_sites([counts])[0]


def find_events_of_sites(
    sites: Sequence[Mapping[str, Sequence[PierCount]]],
) -> list[tuple[Event, ...]]:
    """Those of each site; quicker than one after another, and the same."""
    alone = _told_of_sites([_tellers(counts) for counts in sites])
    again = _told_of_sites([exchange_messages(stories) for stories in alone])
    return [_findings(own, {**own, **tied}) for own, tied in zip(alone, again, strict=True)]


def _tellers(counts: Mapping[str, Sequence[PierCount]]) -> dict[str, InferenceInput]:
    watches = {pier: PierObservations.of(looks) for pier, looks in counts.items() if looks}
    return {
        pier: InferenceInput(watch, PierParameters.of(watch))
        for pier, watch in watches.items()
        if len(watch)
    }


def _told_of_sites(sites: Sequence[Mapping[str, InferenceInput]]) -> list[dict[str, Posterior]]:
    stories = iter(infer([teller for tellers in sites for teller in tellers.values()]))
    return [{pier: next(stories) for pier in tellers} for tellers in sites]


def _findings(alone: Mapping[str, Posterior], tied: Mapping[str, Posterior]) -> tuple[Event, ...]:
    """Those of a site; `alone` are the stories that each pier's own looks tell."""
    found: list[Event] = []
    seen: dict[str, tuple[Event, ...]] = {}
    for pier, story in tied.items():
        seen[pier] = observed_calls(story)
        found += find_pier_events(story, seen[pier])
        found += find_arrival_warnings(
            alone[pier]
        )  # what later looks at other piers say was not known
    found += find_berth_shifts(seen)
    return tuple(sorted(found, key=sort_key))


def find_pier_events(story: Posterior, seen: tuple[Event, ...]) -> list[Event]:
    """Those of one pier, with the calls that looks have `seen` there."""
    unseen = unseen_calls(story)
    pauses = find_halts(story, [*seen, *unseen])
    return [
        *seen,
        *unseen,
        *find_transfers(story, seen),
        *find_stockpiles(story),
        *find_dwells(story),
        *find_inflow_stops(story),
        *find_laid_up_hulls(seen),
        *pauses,
        *find_resumptions(pauses, seen),
    ]


def sort_key(event: Event) -> tuple[datetime, str, str, datetime]:
    """The order of events: by when they began, then pier, kind and end."""
    began = event.began.latest or event.began.earliest or _BEGINNING
    return began, event.pier, event.kind.value, event.ended.latest or _BEGINNING
