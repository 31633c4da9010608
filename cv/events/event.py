"""What every finding carries: a kind, a pier, when it began and ended, a size, its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import inf
from statistics import NormalDist

ENDS = 1.645
"""Standard deviations from the middle of a 90 % interval to its ends."""


class EventKind(StrEnum):
    """What was found."""

    CALL = "call"
    """A ship lay at the pier and was seen."""
    UNSEEN_CALL = "unseen_call"
    """A ship must have been there between two looks, though none shows it."""
    STOCKPILE = "stockpile"
    """Cargo gathers or stands on the pier."""
    WARNING = "stockpile_before_loading"
    """Cargo gathers as it does before a ship: one is due."""
    HALT = "halt"
    """No ship for longer than this pier's rhythm explains."""
    RESUMPTION = "resumption"
    """The call that ended a halt."""
    LOADING = "loading"
    """A call took containers from the pier."""
    UNLOADING = "unloading"
    """A call put containers on the pier."""
    DWELL = "dwell"
    """The number of containers has not changed for many looks."""
    INFLOW_STOPPED = "inflow_stopped"
    """Nothing was added to the pier for long."""
    STANDING_HULL = "standing_hull"
    """A hull lay at the pier for weeks."""
    BERTH_SHIFT = "berth_shift"
    """A ship went from one pier to another."""


@dataclass(frozen=True)
class CensoredTime:
    """When something happened, as far as looks can tell, UTC: after one look and by another."""

    earliest: datetime | None
    """The last look by which it had not happened; None where there is no such look."""
    latest: datetime | None
    """The first look by which it had; None where it has not, as far as is known."""


ONGOING = CensoredTime(None, None)
"""When something ended that has not, as far as is known."""


@dataclass(frozen=True)
class Magnitude:
    """How large something is, with an interval that holds it 90 % of times."""

    value: float
    low: float
    high: float
    unit: str
    """"containers", "days", "metres" ..."""

    @classmethod
    def from_mean_sd(cls, value: float, spread: float, unit: str, least: float = -inf) -> Magnitude:
        """`value` with a standard deviation of `spread`; nothing is below `least`."""
        off = ENDS * spread
        return cls(float(value), float(max(least, value - off)), float(value + off), unit)

    @property
    def sign_probability(self) -> float:
        """Probability that it is not really on the other side of zero, 0.5 to 1."""
        spread = (self.high - self.low) / 2 / ENDS
        return NormalDist().cdf(abs(self.value) / spread) if spread else 1.0


@dataclass(frozen=True)
class Event:
    """A finding, with its doubt."""

    kind: EventKind
    pier: str
    began: CensoredTime
    ended: CensoredTime
    size: Magnitude | None
    """How large it is; None where that is not known."""
    confidence: float
    """Probability that it is so, 0 to 1."""
    evidence: tuple[str, ...]
    """Scenes that it rests on, by time."""
    alternatives: tuple[str, ...]
    """What else would explain the same looks."""
