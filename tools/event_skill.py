"""How well events tell what happened at simulated ports, and how alarms do that people use today.

    python tools/event_skill.py --years 200

Every port is simulated from a seed, a year long, with the looks that a sky of 64 % and of 37 %
usable days gives; all figures are of the export and the import piers of the same number of ports.
The engine knows no seed and none of the laws that the simulator draws from. Prints the tables of
docs/events.md. The peers (extra `peers`) see the counts alone; of each the settings are tried that
`cv/evaluation/events/baselines.py` lists, and the one is shown that warns of as many gatherings as the engine
at the fewest false alarms, or where none does, the one that warns of most.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import reduce
from operator import add

import numpy as np
from tqdm import tqdm

from cv.evaluation.events.baselines import BASELINES, RawCounts
from cv.evaluation.events.event_metrics import EventMetrics, score_alarms, score_events
from cv.evaluation.simulation.cloud_cover import CLEAR_COAST, RAJIN_SKY, CloudClimate
from cv.evaluation.simulation.port import EXPORT, IMPORT, SimulatedPort
from cv.events.pipeline import find_events

FIRST = 20_000
"""First seed; the engine was made on others, from 1,000 on."""
SKIES = (CLEAR_COAST, RAJIN_SKY)
CLOUDS = {"clouds are 0": True, "clouds skipped": False}
Peer = tuple[str, str, float]
"""Name, what clouds are to it, setting."""


def one(
    seed: int, sky: CloudClimate
) -> tuple[EventMetrics, EventMetrics, dict[Peer, EventMetrics]]:
    """The marks at the export and the import pier of the port of `seed`, and those of the peers."""
    port = SimulatedPort.simulate(seed, sky)
    events = find_events({EXPORT.name: port.export_counts, IMPORT.name: port.import_counts})
    told = [
        score_events(port.history, place, looks, [e for e in events if e.pier == place.name])
        for place, looks in ((EXPORT, port.export_counts), (IMPORT, port.import_counts))
    ]
    peers = {
        (name, way, setting): score_alarms(
            port.history,
            EXPORT,
            port.export_counts,
            alarms(RawCounts.of(port.export_counts, cloudy), setting),
        )
        for name, (alarms, settings) in BASELINES.items()
        for way, cloudy in CLOUDS.items()
        for setting in settings
    }
    return told[0], told[1], peers


def measured(
    sky: CloudClimate, years: int, workers: int
) -> tuple[EventMetrics, EventMetrics, dict[Peer, EventMetrics]]:
    """The sum over `years` ports."""
    with ProcessPoolExecutor(workers) as pool:
        tasks = pool.map(one, range(FIRST, FIRST + years), [sky] * years, chunksize=4)
        found = list(tqdm(tasks, total=years, unit="port", disable=None, leave=False))
    exports, imports, peers = zip(*found, strict=True)
    names = peers[0]
    return (
        reduce(add, exports),
        reduce(add, imports),
        {name: reduce(add, [one[name] for one in peers]) for name in names},
    )


def calls_line(name: str, m: EventMetrics) -> str:
    """Calls: found, right, and their spans."""
    return (
        f"{name:<14} {m.recall.total:>6} {m.recall.rate:>7.3f} {m.precision.rate:>10.3f} "
        f"{m.arrivals.rate:>9.3f} {m.departures.rate:>11.3f} {m.inferred.total:>9} {m.inferred.rate:>6.3f}"
    )


def warnings_line(name: str, m: EventMetrics) -> str:
    """Warnings: gatherings that were warned of, false ones, and how early."""
    return (
        f"{name:<44} {m.warned.rate:>7.3f} {m.false_alarms_per_year:>7.2f} "
        f"{m.late_alarms / m.years:>6.2f} {m.median_lead_d:>7.2f}"
    )


def halts_lines(name: str, m: EventMetrics) -> list[str]:
    """Halts: the stated probability of an unseen call against how often there was one."""
    stated = np.array([p for p, _ in m.halts])
    true = np.array([t for _, t in m.halts], dtype=float)
    lines = []
    for low, high in ((0.0, 1.01), (0.0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.01)):
        here = (stated >= low) & (stated < high)
        if here.any():
            bounds = "all" if high - low > 1 else f"{low:g} to {min(high, 1):g}"
            lines.append(
                f"{name:<16} {bounds:<12} {here.sum():>5} {stated[here].mean():>8.3f} "
                f"{true[here].mean():>6.3f}"
            )
    return lines


def best(
    peers: dict[Peer, EventMetrics], name: str, way: str, wanted: float
) -> tuple[Peer, EventMetrics]:
    """The setting of a peer that is shown."""
    own = {key: m for key, m in peers.items() if key[:2] == (name, way)}
    enough = {key: m for key, m in own.items() if m.warned.rate >= wanted}
    if enough:
        return min(enough.items(), key=lambda item: item[1].false_alarms)
    return max(own.items(), key=lambda item: item[1].warned.rate)


def table(
    results: Sequence[tuple[str, EventMetrics, EventMetrics, dict[Peer, EventMetrics]]],
) -> str:
    """All tables as text."""
    lines = ["calls           shown  recall  precision  arrivals  departures  inferred  right"]
    for sky, exports, imports, _ in results:
        lines += [calls_line(f"{sky} export", exports), calls_line(f"{sky} import", imports)]
    lines += ["", f"{'warnings, export pier':<44}  recall   false   late  lead d"]
    for sky, exports, _, peers in results:
        lines.append(warnings_line(f"{sky} pierwatch", exports))
        for name in BASELINES:
            for way in CLOUDS:
                key, m = best(peers, name, way, exports.warned.rate)
                lines.append(warnings_line(f"{sky} {name} {key[2]:g}, {way}", m))
    lines += ["", "halts            stated       number  stated   true"]
    for sky, exports, imports, _ in results:
        lines += halts_lines(f"{sky} both", exports + imports)
        lines += halts_lines(f"{sky} export", exports)[:1]
        lines += halts_lines(f"{sky} import", imports)[:1]
    return "\n".join(lines)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--years", type=int, default=200, help="ports of a year, for each sky")
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    results = [
        (f"{sky.usable_share:.0%}", *measured(sky, args.years, args.workers)) for sky in SKIES
    ]
    print(table(results))


if __name__ == "__main__":
    main()
