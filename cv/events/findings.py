"""All findings at a site: its piers' looks in, dated and doubted events out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from cv.counting.count import Count
from cv.events.calls import calls, unseen_calls
from cv.events.dwells import dwells
from cv.events.event import Event
from cv.events.halts import halts
from cv.events.inflows import stopped_inflows
from cv.events.resumptions import resumptions
from cv.events.shifts import shifts
from cv.events.standing import standing_hulls
from cv.events.stockpiles import stockpiles
from cv.events.story import Story
from cv.events.ties import tied
from cv.events.transfers import transfers
from cv.events.warnings import warnings
from cv.events.watch import Watch

_BEGINNING = datetime.min.replace(tzinfo=UTC)


def findings(counts: Mapping[str, Sequence[Count]]) -> tuple[Event, ...]:
    """Everything that the looks at a site's piers tell, by time.

    `counts` are those of each pier's name, ordered by time, one a scene. The same counts give the
    same events, in whatever order they arrived.
    """
    watches = {pier: Watch.of(looks) for pier, looks in counts.items() if looks}
    alone = {pier: Story.of(watch) for pier, watch in watches.items() if len(watch)}
    found: list[Event] = []
    seen: dict[str, tuple[Event, ...]] = {}
    for pier, story in tied(alone).items():
        seen[pier] = calls(story)
        found += pier_findings(story, seen[pier])
        found += warnings(alone[pier])  # what later looks at other piers say was not known
    found += shifts(seen)
    return tuple(sorted(found, key=_order))


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


def _order(event: Event) -> tuple[datetime, str, str, datetime]:
    began = event.began.by or event.began.after or _BEGINNING
    return began, event.pier, event.kind.value, event.ended.by or _BEGINNING
