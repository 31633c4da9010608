"""Published observations of a port, read from CSV as counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cv.counting.pier_count import UNKNOWN, BerthedHull, CountStatus, Estimate, PierCount
from cv.io.atomic_files import packaged_folder
from cv.io.csv_tables import read_rows
from cv.site import PierRole

_MIN_COUNTED = 0.98
"""Visible share from which on a pier is counted rather than partial."""
_PIER_COLUMNS = ("pier", "role")
_ESTIMATES = ("boxes", "boxes_low", "boxes_high", "ships", "ships_low", "ships_high")
_COLUMNS = ("pier", "utc", "seen", "lengths_m", "note", "basis", *_ESTIMATES)


@dataclass(frozen=True)
class PublishedCase:
    """The published observations of one port."""

    folder: Path
    """Where its files are."""
    counts: dict[str, tuple[PierCount, ...]]
    """Counts of each pier by its name, ordered by time."""

    @classmethod
    def read(cls, name: str) -> PublishedCase:
        """Read the case `name`: piers.csv and looks.csv, see datasets/rajin/README.md."""
        folder = packaged_folder(f"cases/{name}", f"datasets/{name}")
        piers = [cells for _, cells in read_rows(folder / "piers.csv", _PIER_COLUMNS)]
        roles = {pier: PierRole(role) for pier, role in piers}
        counts: dict[str, list[PierCount]] = {pier: [] for pier in roles}
        for _, cells in read_rows(folder / "looks.csv", _COLUMNS):
            row = dict(zip(_COLUMNS, cells, strict=True))
            counts[row["pier"]].append(_count(row, roles[row["pier"]]))
        return cls(folder, {pier: tuple(own) for pier, own in counts.items()})


def _count(row: dict[str, str], role: PierRole) -> PierCount:
    visible = float(row["seen"])
    status = CountStatus.PARTIAL if visible else CountStatus.NOT_VISIBLE
    if visible >= _MIN_COUNTED:
        status = CountStatus.COUNTED
    lengths = [float(text) for text in row["lengths_m"].split(";") if text]
    return PierCount(
        scene=f"{row['pier']} {row['utc']}",
        pier=row["pier"],
        role=role,
        acquired=datetime.fromisoformat(row["utc"]),
        status=status,
        reason=row["note"],
        visible_fraction=visible,
        berth_visible_fraction=visible,
        visibility="reported",
        radiometry="reported",
        containers=_estimate(row, "boxes"),
        teu=UNKNOWN,
        hulls=_estimate(row, "ships"),
        aboard=UNKNOWN,
        stacks=(),
        berthed=tuple(BerthedHull(m, m / 6.5, float("nan"), 1.0, (0.0, 0.0)) for m in lengths),
        gsd_m=(3.0, 3.0),
        method="reported",
        interval_level=0.9,
        interval_calibrated=False,
        model="",
        settings=row["basis"],
        place=row["pier"],
    )


def _estimate(row: dict[str, str], name: str) -> Estimate:
    if not row[name]:
        return UNKNOWN
    return Estimate(float(row[name]), float(row[f"{name}_low"]), float(row[f"{name}_high"]))
