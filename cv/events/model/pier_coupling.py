"""Coupling of the piers of a site: a ship that leaves one pier often goes to another."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from cv.counting.pier_count import PierCount
from cv.events.model.berth_state_model import ArrivalPrior
from cv.events.model.observations import PierObservations
from cv.events.model.posterior import (
    LEARNING_ROUNDS,
    PierInferenceInput,
    Posterior,
    infer_posteriors,
)
from cv.geometry.arrays import Float64Array

Key = TypeVar("Key", bound=Hashable)
"""What a series of a site is called: a pier's name, or one of its segments."""
_MAX_TRANSFER_D = 0.3
"""Longest time a ship needs from one pier to another, days."""
_MIN_STAY, _MAX_STAY, _STAY_STEPS = 0.4, 1.8, 5
"""Range of stays, in mean stays, and the number of values tried."""
_MORE_ROUNDS = 1
"""Rounds of learning with the arrivals that other piers lead to expect."""
_PRIOR_SHARE, _PRIOR_CALLS = 0.2, 3.0
"""Prior share of ships that go on to the other pier, with the weight of so many observed calls."""


def infer_sites(
    sites: Sequence[Mapping[Key, Sequence[PierCount]]],
) -> list[tuple[dict[Key, Posterior], dict[Key, Posterior]]]:
    """Return the posteriors of each site's piers by key: without and with the other piers.

    `sites` are the counts of each pier, or of a segment of it, by its key, by time. Piers without a
    usable one are left out. Each pier sends one message to each other, from its own observations
    alone, so that no evidence counts twice (one exchange of belief propagation).
    """
    observed = [
        {name: PierObservations.of(own) for name, own in counts.items() if own} for counts in sites
    ]
    alone = _infer_by_site(
        [
            {name: PierInferenceInput.of(o) for name, o in site.items() if len(o)}
            for site in observed
        ]
    )
    coupled = _infer_by_site([_coupled_inputs(posteriors) for posteriors in alone], _MORE_ROUNDS)
    return [(own, {**own, **new}) for own, new in zip(alone, coupled, strict=True)]


def _infer_by_site(
    sites: Sequence[Mapping[Key, PierInferenceInput]], rounds: int = LEARNING_ROUNDS
) -> list[dict[Key, Posterior]]:
    every = [one for inputs in sites for one in inputs.values()]
    posteriors = iter(infer_posteriors(every, rounds))
    return [{name: next(posteriors) for name in inputs} for inputs in sites]


def _coupled_inputs(posteriors: Mapping[Key, Posterior]) -> dict[Key, PierInferenceInput]:
    """Return new inputs, by key, for the piers at which others let arrivals be expected.

    What was learned of their habits is where learning starts again.
    """
    served = {name: one for name, one in posteriors.items() if one.parameters.served_by_ships}
    inputs = {}
    for name, own in served.items():
        pier = own.observations.pier
        others = [one for one in served.values() if one.observations.pier != pier]
        prior = _arrival_prior(own, others)
        if prior is None:
            continue
        inputs[name] = PierInferenceInput(own.observations, own.parameters, prior)
    return inputs


def _arrival_prior(own: Posterior, others: list[Posterior]) -> ArrivalPrior | None:
    """Return the arrivals at a pier that `others` predict; None for none.

    Ships that left another pier may have come from there, and those that arrive at another one
    later may have been here for one stay before.
    """
    expected = np.zeros(len(own.gap_arrivals))
    share_left = 1.0
    stay_d = own.parameters.berth.stay_d
    for other in others:
        departed = _shift_in_time(other, other.departures, own, (0.0, _MAX_TRANSFER_D))
        stays_d = -_MAX_STAY * stay_d, -_MIN_STAY * stay_d
        arrives_later = _shift_in_time(other, other.gap_arrivals, own, stays_d)
        for flow in (departed, arrives_later):
            coincident = float(np.minimum(flow, own.gap_arrivals).sum())
            share = coincident + _PRIOR_SHARE * _PRIOR_CALLS
            share /= float(flow.sum()) + _PRIOR_CALLS
            expected += share * flow
            share_left *= 1.0 - share
    return ArrivalPrior(expected, 1.0 - share_left) if expected.any() else None


def _shift_in_time(
    other: Posterior, number: Float64Array, own: Posterior, delays_d: tuple[float, float]
) -> Float64Array:
    """Return `number` (m - 1,) of ships in the gaps of `other`, delayed, in the gaps of `own`.

    The result (n - 1,) is the mean over delays between the two `delays_d`, days.
    """
    own_days, other_days = (
        one.observations.days + one.observations.times[0].timestamp() / 86_400
        for one in (own, other)
    )
    total = np.concatenate([[0.0], np.cumsum(number)])
    at_other = own_days - np.linspace(*delays_d, _STAY_STEPS)[:, None]
    return np.asarray(np.diff(np.interp(at_other, other_days, total).mean(axis=0)))
