"""Published observations of a port, read from CSV as counts."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cv.counting.count import UNKNOWN, BerthedHull, CountStatus, Estimate, PierCount
from cv.io.atomic_files import packaged_folder
from cv.site import PierRole

_MIN_COUNTED = 0.98
"""Visible share from which on a pier is counted rather than partial."""


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
        roles = {row["pier"]: PierRole(row["role"]) for row in _rows(folder / "piers.csv")}
        counts: dict[str, list[PierCount]] = {pier: [] for pier in roles}
        for row in _rows(folder / "looks.csv"):
            counts[row["pier"]].append(_count(row, roles[row["pier"]]))
        return cls(folder, {pier: tuple(own) for pier, own in counts.items()})


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _count(row: dict[str, str], role: PierRole) -> PierCount:
    visible = float(row["seen"])
    status = CountStatus.COUNTED if visible >= _MIN_COUNTED else CountStatus.PARTIAL
    if not visible:
        status = CountStatus.NOT_VISIBLE
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
