"""What the piers of a site tell of each other: a ship that leaves one often goes to another."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cv.events.model.berth_state_model import HALTED, ArrivalPrior
from cv.events.model.observations import Floats
from cv.events.model.parameters import PierParameters
from cv.events.model.posterior import InferenceInput, Posterior, infer

_SOON_D = 0.3
"""So long a ship needs from one pier to another, at most, days."""
_WATCHED_D = 4.0
"""Looks farther apart tell little of how many ships came, days."""
_SHORTEST, _LONGEST, _SHIFTS = 0.4, 1.8, 5
"""Stays as parts of the mean stay; so many between them are tried."""
_USUAL, _CALLS = 0.2, 3.0
"""Share of ships that are taken to go on where looks tell little, as firmly as after so many
calls."""


def couple_piers(stories: Mapping[str, Posterior]) -> dict[str, Posterior]:
    """The stories of a site's piers, by name, each told again with what the others tell of it."""
    tellers = exchange_messages(stories)
    return {**stories, **dict(zip(tellers, infer(list(tellers.values())), strict=True))}


def exchange_messages(stories: Mapping[str, Posterior]) -> dict[str, InferenceInput]:
    """What is to be told again of a site's piers, by name, where others tell of them.

    `stories` are told by each pier's own looks; what one says of another rests on those alone, so
    that nothing is heard twice (one exchange of messages, as of belief propagation).
    """
    served = {name: one for name, one in stories.items() if one.parameters.flow.served_by_ships}
    ties = {
        name: _tie(story, [one for other, one in served.items() if other != name])
        for name, story in served.items()
    }
    return {
        name: InferenceInput(served[name].observations, _again(served[name]), tie)
        for name, tie in ties.items()
        if tie is not None
    }


def _again(story: Posterior) -> PierParameters:
    """The habits that the whole story of a pier tells, calls that no look shows included.

    Of time that was looked at: over a long gap it is told whether ships came, but not how many.
    """
    gaps = np.diff(story.observations.days)
    looked = gaps <= _WATCHED_D
    halted = (story.smoothed[:-1, HALTED] + story.smoothed[1:, HALTED]) / 2
    used = float((gaps * (1 - halted))[looked].sum())
    return story.parameters.with_calls(float(story.gap_arrivals[looked].sum()), used)


def _tie(story: Posterior, others: list[Posterior]) -> ArrivalPrior | None:
    """What `others` say of the ships that come to the pier of `story`."""
    expected = np.zeros(len(story.gap_arrivals))
    kept = 1.0
    for other in others:
        for flow in (_goes_on(other, story), _comes_before(other, story)):
            share = _share(flow, story.gap_arrivals)
            expected += share * flow
            kept *= 1.0 - share
    return ArrivalPrior(expected, 1.0 - kept) if expected.any() else None


def _goes_on(other: Posterior, story: Posterior) -> Floats:
    """(n - 1,) ships that left `other` and may have come in each gap of `story`."""
    return _moved(other, other.departures, story, (0.0, _SOON_D))


def _comes_before(other: Posterior, story: Posterior) -> Floats:
    """(n - 1,) ships that came to `other` and may have come here before, in each gap of `story`."""
    stay = story.parameters.stay_d
    return _moved(other, other.gap_arrivals, story, (-_LONGEST * stay, -_SHORTEST * stay))


def _moved(
    other: Posterior, number: Floats, story: Posterior, later_d: tuple[float, float]
) -> Floats:
    """The `number` (m - 1,) of ships in the gaps of `other`, so many days later, in those of
    `story` (n - 1,)."""
    then, now = _days(other), _days(story)
    total = np.concatenate([[0.0], np.cumsum(number)])
    when = now - np.linspace(*later_d, _SHIFTS)[:, None]
    return np.asarray(np.diff(np.interp(when, then, total).mean(axis=0)))


def _days(story: Posterior) -> Floats:
    """(n,) times of the looks, days of one clock."""
    return story.observations.days + story.observations.times[0].timestamp() / 86_400


def _share(flow: Floats, arrived: Floats) -> float:
    """Share of the ships of `flow` that arrive, by how both go together."""
    both = float(np.minimum(flow, arrived).sum())
    return (both + _USUAL * _CALLS) / (float(flow.sum()) + _CALLS)
