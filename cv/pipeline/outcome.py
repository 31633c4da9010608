"""What became of one scene in a batch, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from cv.counting.count import PierCount


class SceneStatus(StrEnum):
    """What became of a scene in a batch."""

    RECORDED = "recorded"
    """It was counted, and the counts are in the ledger."""
    KNOWN = "known"
    """The ledger holds it already, for this model and these settings."""
    FAILED = "failed"
    """Counting broke off; the ledger says so for each pier."""
    REFUSED = "refused"
    """It cannot be read or has no time; the ledger is untouched, and the next run tries again."""
    QUARANTINED = "quarantined"
    """It was the end of several workers: it is left alone until it is asked for."""


@dataclass(frozen=True)
class Timing:
    """What one scene took; what was not come to took nothing."""

    open_s: float = 0.0
    """Opening it and reading its header, seconds."""
    count_s: float = 0.0
    """Reading its pixels and counting, seconds."""
    record_s: float = 0.0
    """Writing the counts, seconds."""
    bytes: int = 0
    """Of the image file; 0: not known."""


@dataclass(frozen=True)
class PierSummary:
    """A count in short."""

    pier: str
    status: str
    containers: float | None
    """None: unknown."""
    hulls: float | None
    """None: unknown."""
    visible_fraction: float | None

    @classmethod
    def of(cls, count: PierCount) -> PierSummary:
        """The short form of `count`."""
        return cls(
            count.pier,
            count.status.value,
            count.containers.value,
            count.hulls.value,
            count.visible_fraction,
        )


@dataclass(frozen=True)
class SceneOutcome:
    """What became of one scene in a batch."""

    scene: str
    """Identifier, or path of a scene that could not be opened."""
    status: SceneStatus
    reason: str
    """Empty for what went as it should."""
    timing: Timing = field(default=Timing(), compare=False)
    piers: tuple[PierSummary, ...] = field(default=(), compare=False)
    """What was recorded."""

    @property
    def is_kept(self) -> bool:
        """Whether the ledger has its counts."""
        return self.status in (SceneStatus.RECORDED, SceneStatus.KNOWN)
