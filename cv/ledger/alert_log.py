"""What the ledger knows of alerts: which were reported, and which scenes came when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class SceneArrival:
    """A scene in which a pier was counted."""

    scene: str
    """Identifier."""
    acquired: datetime
    """When it was taken, UTC."""
    run: int
    """Number of the recording that brought it first."""


@dataclass(frozen=True)
class RecordedAlert:
    """An alert as it was last reported."""

    id: int
    """Number of the alert."""
    pier: str
    """Name of the pier."""
    event: str
    """The event as it was reported, JSON."""
    standing: bool
    """False: it was withdrawn."""
    run: int
    """Number of the last recording that was known then."""
