"""An alert: what changed about a finding since it was last reported."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cv.events.event import Event


class AlertChange(StrEnum):
    """What changed."""

    NEW = "new"
    """The event was not reported before."""
    ENDED = "ended"
    """The event was reported while it lasted, and is over."""
    CHANGED = "changed"
    """The event differs from what was reported."""
    WITHDRAWN = "withdrawn"
    """The reported event is no longer found, or meets no rule any more."""
    RESTORED = "restored"
    """A withdrawn event is found again."""


@dataclass(frozen=True)
class ReportedAlert:
    """An event as it was last reported."""

    id: int
    """Number of the alert."""
    event: Event
    active: bool
    """False if it was withdrawn."""


@dataclass(frozen=True)
class Alert:
    """One message about an event."""

    id: int
    """The same in all messages about one event."""
    change: AlertChange
    event: Event
    """As it is found now; as it was reported if it is no longer found."""
    previous: Event | None
    """As it was last reported; None for a new one."""
    rules: tuple[str, ...]
    """Names of the rules that it meets now."""

    @property
    def as_reported(self) -> ReportedAlert:
        """The state of the alert once this message is sent."""
        return ReportedAlert(self.id, self.event, self.change is not AlertChange.WITHDRAWN)
