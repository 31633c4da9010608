"""Looks that people reported, read from CSV, as counts."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cv.counting.count import UNKNOWN, BerthedHull, CountStatus, Estimate, PierCount
from cv.io.atomic_files import packaged_folder
from cv.site import PierRole

_SEEN_WHOLE = 0.98


@dataclass(frozen=True)
class PublishedCase:
    """A published case."""

    name: str
    counts: dict[str, tuple[PierCount, ...]]
    """Looks of each pier, by time."""

    @classmethod
    def read(cls, name: str) -> PublishedCase:
        """The case `name`: files piers.csv and looks.csv (see datasets/rajin/README.md)."""
        folder = packaged_folder(f"cases/{name}", f"datasets/{name}")
        roles = {row["pier"]: PierRole(row["role"]) for row in _rows(folder / "piers.csv")}
        found: dict[str, list[PierCount]] = {pier: [] for pier in roles}
        for row in _rows(folder / "looks.csv"):
            found[row["pier"]].append(_count(row, roles[row["pier"]]))
        return cls(name, {pier: tuple(counts) for pier, counts in found.items()})


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _count(row: dict[str, str], role: PierRole) -> PierCount:
    seen = float(row["seen"])
    status = CountStatus.COUNTED if seen >= _SEEN_WHOLE else CountStatus.PARTIAL
    if not seen:
        status = CountStatus.NOT_VISIBLE
    lengths = [float(text) for text in row["lengths_m"].split(";") if text]
    return PierCount(
        scene=f"{row['pier']} {row['utc']}",
        pier=row["pier"],
        role=role,
        acquired=datetime.fromisoformat(row["utc"]),
        status=status,
        reason=row["note"],
        visible_fraction=seen,
        berth_visible_fraction=seen,
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
