"""A test bed for faults: scenes, a site, and the ledger of an undisturbed run."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import rasterio
import shapely
from affine import Affine

from cv.io.atomic_files import write_atomically
from cv.ledger import Ledger
from cv.ledger.integrity_check import find_problems
from cv.synthetic.chip_renderer import FINE_GSD, render_chip

PROGRAM = Path(__file__).resolve().parents[1] / "infer.py"
FIRST_SEED = 9_910_000
SCENES, SIDE = 8, 420
"""Number of scenes, and their side in pixels."""
PLACE = Affine(FINE_GSD, 0, 500_000, 0, -FINE_GSD, 4_680_000)
PATIENCE_S = 300.0
CLEAR = {0, 1, 2}
"""Exit codes that a command gives by itself."""

Rows = Counter[str]


@dataclass
class Tally:
    """The effects of one kind of fault."""

    accidents: int = 0
    lost: int = 0
    doubled: int = 0
    other: int = 0
    unclear: list[str] = field(default_factory=list)
    """Output of commands that did not end with one of their own exit codes and a message."""

    def compare(self, found: Rows, right: Rows) -> None:
        """Adds what is wrong with `found`."""
        self.lost += len(right.keys() - found.keys())
        self.other += len(found.keys() - right.keys())
        self.doubled += sum(count - 1 for count in found.values())

    @property
    def sound(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.lost or self.doubled or self.other or self.unclear)


@dataclass(frozen=True)
class TestBed:
    """A folder of scenes, their site, and the ledger rows of an undisturbed run."""

    work: Path
    rng: random.Random
    right: Rows

    @property
    def ledger(self) -> Path:
        """The ledger that is exposed to the faults."""
        return self.work / "port.db"

    def command(self, *more: str, ledger: Path | None = None, **named: Path) -> list[str]:
        """The real command; `named` replaces its site or model."""
        site = named.get("site", self.work / "port.geojson")
        model = ["--model", str(named["model"])] if "model" in named else []
        return [
            sys.executable, str(PROGRAM), "monitor", str(self.work / "scenes"), "--site",
            str(site), "--ledger", str(ledger or self.ledger), *model, *more,
        ]  # fmt: skip

    def fresh(self) -> None:
        """Delete the ledger."""
        for path in self.work.glob("port.db*"):
            path.unlink()

    def finish(self, tally: Tally, *more: str) -> None:
        """Runs the same command to its end, and compares."""
        done = run(self.command(*more))
        if done.returncode != 0:
            tally.unclear.append(done.stdout + done.stderr)
        tally.compare(rows(self.ledger), self.right)
        tally.unclear += find_problems(self.ledger)

    def check_whole(self, tally: Tally) -> None:
        """Check that what a fault leaves is right and of whole scenes."""
        if self.ledger.exists():
            found = rows(self.ledger)
            tally.other += len(found.keys() - self.right.keys())
            tally.doubled += sum(count - 1 for count in found.values())
            tally.unclear += find_problems(self.ledger)

    def check_numbers(self, tally: Tally) -> None:
        """Check that every number after a fault is right; other counts give a reason instead."""
        if self.ledger.exists():
            with Ledger.open(self.ledger) as ledger:
                counted = [one for one in ledger.counts() if one.containers.value is not None]
            tally.other += sum(str(one) not in self.right for one in counted)
            tally.unclear += find_problems(self.ledger)


def rows(path: Path) -> Rows:
    """Return all rows of a ledger as text, without row numbers."""
    with Ledger.open(path) as ledger:
        seen = [f"{one.scene} {one.detection}" for one in ledger.detections()]
        return Counter([str(one) for one in ledger.counts()] + _numbered(seen))


def _numbered(texts: list[str]) -> list[str]:
    """Number equal detections of one scene, so that each text is unique."""
    before: Counter[str] = Counter()
    named = []
    for text in texts:
        before[text] += 1
        named.append(f"{text} {before[text]}")
    return named


def prepared(work: Path, seed: int) -> TestBed:
    """The scenes of `SCENES` days, and the undisturbed run."""
    (work / "scenes").mkdir(parents=True, exist_ok=True)
    for day in range(SCENES):
        image = render_chip(FIRST_SEED + day, False).image[:SIDE, :SIDE]
        path = work / "scenes" / f"day{day}.tif"
        profile = {"count": 3, "dtype": "uint8", "crs": "EPSG:32652", "transform": PLACE}
        with rasterio.open(path, "w", driver="GTiff", width=SIDE, height=SIDE, **profile) as data:
            data.write(image.transpose(2, 0, 1))
            data.update_tags(TIFFTAG_DATETIME=f"2024-03-{day + 1:02}T02:30:00Z")
    write_atomically(work / "port.geojson", json.dumps(_site()).encode())
    bed = TestBed(work, random.Random(seed), Counter())
    bed.fresh()
    done = run(bed.command())
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    bed.right.update(rows(bed.ledger))
    return bed


def _site() -> dict[str, object]:
    middle, half = SIDE * FINE_GSD / 2, SIDE * FINE_GSD / 4
    features = [
        {
            "type": "Feature",
            "properties": {"name": name, "role": role},
            "geometry": shapely.geometry.mapping(
                shapely.box(x - half, PLACE.f - 2 * middle, x + half, PLACE.f)
            ),
        }
        for name, role, x in (
            ("West pier", "export", PLACE.c + half),
            ("East pier", "import", PLACE.c + middle + half),
        )
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32652"}}
    return {"type": "FeatureCollection", "crs": crs, "features": features}


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """The end of `command`, with what it said."""
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)


def started(command: list[str]) -> subprocess.Popen[str]:
    """`command` at work, in a group of its own."""
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
