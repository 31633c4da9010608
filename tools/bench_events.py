"""Time that series and events take for many piers.

    python tools/bench_events.py --piers 200 --years 3

Ports of two piers each are simulated with daily images (not timed). Timed are the series with their
daily table and all events, for one pier alone and for all of them on several worker processes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from multiprocessing import get_context

from simulated_ports.cloud_cover import CLEAR_COAST
from simulated_ports.port import EXPORT, IMPORT, SimulatedPort
from tqdm import tqdm

from cv.counting.pier_count import PierCount
from cv.events.site_events import find_events, find_events_of_sites
from cv.timeseries.series import Series

SiteCounts = dict[str, tuple[PierCount, ...]]
"""Counts of each pier of a site by its name."""
FIRST_SEED = 40_000
_REPEATS = 7
SITES: list[SiteCounts] = []
"""Filled before the workers are forked, so that nothing is sent to them."""


def simulate_site(seed: int, days: int) -> SiteCounts:
    """Return the counts of the port of a seed."""
    port = SimulatedPort.simulate(seed, CLEAR_COAST, days)
    return {EXPORT.name: port.export_counts, IMPORT.name: port.import_counts}


def analyse(indices: Sequence[int]) -> tuple[int, int]:
    """Return the rows of the daily tables and the number of events of some of SITES."""
    series = [{name: Series.of(name, one) for name, one in SITES[i].items()} for i in indices]
    rows = sum(len(one.daily()) for site in series for one in site.values())
    events = find_events_of_sites([{name: one.counts for name, one in s.items()} for s in series])
    return rows, sum(map(len, events))


def time_one_pier(counts: Sequence[PierCount]) -> float:
    """Return the median time for one pier alone, seconds."""
    times = []
    for _ in range(_REPEATS):
        start = time.perf_counter()
        find_events({EXPORT.name: Series.of(EXPORT.name, counts).counts})
        times.append(time.perf_counter() - start)
    return sorted(times)[_REPEATS // 2]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--piers", type=int, default=200)
    parser.add_argument("--years", type=float, default=3.0)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    n_sites = max(1, args.piers // 2)
    days = round(365 * args.years)
    alone = time_one_pier(simulate_site(FIRST_SEED, days)[EXPORT.name])
    print(f"one pier: {alone * 1000:.0f} ms (series and events, {_REPEATS} runs, median)")
    seeds = range(FIRST_SEED, FIRST_SEED + n_sites)
    seeds_with_bar = tqdm(seeds, unit="port", disable=None, leave=False)
    SITES.extend(simulate_site(seed, days) for seed in seeds_with_bar)
    observations = sum(len(counts) for site in SITES for counts in site.values())
    shares = [range(worker, n_sites, args.workers) for worker in range(args.workers)]
    start = time.perf_counter()
    with get_context("fork").Pool(args.workers) as pool:
        results = pool.map(analyse, shares, chunksize=1)
    took = time.perf_counter() - start
    rows, events = (sum(column) for column in zip(*results, strict=True))
    print(
        f"{2 * n_sites} piers, {observations} observations: {took:.1f} s on {args.workers} "
        f"workers; {rows} days in tables, {events} events"
    )


if __name__ == "__main__":
    main()
