"""All findings at a site: its piers' looks in, dated and doubted events out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from cv.counting.count import Count
from cv.events.calls import calls, unseen_calls
from cv.events.dwells import dwells
from cv.events.event import Event
from cv.events.habits import Habits
from cv.events.halts import halts
from cv.events.inflows import stopped_inflows
from cv.events.resumptions import resumptions
from cv.events.shifts import shifts
from cv.events.standing import standing_hulls
from cv.events.stockpiles import stockpiles
from cv.events.story import Story, Teller, told
from cv.events.ties import heard
from cv.events.transfers import transfers
from cv.events.warnings import warnings
from cv.events.watch import Watch

_BEGINNING = datetime.min.replace(tzinfo=UTC)


def findings(counts: Mapping[str, Sequence[Count]]) -> tuple[Event, ...]:
    """Everything that the looks at a site's piers tell, by time.

    `counts` are those of each pier's name, ordered by time, one a scene. The same counts give the
    same events, in whatever order they arrived.
    """
    return findings_of_sites([counts])[0]


def findings_of_sites(sites: Sequence[Mapping[str, Sequence[Count]]]) -> list[tuple[Event, ...]]:
    """Those of each site; quicker than one after another, and the same."""
    alone = _told_of_sites([_tellers(counts) for counts in sites])
    again = _told_of_sites([heard(stories) for stories in alone])
    return [_findings(own, {**own, **tied}) for own, tied in zip(alone, again, strict=True)]


def _tellers(counts: Mapping[str, Sequence[Count]]) -> dict[str, Teller]:
    watches = {pier: Watch.of(looks) for pier, looks in counts.items() if looks}
    return {pier: Teller(watch, Habits.of(watch)) for pier, watch in watches.items() if len(watch)}


def _told_of_sites(sites: Sequence[Mapping[str, Teller]]) -> list[dict[str, Story]]:
    stories = iter(told([teller for tellers in sites for teller in tellers.values()]))
    return [{pier: next(stories) for pier in tellers} for tellers in sites]


def _findings(alone: Mapping[str, Story], tied: Mapping[str, Story]) -> tuple[Event, ...]:
    """Those of a site; `alone` are the stories that each pier's own looks tell."""
    found: list[Event] = []
    seen: dict[str, tuple[Event, ...]] = {}
    for pier, story in tied.items():
        seen[pier] = calls(story)
        found += pier_findings(story, seen[pier])
        found += warnings(alone[pier])  # what later looks at other piers say was not known
    found += shifts(seen)
    return tuple(sorted(found, key=by_time))


def pier_findings(story: Story, seen: tuple[Event, ...]) -> list[Event]:
    """Those of one pier, with the calls that looks have `seen` there."""
    unseen = unseen_calls(story)
    pauses = halts(story, [*seen, *unseen])
    return [
        *seen,
        *unseen,
        *transfers(story, seen),
        *stockpiles(story),
        *dwells(story),
        *stopped_inflows(story),
        *standing_hulls(seen),
        *pauses,
        *resumptions(pauses, seen),
    ]


def by_time(event: Event) -> tuple[datetime, str, str, datetime]:
    """The order of events: by when they began, then pier, kind and end."""
    began = event.began.by or event.began.after or _BEGINNING
    return began, event.pier, event.kind.value, event.ended.by or _BEGINNING
