"""The count of one pier in one scene, and what it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cv.site import PierRole


class CountStatus(StrEnum):
    """What a count is worth."""

    COUNTED = "counted"
    """So much of pier and berth was seen that nothing that is counted fits into the rest."""
    PARTIAL = "partial"
    """A part was seen; numbers are of that part, the rest is unknown."""
    NOT_VISIBLE = "not_visible"
    """Nothing to speak of was seen; there is no number."""
    OUT_OF_RANGE = "out_of_range"
    """The scene's GSD is outside of what the model accepts; there is no number."""
    FAILED = "failed"
    """Counting broke off; there is no number; `reason` says why."""


@dataclass(frozen=True)
class Estimate:
    """A number with its interval; all None where the number is unknown. Unknown is never zero."""

    value: float | None
    """What was counted, in objects (or TEU)."""
    low: float | None
    """Lower end of the interval at the count's level."""
    high: float | None
    """Upper end of the interval at the count's level."""

    @property
    def known(self) -> bool:
        """Whether there is a number."""
        return self.value is not None

    def __str__(self) -> str:
        if self.value is None:
            return "unknown"
        return f"{self.value:g} ({self.low:g} to {self.high:g})"


UNKNOWN = Estimate(None, None, None)
"""The estimate of what was not seen."""


@dataclass(frozen=True)
class ContainerStack:
    """Containers on a pier that touch."""

    containers: int
    """Visible roofs."""
    length_m: float
    """Long side of the smallest rectangle around the stack, metres."""
    width_m: float
    """Its short side, metres."""
    center: tuple[float, float]
    """Middle of that rectangle, pixels (x, y) of the scene as delivered."""


@dataclass(frozen=True)
class BerthedHull:
    """A ship at a berth."""

    length_m: float
    """Length over all, metres."""
    beam_m: float
    """Beam, metres."""
    heading_deg: float
    """Direction of the keel line, degrees clockwise from true north in [0, 180): which end is the
    bow is not told; nan without a CRS."""
    score: float
    """The detector's score, 0 to 1."""
    center: tuple[float, float]
    """Its middle, pixels (x, y) of the scene as delivered."""


@dataclass(frozen=True)
class PierCount:
    """What one scene says about one pier."""

    scene: str
    """Identifier of the scene."""
    pier: str
    """Name of the pier; the scene's own when the whole image was counted."""
    role: PierRole
    acquired: datetime | None
    """When the scene was taken, UTC."""
    status: CountStatus
    reason: str
    """Why the status is not `counted`; empty when it is."""
    visible_fraction: float | None
    """Share of the pier's area that was seen, 0 to 1; None where counting failed."""
    berth_visible_fraction: float | None
    """Share of its berth's area that was seen, 0 to 1; None without a berth, too."""
    visibility: str
    """What the fractions rest on: "udm2" (clouds and shadows are known), "mask" (nodata only),
    "none" (counting failed)."""
    radiometry: str
    """How the scene's values became colours: name, bands, limits, gamma."""
    containers: Estimate
    """Visible roofs on the pier."""
    teu: Estimate
    """Twenty-foot equivalents of those roofs: 1 for a 20 ft box, 2 for longer ones."""
    hulls: Estimate
    """Ships at the berth."""
    aboard: Estimate
    """Visible roofs of containers on the decks of those ships."""
    stacks: tuple[ContainerStack, ...]
    berthed: tuple[BerthedHull, ...]
    gsd_m: tuple[float, float]
    """The scene's ground sampling distance here, metres a pixel along x and y."""
    method: str
    """How it was counted: "resolved" (single boxes) in this version."""
    interval_level: float
    """Share of scenes whose true number the intervals are meant to contain, for instance 0.9."""
    interval_calibrated: bool
    """Whether the intervals come from measured errors; False: from detection scores alone."""
    model: str
    """sha256 of the model file, hexadecimal."""
    settings: str
    """sha256 of what else shaped the number (piers, berths, radiometry, cloud mask, constants)."""
    place: str
    """sha256 of the pier's outline and berth, hexadecimal: numbers of one place are comparable."""
