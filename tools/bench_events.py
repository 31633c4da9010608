"""How long series and events take for many piers.

    python tools/bench_events.py --piers 200 --years 3

Ports of two piers each are simulated (not timed), with daily images. Timed are, for one pier alone
and for all of them on so many worker processes: the series with its daily table, and all events.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from multiprocessing import get_context

from tqdm import tqdm

from cv.counting.count import PierCount
from cv.evaluation.simulation.cloud_cover import CLEAR_COAST
from cv.evaluation.simulation.port import EXPORT, IMPORT, SimulatedPort
from cv.events.pipeline import find_events, find_events_of_sites
from cv.timeseries.series import Series

Looks = dict[str, tuple[PierCount, ...]]
"""Of each pier of a site."""
FIRST = 40_000
_REPEATS = 7
SITES: list[Looks] = []
"""Filled before the workers are forked, so that nothing is sent to them."""


def drawn(seed: int, days: int) -> Looks:
    """The looks at the port of a seed."""
    port = SimulatedPort.simulate(seed, CLEAR_COAST, days)
    return {EXPORT.name: port.export_counts, IMPORT.name: port.import_counts}


def worked(share: Sequence[int]) -> tuple[int, int]:
    """Rows of daily tables and number of events of a share of SITES."""
    series = [{name: Series.of(name, one) for name, one in SITES[i].items()} for i in share]
    rows = sum(len(one.daily()) for site in series for one in site.values())
    told = find_events_of_sites([{name: one.counts for name, one in s.items()} for s in series])
    return rows, sum(map(len, told))


def one_pier(looks: Sequence[PierCount]) -> float:
    """Median time for one pier alone, seconds."""
    times = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        find_events({EXPORT.name: Series.of(EXPORT.name, looks).counts})
        times.append(time.perf_counter() - start)
    return sorted(times)[_REPEATS // 2]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--piers", type=int, default=200)
    parser.add_argument("--years", type=float, default=3.0)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    sites = max(1, args.piers // 2)
    days = round(365 * args.years)
    alone = one_pier(drawn(FIRST, days)[EXPORT.name])
    print(f"one pier: {alone * 1000:.0f} ms (series and events, {_REPEATS} runs, median)")
    seeds = range(FIRST, FIRST + sites)
    SITES.extend(drawn(s, days) for s in tqdm(seeds, unit="port", disable=None, leave=False))
    looks = sum(len(counts) for site in SITES for counts in site.values())
    shares = [range(worker, sites, args.workers) for worker in range(args.workers)]
    start = time.perf_counter()
    with get_context("fork").Pool(args.workers) as pool:
        found = pool.map(worked, shares, chunksize=1)
    took = time.perf_counter() - start
    rows, events = (sum(column) for column in zip(*found, strict=True))
    print(
        f"{2 * sites} piers, {looks} looks: {took:.1f} s on {args.workers} workers; "
        f"{rows} days in tables, {events} events"
    )


if __name__ == "__main__":
    main()
