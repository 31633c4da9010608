"""The count of one pier in one scene: estimates, stacks, berthed hulls, and their provenance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shapely.geometry.base import BaseGeometry

from cv.site import PierRole


class CountStatus(StrEnum):
    """Whether a count has numbers, and of what."""

    COUNTED = "counted"
    """The whole pier and berth were visible, up to areas too small for a container or a hull."""
    PARTIAL = "partial"
    """Only a part was visible; the numbers are those of that part."""
    NOT_VISIBLE = "not_visible"
    """Too little was visible; there is no number."""
    UNFIT = "unfit"
    """The pixels cannot carry a number (haze, blur, darkness); `reason` says what they show."""
    OUT_OF_RANGE = "out_of_range"
    """The scene's GSD is outside the range of the model; there is no number."""
    FAILED = "failed"
    """Counting raised an error; there is no number, `reason` holds the error."""


@dataclass(frozen=True)
class Estimate:
    """A number with its interval; all three are None if it is unknown. Unknown is never 0.

    >>> estimate = Estimate(38.0, 33.0, 41.0)
    >>> print(estimate)
    38 (33 to 41)
    >>> Estimate(None, None, None).known
    False
    """

    value: float | None
    """The count, in objects or TEU."""
    low: float | None
    """Lower end of the interval, see `PierCount.interval_level`."""
    high: float | None
    """Upper end of the interval."""

    @property
    def known(self) -> bool:
        """Whether the number is known."""
        return self.value is not None

    def __str__(self) -> str:
        if self.value is None:
            return "unknown"
        return f"{self.value:g} ({self.low:g} to {self.high:g})"


ALL_SEEN = 1.0 - 1e-6
"""Visible share from which all was seen, but for rounding."""
UNKNOWN = Estimate(None, None, None)
"""The estimate of what was not visible."""


@dataclass(frozen=True)
class ContainerStack:
    """A group of touching containers on a pier."""

    containers: int
    """Number of visible roofs."""
    length_m: float
    """Long side of the minimum rotated rectangle around the stack, metres."""
    width_m: float
    """Short side of that rectangle, metres."""
    center: tuple[float, float]
    """Centre of that rectangle, pixels (x, y) of the scene as delivered."""


@dataclass(frozen=True)
class BerthedHull:
    """A ship at a berth."""

    length_m: float
    """Overall length, metres."""
    beam_m: float
    """Beam, metres."""
    heading_deg: float
    """Direction of the keel line, degrees clockwise from true north in [0, 180); bow and stern are
    not distinguished. nan without a CRS."""
    score: float
    """The detector's score, 0 to 1."""
    center: tuple[float, float]
    """Centre of the hull, pixels (x, y) of the scene as delivered."""


@dataclass(frozen=True, kw_only=True)
class PierCount:
    """The count of one pier in one scene."""

    scene: str
    """Identifier of the scene."""
    pier: str
    """Name of the pier; the identifier of the scene if the whole image was counted."""
    role: PierRole
    acquired: datetime | None
    """Acquisition time of the scene, UTC."""
    status: CountStatus
    reason: str
    """Why the status is not `counted`, and what else limits the count; empty if nothing does."""
    visible_fraction: float | None
    """Visible and fit share of the pier's area, 0 to 1; None if not known: counting failed, or a
    mask of the scene could not be used."""
    berth_visible_fraction: float | None
    """Likewise of the berth's area; None too if the pier has none."""
    visibility: str
    """Where the fractions are known from: "udm2+pixels" (cloud mask, nodata and the judged pixels),
    "pixels" (nodata and the judged pixels), "udm2" or "mask" (cloud mask or nodata; the pixels were
    not judged), "none" (counting failed)."""
    radiometry: str
    """How pixel values became 8-bit colours: profile, bands, limits, gamma, enhancement."""
    containers: Estimate
    """Visible roofs on the pier."""
    teu: Estimate
    """Twenty-foot equivalent units of those roofs: 1 for a 20 ft container, 2 for longer ones."""
    hulls: Estimate
    """Ships at the berth."""
    aboard: Estimate
    """Visible roofs on the decks of those ships."""
    stacks: tuple[ContainerStack, ...]
    berthed: tuple[BerthedHull, ...]
    gsd_m: tuple[float, float]
    """Ground sampling distance of the scene at the pier, metres per pixel along x and y."""
    method: str
    """Counting method: "resolved" (single containers), and its version. Only counts with the same
    value are comparable."""
    interval_level: float
    """Nominal coverage of the intervals, for instance 0.9."""
    interval_calibrated: bool
    """Whether the intervals come from a calibration; False: from detection scores alone, or the
    image is worse than those of the calibration. Says nothing without a number (`has_number`)."""
    model: str
    """sha256 of the model file, hexadecimal."""
    settings: str
    """sha256 of everything else that shapes the counts (piers, berths, radiometry, cloud mask,
    constants; not the reference, which a ledger keeps for good), hexadecimal."""
    place: str
    """sha256 of the pier's outline and berth, hexadecimal. Only counts with the same value are
    comparable."""
    unseen: BaseGeometry | None = None
    """The part of the pier that was not seen or not fit, polygons in EPSG:4326 (longitude,
    latitude), empty if all was seen; None if it is not known, or without a CRS. Counts of
    0.1.0 hold that of its berth too."""
    shift_m: tuple[float, float] | None = None
    """How far (east, north) the outlines were moved to lie on what this scene shows, metres; None
    if there was nothing to align it with, or no sure alignment."""

    @property
    def has_number(self) -> bool:
        """Whether its containers or its hulls are known."""
        return self.containers.known or self.hulls.known

    @property
    def shows_whole_pier(self) -> bool:
        """Whether all of the pier was seen, its berth or not."""
        return self.status is CountStatus.COUNTED or (self.visible_fraction or 0.0) >= ALL_SEEN

    def __repr__(self) -> str:
        return (
            f"PierCount({self.pier!r}, {self.scene!r}, {self.status.value}, "
            f"containers={self.containers}, hulls={self.hulls})"
        )


def format_percentage(share: float | None) -> str:
    """Return `share` (0 to 1) as text, rounded down so that only all of it is 100%; None is "-".

    >>> format_percentage(0.999)
    '99%'
    """
    return "-" if share is None else f"{math.floor(100 * share + 1e-9)}%"
