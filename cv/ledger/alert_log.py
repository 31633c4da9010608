"""What the ledger knows of alerts: which were given, and which scenes came when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from cv.ledger.row_mapping import Row


@dataclass(frozen=True)
class SceneArrival:
    """A scene in which a pier was counted."""

    scene: str
    """Identifier."""
    acquired: datetime
    """When it was taken, UTC."""
    run: int
    """Number of the recording that brought it first."""

    @classmethod
    def of_row(cls, row: Row) -> Self:
        """Of scene, time in ISO 8601 and recording."""
        scene, acquired, run = row
        return cls(scene, datetime.fromisoformat(acquired), int(run))


@dataclass(frozen=True)
class RecordedAlert:
    """An alert as it was last given."""

    id: int
    """Number of the alert."""
    pier: str
    """Name of the pier."""
    event: str
    """The event as it was told, JSON."""
    standing: bool
    """Whether it was not withdrawn."""
    run: int
    """Number of the last recording that was known then."""

    @classmethod
    def of_row(cls, row: Row) -> Self:
        """Of the columns in the order of the fields."""
        number, pier, event, standing, run = row
        return cls(int(number), pier, event, bool(standing), int(run))

    @property
    def row(self) -> Row:
        """The columns in the order of the fields."""
        return self.id, self.pier, self.event, int(self.standing), self.run
