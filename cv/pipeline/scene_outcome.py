"""The outcome of one scene in a batch, and the time that it took."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from cv.counting.distant_pier import DistantPier
from cv.counting.pier_count import PierCount
from cv.errors import InputError


class SceneStatus(StrEnum):
    """What happened to a scene in a batch."""

    RECORDED = "recorded"
    """It was counted, and the counts are in the ledger."""
    KNOWN = "known"
    """The ledger has its counts by this model and these settings, or its image by another name."""
    FAILED = "failed"
    """Counting broke off, or the radiometry hides what the pixels show; the ledger has the reason
    for each pier."""
    REFUSED = "refused"
    """It cannot be read or has no time; nothing is recorded, and the next batch tries again."""
    QUARANTINED = "quarantined"
    """Several workers died on it: it is left out until the quarantine is released."""


@dataclass(frozen=True)
class Timing:
    """How long the stages of one scene took; 0 for one that was not reached."""

    open_s: float = 0.0
    """Opening it and reading its header, seconds."""
    count_s: float = 0.0
    """Reading its pixels and counting, seconds."""
    record_s: float = 0.0
    """Writing the counts, seconds."""
    bytes: int = 0
    """Size of the image file; 0: unknown."""


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
    """Of the outline, 0 to 1; None: unknown."""
    reason: str = ""
    """Why the status is not `counted`, and what else limits the count."""

    @classmethod
    def of(cls, count: PierCount) -> PierSummary:
        """Return the short form of `count`."""
        containers, hulls = count.containers.value, count.hulls.value
        return cls(
            count.pier,
            count.status.value,
            containers,
            hulls,
            count.visible_fraction,
            count.reason,
        )

    @property
    def has_number(self) -> bool:
        """Whether its containers or its hulls are known."""
        return self.containers is not None or self.hulls is not None


@dataclass(frozen=True)
class SceneOutcome:
    """What happened to one scene in a batch."""

    scene: str
    """Identifier, or path of a scene that could not be opened."""
    status: SceneStatus
    reason: str
    """Empty for a scene that was recorded, or is known by its own name."""
    timing: Timing = field(default=Timing(), compare=False)
    piers: tuple[PierSummary, ...] = field(default=(), compare=False)
    """The counts that were recorded."""
    distant: tuple[DistantPier, ...] = field(default=(), compare=False)
    """The piers of the site that lie elsewhere than this scene."""

    @property
    def without_number(self) -> bool:
        """Whether it was recorded without a number: no pier, and no berth, could be counted."""
        recorded = self.status is SceneStatus.RECORDED
        return recorded and not any(pier.has_number for pier in self.piers)


def error_text(error: Exception) -> str:
    """Return the reason of the outcome of a scene that ended with `error`."""
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    return str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
