"""Events: what every finding carries (kind, pier, times, size, confidence, evidence)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from math import inf
from statistics import NormalDist

from cv.counting.uncertainty import FINDING_Z


class EventKind(StrEnum):
    """What was found."""

    CALL = "call"
    """A ship lay at the pier and at least one observation shows it."""
    UNSEEN_CALL = "unseen_call"
    """A ship was there between two observations, inferred from cargo; no observation shows it."""
    STOCKPILE = "stockpile"
    """Cargo gathers or stands on the pier."""
    WARNING = "stockpile_before_loading"
    """Cargo gathers as it does before a ship: one is due."""
    HALT = "halt"
    """No ship for much longer than usual at this pier."""
    RESUMPTION = "resumption"
    """The call that ended a halt."""
    LOADING = "loading"
    """A call took containers from the pier."""
    UNLOADING = "unloading"
    """A call put containers on the pier."""
    DWELL = "dwell"
    """The number of containers has not changed over many observations."""
    INFLOW_STOPPED = "inflow_stopped"
    """Nothing was added to the pier for long."""
    STANDING_HULL = "standing_hull"
    """A hull lay at the pier for weeks."""
    BERTH_SHIFT = "berth_shift"
    """A ship went from one pier to another."""

    @property
    def printed_name(self) -> str:
        """The name in tables: "ship due" for a warning, else its value with spaces."""
        return "ship due" if self is EventKind.WARNING else self.value.replace("_", " ")

    @classmethod
    def parse(cls, text: str) -> EventKind:
        """Return the kind with this value or printed name; raises ValueError.

        >>> EventKind.parse("ship due").value
        'stockpile_before_loading'
        """
        wanted = text.strip().lower().replace("_", " ")
        for kind in cls:
            if wanted in (kind.printed_name, kind.value.replace("_", " ")):
                return kind
        raise ValueError(f"the kind {text!r} is none of {cls.list_names()}")

    @classmethod
    def list_names(cls) -> str:
        """Return all names that `parse` accepts: values, and printed names that differ."""
        warning = f"{cls.WARNING.value} (or {cls.WARNING.printed_name!r})"
        return ", ".join(warning if kind is cls.WARNING else kind.value for kind in cls)


FIRST_TIME = datetime.min.replace(tzinfo=UTC)
"""Sorts an unknown time first."""
JSON_NAME = "json_name"
"""Key of a dataclass field's metadata: its name in JSON, where that is not the field's own."""


@dataclass(frozen=True)
class CensoredTime:
    """When something happened, interval-censored: after one observation and by another, UTC."""

    earliest: datetime | None
    """The last observation by which it had not happened; None where there is none."""
    latest: datetime | None
    """The first observation by which it had happened; None where it has not, as far as known."""


ONGOING = CensoredTime(None, None)
"""The end of something that has not ended, as far as known."""


def first_known(began: CensoredTime, ended: CensoredTime) -> datetime:
    """Return the first time by which something is known to have begun."""
    times = (began.latest, began.earliest, ended.earliest, ended.latest)
    return next(time for time in times if time is not None)


@dataclass(frozen=True)
class Magnitude:
    """A quantity with its 90 % interval."""

    value: float
    low: float
    high: float
    unit: str
    """"containers", "days", "metres" ..."""

    @classmethod
    def from_mean_sd(cls, value: float, sd: float, unit: str, minimum: float = -inf) -> Magnitude:
        """Return a normally distributed quantity; `low` is at least `minimum`."""
        low, high = max(minimum, value - FINDING_Z * sd), value + FINDING_Z * sd
        return cls(float(value), float(low), float(high), unit)

    @property
    def sign_probability(self) -> float:
        """Probability that the true quantity has the sign of `value`, 0.5 to 1."""
        sd = (self.high - self.low) / 2 / FINDING_Z
        return NormalDist().cdf(abs(self.value) / sd) if sd else 1.0


@dataclass(frozen=True, kw_only=True)
class Event:
    """A finding with its confidence."""

    kind: EventKind
    pier: str
    """Name of the pier."""
    began: CensoredTime
    ended: CensoredTime
    size: Magnitude | None
    """How large it is; None where that is not known."""
    confidence: float
    """Probability that it is so, 0 to 1."""
    evidence: tuple[str, ...]
    """Identifiers of the scenes it rests on, by time."""
    alternatives: tuple[str, ...]
    """Other explanations of the same observations."""

    def __repr__(self) -> str:
        times = (self.began.latest, self.ended.latest)
        began, ended = (time and f"{time:%Y-%m-%d}" for time in times)
        return (
            f"{type(self).__name__}({self.kind.value!r}, {self.pier!r}, began={began}, "
            f"ended={ended}, confidence={self.confidence:.2f})"
        )
