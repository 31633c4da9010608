"""Loading and unloading: what calls did to the number of containers on their pier."""

from __future__ import annotations

from collections.abc import Sequence

from cv.events.event import Event, EventKind
from cv.events.model.posterior import Posterior

_OTHERWISE = ("lorries or trains moved containers at the same time",)


def find_transfers(story: Posterior, calls: Sequence[Event]) -> tuple[Event, ...]:
    """What each of `calls` took from the pier or put on it, where that is told apart from nothing.

    `size` is the change in containers: what was loaded (negative) from the fullest look of the
    call, the looks around it included, to the one after it; what was unloaded (positive) from the
    one before it to the fullest. It is a lower bound of what was handled: what came and went
    between looks leaves no trace. On a pier to which ships bring cargo an unloading is told where
    there was one, elsewhere a loading.
    """
    found = [_transfer(story, call) for call in calls]
    return tuple(event for event in found if event is not None)


def _transfer(story: Posterior, call: Event) -> Event | None:
    if call.began.earliest is None or call.ended.latest is None:
        return None  # one end of it was not seen
    first, last = (
        story.observations.first_at_or_after(call.began.earliest),
        story.observations.first_at_or_after(call.ended.latest),
    )
    highest = max(range(first, last + 1), key=lambda look: float(story.level[look, 0]))
    ways = [(EventKind.LOADING, highest, last), (EventKind.UNLOADING, first, highest)]
    if story.parameters.flow.usual_change.added_loads > 0:
        ways.reverse()  # here ships bring, and what they brought leaves by land
    for kind, before, after in ways:
        size = story.level_change(before, after)
        if size.low > 0.0 or size.high < 0.0:
            scenes = story.observations.scenes[before], story.observations.scenes[after]
            sure = call.confidence * size.sign_probability
            return Event(kind, call.pier, call.began, call.ended, size, sure, scenes, _OTHERWISE)
    return None
