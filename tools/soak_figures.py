"""Figures of a month of nightly batches: measured by soak_test.py, used by capacity_plan.py."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Self

from cv.io.atomic_files import write_atomically

FILE = Path(__file__).resolve().parent / "soak_test.csv"
"""The latest figures."""


@dataclass(frozen=True)
class Month:
    """One month of one batch."""

    date: str
    sites: int
    nights: int
    piers: int
    """Piers of a site, all in one scene."""
    workers: int
    recorded: int
    """Recorded scenes."""
    scenes_an_hour: float
    """Scenes per hour and core."""
    open_ms: float
    """Mean time per scene, like the next two."""
    count_ms: float
    record_ms: float
    image_mb: float
    """Size per scene."""
    ledger_kb: float
    """Size per scene."""
    coordinator_early_mb: float
    """Memory: medians of the second tenth of the month and of the last."""
    coordinator_late_mb: float
    worker_early_mb: float
    worker_late_mb: float
    problems: int
    """Problems of the ledger at the end."""

    @classmethod
    def read(cls, path: Path = FILE) -> Self:
        """The figures in `path`."""
        with path.open(encoding="utf-8", newline="") as lines:
            row = next(csv.DictReader(lines))
        kinds = {"str": str, "int": int, "float": float}
        return cls(**{f.name: kinds[str(f.type)](row[f.name]) for f in fields(cls)})

    def write(self, path: Path = FILE) -> None:
        """Keeps the figures in `path`."""
        lines = io.StringIO()
        table = csv.DictWriter(lines, [f.name for f in fields(self)], lineterminator="\n")
        table.writeheader()
        rounded = {k: f"{v:.5g}" if isinstance(v, float) else v for k, v in asdict(self).items()}
        table.writerow(rounded)
        write_atomically(path, lines.getvalue())

    def __str__(self) -> str:
        """A line a figure."""
        grown = [
            (name, early, late, late / early - 1)
            for name, early, late in (
                ("coordinator", self.coordinator_early_mb, self.coordinator_late_mb),
                ("a worker", self.worker_early_mb, self.worker_late_mb),
            )
        ]
        return "\n".join(
            [
                f"scenes                   {self.recorded} of {self.sites * self.nights} recorded, "
                f"{self.piers} piers each",
                f"scenes an hour and core  {self.scenes_an_hour:.0f}",
                f"piers an hour and core   {self.scenes_an_hour * self.piers:.0f}",
                f"opening a scene          {self.open_ms:.1f} ms",
                f"counting a scene         {self.count_ms:.1f} ms",
                f"recording a scene        {self.record_ms:.1f} ms",
                f"image                    {self.image_mb:.2f} MB a scene",
                f"ledger                   {self.ledger_kb:.1f} kB a scene",
                *(
                    f"{name:<24} {early:.0f} MB early, {late:.0f} MB late: {share:+.1%}"
                    for name, early, late, share in grown
                ),
                f"problems of the ledger   {self.problems}",
            ]
        )
