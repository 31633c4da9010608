"""How fast a ledger is written, and how fast one pier's series is read out of a large one.

    python tools/bench_ledger.py --rows 1000000

Scenes of sites with five piers each are recorded, a transaction a scene, as `monitor` does; then
the three-year series of one pier, an image a day, is read, and its latest counts alone. All lies
in a temporary folder of the disk that `--folder` names.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tqdm import tqdm

from cv.counting.pier_count import BerthedHull, ContainerStack, CountStatus, Estimate, PierCount
from cv.counting.scene_counts import SceneCounts
from cv.ledger import Ledger
from cv.site import PierRole

PIERS, DAYS = 5, 1_095
START = datetime(2023, 1, 1, 2, tzinfo=UTC)
_REPEATS = 7


def scene(site: int, day: int) -> SceneCounts:
    """The counts of a site's piers on a day."""
    name = f"site{site} day{day}"
    counts = tuple(count(name, f"site{site} pier{pier}", day) for pier in range(PIERS))
    return SceneCounts(name, f"{site * 100_000 + day:064x}", counts, ())


def count(name: str, pier: str, day: int) -> PierCount:
    """A count with two stacks and a hull."""
    number = Estimate(40.0, 35.0, 46.0)
    return PierCount(
        scene=name,
        pier=pier,
        role=PierRole.EXPORT,
        acquired=START + timedelta(days=day),
        status=CountStatus.COUNTED,
        reason="",
        visible_fraction=1.0,
        berth_visible_fraction=1.0,
        visibility="udm2",
        radiometry="visual",
        containers=number,
        teu=number,
        hulls=Estimate(1.0, 1.0, 1.0),
        aboard=Estimate(0.0, 0.0, 2.0),
        stacks=(
            ContainerStack(30, 60.0, 12.0, (10.0, 20.0)),
            ContainerStack(10, 20.0, 12.0, (90.0, 20.0)),
        ),
        berthed=(BerthedHull(118.0, 18.0, math.nan, 0.9, (50.0, 60.0)),),
        gsd_m=(0.5, 0.5),
        method="resolved",
        interval_level=0.9,
        interval_calibrated=True,
        model="a" * 64,
        settings="b" * 64,
        place="c" * 64,
    )


def median_ms(work: Callable[[], object]) -> float:
    """Median time of `work`, milliseconds."""
    times = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return sorted(times)[_REPEATS // 2]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="scene-pier rows")
    parser.add_argument("--folder", type=Path, help="where the ledger is written")
    args = parser.parse_args()
    sites = max(1, round(args.rows / (PIERS * DAYS)))
    rows = sites * PIERS * DAYS
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        path = Path(folder) / "port.db"
        with Ledger.open(path) as ledger:
            took = 0.0
            for day in tqdm(range(DAYS), unit="day", disable=None, leave=False):
                for site in range(sites):
                    counts = scene(site, day)
                    start = time.perf_counter()
                    ledger.record(counts)
                    took += time.perf_counter() - start
            size = path.stat().st_size / 2**20
            print(f"{rows} rows in {sites * DAYS} scenes: {60 * rows / took:,.0f} rows a minute")
            print(f"the file has {size:,.0f} MiB, {2**20 * size / rows:.0f} bytes a row")
            every = median_ms(lambda: ledger.counts("site0 pier2"))
            latest = median_ms(lambda: ledger.counts("site0 pier2", latest=True))
            print(f"a series of {DAYS} counts: {every:.0f} ms, the latest counts: {latest:.0f} ms")


if __name__ == "__main__":
    main()
