"""How well calls are found at a pier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulated_ports import event_truth
from simulated_ports.event_metrics import FieldSum, Proportion
from simulated_ports.event_truth import StatedTimes
from simulated_ports.pier_observation import ObservedPier

MIN_PROBABILITY = 0.5
"""Calibrated probability from which on a detection surely shows a ship."""
_NONE = Proportion()


@dataclass(frozen=True, kw_only=True)
class CallScore(FieldSum):
    """How well calls were found; scores of several piers can be added."""

    certain: Proportion = _NONE
    """Stays that a clear image surely shows, by the lower end of its interval; found."""
    likely: Proportion = _NONE
    """Stays that a clear image shows by a detection of `MIN_PROBABILITY`; found."""
    clear: Proportion = _NONE
    """Stays with any clear image; found."""
    precision: Proportion = _NONE
    """Seen calls that are true."""
    arrivals: Proportion = _NONE
    """True calls that arrived in the stated interval."""
    departures: Proportion = _NONE
    unseen: Proportion = _NONE
    """Unseen calls that are true."""


@dataclass(frozen=True, eq=False)
class MatchedCalls:
    """Which calls are true, by their place in the given order."""

    seen: Sequence[StatedTimes]
    unseen: Sequence[StatedTimes]
    stay_of_seen: Mapping[int, int]
    stay_of_unseen: Mapping[int, int]

    @classmethod
    def of(
        cls, pier: ObservedPier, seen: Sequence[StatedTimes], unseen: Sequence[StatedTimes] = ()
    ) -> MatchedCalls:
        """Match calls to the true stays of a pier."""
        stays = pier.history.stays
        pairs = event_truth.match_calls(seen, stays)
        return cls(seen, unseen, pairs, event_truth.match_unseen_calls(unseen, stays, pairs))

    @property
    def found(self) -> set[int]:
        """Stays that were found, as seen or as inferred."""
        return {*self.stay_of_seen.values(), *self.stay_of_unseen.values()}


@dataclass(frozen=True, eq=False)
class ShownStays:
    """Images that show each stay of a pier (stays,)."""

    clear: Sequence[int]
    """Clear images."""
    likely: Sequence[int]
    """Those whose detection of the ship has `MIN_PROBABILITY` or more."""
    certain: Sequence[int]
    """Those of them whose hull count has a lower end of one or more."""

    @classmethod
    def of(cls, pier: ObservedPier) -> ShownStays:
        """Count the images of a pier."""
        clear, likely, certain = ([0] * len(pier.history.stays) for _ in range(3))
        for one in pier.shown:
            if one.clear:
                sure = one.probability >= MIN_PROBABILITY
                clear[one.stay] += 1
                likely[one.stay] += sure
                certain[one.stay] += sure and one.least_hulls >= 1
        return cls(clear, likely, certain)


def score_calls(pier: ObservedPier, shown: ShownStays, calls: MatchedCalls) -> CallScore:
    """Score the calls at a pier."""
    found, stays = calls.found, pier.history.stays
    hits = [(calls.seen[call], stays[stay]) for call, stay in calls.stay_of_seen.items()]

    def recall(images: Sequence[int]) -> Proportion:
        wanted = [stay for stay, number in enumerate(images) if number]
        return Proportion(sum(stay in found for stay in wanted), len(wanted))

    return CallScore(
        certain=recall(shown.certain),
        likely=recall(shown.likely),
        clear=recall(shown.clear),
        precision=Proportion(len(hits), len(calls.seen)),
        arrivals=Proportion(sum(event_truth.arrived_in(*hit) for hit in hits), len(hits)),
        departures=Proportion(sum(event_truth.departed_in(*hit) for hit in hits), len(hits)),
        unseen=Proportion(len(calls.stay_of_unseen), len(calls.unseen)),
    )
