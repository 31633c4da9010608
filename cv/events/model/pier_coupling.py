"""Coupling of the piers of a site: a ship that leaves one pier often goes to another."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cv.events.model.berth_state_model import HALTED, ArrivalPrior
from cv.events.model.parameters import PierParameters
from cv.events.model.posterior import PierInferenceInput, Posterior, infer_posteriors
from cv.geometry.arrays import Float64Array

_MAX_TRANSFER_D = 0.3
"""Longest time a ship needs from one pier to another, days."""
_MAX_WATCHED_GAP_D = 4.0
"""In longer gaps the number of arrivals is not known well enough to be counted, days."""
_MIN_STAY, _MAX_STAY, _STAY_STEPS = 0.4, 1.8, 5
"""Range of stays, in mean stays, and the number of values tried."""
_PRIOR_SHARE, _PRIOR_CALLS = 0.2, 3.0
"""Prior share of ships that go on to the other pier, with the weight of so many observed calls."""


def couple_piers(posteriors: Mapping[str, Posterior]) -> dict[str, Posterior]:
    """Infer the posteriors of a site's piers, by name, again with messages from each other."""
    inputs = exchange_messages(posteriors)
    return {**posteriors, **dict(zip(inputs, infer_posteriors(list(inputs.values())), strict=True))}


def exchange_messages(posteriors: Mapping[str, Posterior]) -> dict[str, PierInferenceInput]:
    """Return new inference inputs, by pier, for the piers to which others have a message.

    `posteriors` must be inferred from each pier's own observations alone, so that no evidence
    counts twice: one exchange of messages, as in belief propagation.
    """
    served = {name: one for name, one in posteriors.items() if one.parameters.flow.served_by_ships}
    priors = {
        name: _arrival_prior(own, [one for other, one in served.items() if other != name])
        for name, own in served.items()
    }
    return {
        name: PierInferenceInput(
            served[name].observations, _updated_parameters(served[name]), prior
        )
        for name, prior in priors.items()
        if prior is not None
    }


def _updated_parameters(posterior: Posterior) -> PierParameters:
    """Return the pier's parameters re-estimated from its posterior, unseen calls included.

    Long gaps are left out: they show that ships came, but not how many.
    """
    gaps = np.diff(posterior.observations.days)
    watched = gaps <= _MAX_WATCHED_GAP_D
    halted = (posterior.smoothed[:-1, HALTED] + posterior.smoothed[1:, HALTED]) / 2
    used_d = float((gaps * (1 - halted))[watched].sum())
    return posterior.parameters.with_calls(float(posterior.gap_arrivals[watched].sum()), used_d)


def _arrival_prior(posterior: Posterior, others: list[Posterior]) -> ArrivalPrior | None:
    """Return the arrivals at a pier that the posteriors of `others` predict; None for none."""
    expected = np.zeros(len(posterior.gap_arrivals))
    share_left = 1.0
    for other in others:
        for flow in (_departed_from(other, posterior), _arrive_later_at(other, posterior)):
            share = _transfer_share(flow, posterior.gap_arrivals)
            expected += share * flow
            share_left *= 1.0 - share
    return ArrivalPrior(expected, 1.0 - share_left) if expected.any() else None


def _departed_from(other: Posterior, posterior: Posterior) -> Float64Array:
    """Return (n - 1,) ships that left `other` and may have come in each gap of `posterior`."""
    return _shift_in_time(other, other.departures, posterior, (0.0, _MAX_TRANSFER_D))


def _arrive_later_at(other: Posterior, posterior: Posterior) -> Float64Array:
    """Return (n - 1,) ships that arrived at `other` and may have come here one stay earlier."""
    stay = posterior.parameters.stay_d
    return _shift_in_time(
        other, other.gap_arrivals, posterior, (-_MAX_STAY * stay, -_MIN_STAY * stay)
    )


def _shift_in_time(
    other: Posterior, number: Float64Array, posterior: Posterior, delays_d: tuple[float, float]
) -> Float64Array:
    """Return `number` (m - 1,) of ships in the gaps of `other`, delayed, in those of `posterior`.

    The result (n - 1,) is the mean over delays between the two `delays_d`, days.
    """
    total = np.concatenate([[0.0], np.cumsum(number)])
    at_other = _absolute_days(posterior) - np.linspace(*delays_d, _STAY_STEPS)[:, None]
    return np.asarray(np.diff(np.interp(at_other, _absolute_days(other), total).mean(axis=0)))


def _absolute_days(posterior: Posterior) -> Float64Array:
    """Return (n,) times of the observations, days since 1970."""
    observations = posterior.observations
    return observations.days + observations.times[0].timestamp() / 86_400


def _transfer_share(flow: Float64Array, arrivals: Float64Array) -> float:
    """Return the share of the ships of `flow` that arrive, by how both coincide."""
    coincident = float(np.minimum(flow, arrivals).sum())
    return (coincident + _PRIOR_SHARE * _PRIOR_CALLS) / (float(flow.sum()) + _PRIOR_CALLS)
