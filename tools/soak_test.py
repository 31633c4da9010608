"""Simulate a month of nightly batches for many piers: throughput per core, and memory growth.

    python tools/soak_test.py --work runs/month --sites 60 --nights 30 --workers 2

Every site has five piers and one scene a night, of 1280 x 1280 pixels at 0.25 m, made of rendered
chips that are used again and again. All nights are one batch, so that coordinator and workers live
through the whole month. Prints scenes and piers an hour and core, what a scene takes of disk, and
the memory of coordinator and workers in the second tenth of the month and in its last.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from multiprocessing import active_children
from pathlib import Path
from statistics import mean, median

import numpy as np
import rasterio
import shapely
from affine import Affine
from mosaics import CRS, yards
from soak_figures import Month
from tqdm import tqdm

from cv.detector.detector import Detector
from cv.io.atomic_files import write_atomically
from cv.ledger import Ledger
from cv.ledger.integrity_check import find_problems
from cv.pipeline.parallel_batch import WorkerConfig, monitor_in_processes
from cv.pipeline.process_pool import WorkerLimits
from cv.pipeline.scene_outcome import SceneOutcome, SceneStatus
from cv.scene.scene import Scene
from cv.site import Site
from cv.synthetic.chip_renderer import CHIP, FINE_GSD

SIDE = 2 * CHIP
"""Side of a scene, pixels."""
PIERS = 5
APART_M = 20_000.0
"""Distance from one site to the next, metres."""


def corner(site: int) -> tuple[float, float]:
    """Easting and northing of the upper left corner of a site's scenes."""
    return 300_000.0 + APART_M * (site % 20), 4_600_000.0 + APART_M * (site // 20)


def all_piers(path: Path, sites: int) -> Path:
    """One site file with the piers of all sites: a scene concerns those that it shows."""
    metres = SIDE * FINE_GSD
    features = []
    for site in range(sites):
        x, y = corner(site)
        for pier in range(PIERS):
            top = y - 10 - pier * metres / PIERS
            outline = shapely.box(x + 10, top - 40, x + metres - 10, top)
            features.append(
                {
                    "type": "Feature",
                    "properties": {"name": f"Site {site} pier {pier}", "role": "export"},
                    "geometry": shapely.geometry.mapping(outline),
                }
            )
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32652"}}
    document = {"type": "FeatureCollection", "crs": crs, "features": features}
    write_atomically(path, json.dumps(document).encode())
    return path


def night(folder: Path, chips: np.ndarray, sites: int, number: int) -> list[Path]:
    """The scenes of one night, on disk."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for site in range(sites):
        rng = np.random.default_rng([number, site])
        rows = [np.concatenate(chips[rng.integers(len(chips), size=2)], axis=1) for _ in range(2)]
        x, y = corner(site)
        path = folder / f"site{site}-night{number}.tif"
        with rasterio.open(
            path, "w", driver="GTiff", width=SIDE, height=SIDE, count=3, dtype="uint8", crs=CRS,
            transform=Affine(FINE_GSD, 0, x, 0, -FINE_GSD, y), tiled=True, compress="deflate",
            predictor=2, photometric="RGB",
        ) as dataset:  # fmt: skip
            dataset.write(np.moveaxis(np.concatenate(rows), 2, 0))
            dataset.update_tags(TIFFTAG_DATETIME=f"2024-03-{number + 1:02}T02:30:00Z")
        paths.append(path)
    return paths


def resident_mb(pid: int | str = "self") -> float:
    """Memory that a process has now, MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 2**10
    return 0.0


@dataclass
class MemoryLog:
    """The memory of all processes after each scene."""

    samples: list[tuple[float, float]] = field(default_factory=list)
    """Coordinator and mean of the workers, MB."""

    def record(self, _: SceneOutcome) -> None:
        """Record the memory when a scene is done."""
        workers = [resident_mb(one.pid or 0) for one in active_children()]
        self.samples.append((resident_mb(), float(np.mean(workers)) if workers else 0.0))

    def early_and_late(self) -> list[tuple[float, float]]:
        """Return medians of the second and the last tenth, of coordinator and workers."""
        tenth = max(1, len(self.samples) // 10)
        early, late = self.samples[tenth : 2 * tenth], self.samples[-tenth:]
        return [(median(one[i] for one in early), median(one[i] for one in late)) for i in (0, 1)]


def main() -> None:
    """Run the nights and print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True, help="folder to work in, on a disk")
    parser.add_argument("--sites", type=int, default=60, help="with five piers each")
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--model", help="released model; default: pierwatch-n")
    parser.add_argument("--keep", action="store_true", help="keep for capacity_plan.py")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    chips, place = yards(), args.work / "port.db"
    place.unlink(missing_ok=True)
    site = Site.read(all_piers(args.work / "site.geojson", args.sites))
    load = partial(Detector.load, args.model, 1)
    config = WorkerConfig(site, load, Scene.open)
    nights = tqdm(range(args.nights), desc="nights", disable=None, leave=False)
    paths = [path for n in nights for path in night(args.work / "scenes", chips, args.sites, n)]
    stored = sum(path.stat().st_size for path in paths)
    memory = MemoryLog()
    start = time.perf_counter()
    with Ledger.open(place) as ledger:
        outcomes = monitor_in_processes(
            paths, config, ledger, args.workers, WorkerLimits(), memory.record
        )
    spent = time.perf_counter() - start
    recorded = sum(one.status is SceneStatus.RECORDED for one in outcomes)
    coordinator, worker = memory.early_and_late()
    month = Month(
        date=f"{datetime.now(UTC):%Y-%m-%d}",
        sites=args.sites,
        nights=args.nights,
        piers=PIERS,
        workers=args.workers,
        recorded=recorded,
        scenes_an_hour=3600 * recorded / spent / args.workers,
        open_ms=1000 * mean(one.timing.open_s for one in outcomes),
        count_ms=1000 * mean(one.timing.count_s for one in outcomes),
        record_ms=1000 * mean(one.timing.record_s for one in outcomes),
        image_mb=stored / len(paths) / 1e6,
        ledger_kb=place.stat().st_size / recorded / 1e3,
        coordinator_early_mb=coordinator[0],
        coordinator_late_mb=coordinator[1],
        worker_early_mb=worker[0],
        worker_late_mb=worker[1],
        problems=len(find_problems(place)),
    )
    if args.keep:
        month.write()
    print(month)


if __name__ == "__main__":
    main()
