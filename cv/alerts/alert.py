"""An alert: what is new of a finding."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cv.events.event import Event


class Change(StrEnum):
    """What is new."""

    NEW = "new"
    """The event was not told before."""
    ENDED = "ended"
    """An event that was told while it lasted is over."""
    CHANGED = "changed"
    """What was told turned out different."""
    WITHDRAWN = "withdrawn"
    """What was told is not so, or meets no rule any more."""
    RESTORED = "restored"
    """What was told and withdrawn is so after all."""


@dataclass(frozen=True)
class ReportedAlert:
    """An event as it was last told."""

    id: int
    """Number of the alert."""
    event: Event
    active: bool
    """Whether it was not withdrawn."""


@dataclass(frozen=True)
class Alert:
    """One message."""

    id: int
    """The same in all messages about one event."""
    change: Change
    event: Event
    """As it is now; as it was told where it is not so."""
    previous: Event | None
    """As it was last told; None where it is new."""
    rules: tuple[str, ...]
    """Names of the rules that it meets now."""

    @property
    def as_reported(self) -> ReportedAlert:
        """What is known to be told after this message."""
        return ReportedAlert(self.id, self.event, self.change is not Change.WITHDRAWN)
