"""What every finding carries: a kind, a pier, when it began and ended, a size, its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
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


@dataclass(frozen=True)
class Span:
    """When something happened, as far as looks can tell, UTC: after one look and by another."""

    after: datetime | None
    """The last look by which it had not happened; None where there is no such look."""
    by: datetime | None
    """The first look by which it had; None where it has not, as far as is known."""


NOT_YET = Span(None, None)
"""When something ended that has not, as far as is known."""


@dataclass(frozen=True)
class Size:
    """How large something is, with an interval that holds it 90 % of times."""

    value: float
    low: float
    high: float
    unit: str
    """"containers", "days", "metres" ..."""


@dataclass(frozen=True)
class Event:
    """A finding, with its doubt."""

    kind: Kind
    pier: str
    began: Span
    ended: Span
    size: Size | None
    """How large it is; None where that is not known."""
    confidence: float
    """Probability that it is so, 0 to 1."""
    evidence: tuple[str, ...]
    """Scenes that it rests on, by time."""
    alternatives: tuple[str, ...]
    """What else would explain the same looks."""
