"""Loading and unloading: how a call changed the number of containers on its pier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cv.events.event import Event, EventKind
from cv.events.model.parameters import LOADS, UNLOADS
from cv.events.model.posterior import Posterior


def find_loadings_and_unloadings(posterior: Posterior, calls: Sequence[Event]) -> tuple[Event, ...]:
    """Return what each of `calls` loaded or unloaded, where the change is significant.

    `size` is the change in containers. Loading (negative) is measured from the fullest observation
    of the call, those around it included, to the one after it; unloading (positive) from the one
    before it to the fullest. It is a lower bound: what comes and goes between observations does not
    show. A call gives one event: unloading first on piers where ships bring cargo, else loading.
    """
    observations, transfers = posterior.observations, []
    handled = {
        EventKind.LOADING: posterior.at_observations(posterior.causes.loaded),
        EventKind.UNLOADING: posterior.at_observations(posterior.causes.unloaded),
    }
    handling = posterior.parameters.cargo.handling
    for call in calls:
        if call.began.earliest is None or call.ended.latest is None:
            continue  # there is no observation before or after it
        first = observations.first_at_or_after(call.began.earliest)
        last = observations.first_at_or_after(call.ended.latest)
        fullest = max(range(first, last + 1), key=lambda i: float(posterior.level[i, 0]))
        spans = [(EventKind.LOADING, fullest, last), (EventKind.UNLOADING, first, fullest)]
        if handling[UNLOADS] > handling[LOADS]:
            spans.reverse()
        for kind, before, after in spans:
            size = posterior.level_change(before, after)
            chance = 1.0 - float(np.prod(1.0 - handled[kind][before + 1 : after + 1]))
            if size.low > 0.0 or size.high < 0.0:
                transfer = replace(
                    call,
                    kind=kind,
                    size=size,
                    confidence=call.confidence * chance * size.sign_probability,
                    evidence=(observations.scenes[before], observations.scenes[after]),
                    alternatives=("lorries or trains moved containers at the same time",),
                )
                transfers.append(transfer)
                break
    return tuple(transfers)
