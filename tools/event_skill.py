"""Skill of the events engine at simulated ports, compared with simple alarms.

    python tools/event_skill.py --years 200

Every port is simulated from a seed over one year, in a climate with 64 % and with 37 % usable days;
all figures are over the export and the import piers of the same ports. The engine knows neither the
seed nor the simulator's distributions; it gets the counts with the places of the containers, as
from a ledger. The last table is of the first ports with 64 % usable days, under weather that comes
on top of their clouds.

The baselines (extra `peers`) use the counts alone. Each is tried with the settings in
`tools/warning_baselines.py`. Shown is the setting with the fewest false alarms among those
that warn of as many gatherings as the engine, or else the one that warns of most.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import reduce
from operator import add

import numpy as np
from simulated_ports.cloud_cover import CLEAR_COAST, RAJIN_SKY, CloudClimate
from simulated_ports.event_metrics import EventMetrics, score_alarms, score_events
from simulated_ports.observation_weather import WEATHERS
from simulated_ports.port import EXPORT, IMPORT, SimulatedPort
from simulated_ports.weather_metrics import WeatherMetrics, compare_weather
from tqdm import tqdm
from warning_baselines import BASELINES, RawCounts

from cv.events.event import Event
from cv.events.site_events import find_events

FIRST_SEED = 20_000
"""The engine was developed on other seeds, from 1,000 on."""
CLIMATES = (CLEAR_COAST, RAJIN_SKY)
CLOUD_HANDLING = {"clouds are 0": True, "clouds skipped": False}
BaselineRun = tuple[str, str, float]
"""Name of the baseline, its handling of clouds, its setting."""
PortMetrics = tuple[EventMetrics, EventMetrics, dict[BaselineRun, EventMetrics]]
"""Of the engine at the export and at the import pier, and of the baselines at the export pier."""


WeatherResult = tuple[EventMetrics, WeatherMetrics]
"""Of both piers: against the truth, and against clear weather."""


def score_port(port: SimulatedPort, events: Sequence[Event]) -> tuple[EventMetrics, EventMetrics]:
    """Return the metrics of `events` at the export and at the import pier."""
    exports, imports = (
        score_events(port.history, pier, counts, [e for e in events if e.pier == pier.name])
        for pier, counts in ((EXPORT, port.export_counts), (IMPORT, port.import_counts))
    )
    return exports, imports


def evaluate_port(seed: int, climate: CloudClimate) -> PortMetrics:
    """Return the metrics at the port of `seed`."""
    port = SimulatedPort.simulate(seed, climate)
    exports, imports = score_port(port, find_events(port.series))
    baselines = {}
    for handling, clouds_as_zero in CLOUD_HANDLING.items():
        raw = RawCounts.of(port.export_counts, clouds_as_zero)
        for name, (alarms, settings) in BASELINES.items():
            for setting in settings:
                baselines[name, handling, setting] = score_alarms(
                    port.history, EXPORT, port.export_counts, alarms(raw, setting)
                )
    return exports, imports, baselines


def evaluate(climate: CloudClimate, years: int, workers: int) -> PortMetrics:
    """Return the sum of the metrics over `years` ports."""
    seeds = range(FIRST_SEED, FIRST_SEED + years)
    with ProcessPoolExecutor(workers) as pool:
        results = pool.map(evaluate_port, seeds, [climate] * years, chunksize=4)
        ports = list(tqdm(results, total=years, unit="port", disable=None, leave=False))
    exports, imports, baselines = zip(*ports, strict=True)
    return (
        reduce(add, exports),
        reduce(add, imports),
        {run: reduce(add, [one[run] for one in baselines]) for run in baselines[0]},
    )


def evaluate_weathers(seed: int) -> list[WeatherResult]:
    """Return the results at the port of `seed` in clear weather, and under each of `WEATHERS`."""
    clear = SimulatedPort.simulate(seed, CLEAR_COAST)
    clear_events = find_events(clear.series)
    return [
        compare_port(clear, clear_events, SimulatedPort.simulate(seed, CLEAR_COAST, weather=one))
        for one in (None, *WEATHERS)
    ]


def compare_port(
    clear: SimulatedPort, clear_events: Sequence[Event], under: SimulatedPort
) -> WeatherResult:
    """Return the results at a port `under` some weather, and in `clear` weather."""
    events = find_events(under.series)
    exports, imports = score_port(under, events)
    compared = [
        compare_weather(
            clear.series[pier],
            [e for e in clear_events if e.pier == pier],
            under.series[pier],
            [e for e in events if e.pier == pier],
        )
        for pier in clear.series
    ]
    return exports + imports, reduce(add, compared)


def weather_table(years: int, workers: int) -> str:
    """Return the table of weathers, over `years` ports."""
    seeds = range(FIRST_SEED, FIRST_SEED + years)
    with ProcessPoolExecutor(workers) as pool:
        results = pool.map(evaluate_weathers, seeds)
        ports = list(tqdm(results, total=years, unit="port", disable=None, leave=False))
    lines = [
        "weather             shown  recall  precision  inferred  right  as clear  in time  added"
    ]
    names = ["clear", *(one.name for one in WEATHERS)]
    for name, of_ports in zip(names, zip(*ports, strict=True), strict=True):
        m, w = (reduce(add, part) for part in zip(*of_ports, strict=True))
        lines.append(
            f"{name:<18} {m.recall.total:>6} {m.recall.rate:>7.3f} {m.precision.rate:>10.3f} "
            f"{m.inferred.total:>9} {m.inferred.rate:>6.3f} {w.found.rate:>9.3f} "
            f"{w.in_time.rate:>8.3f} {w.added:>6}"
        )
    return "\n".join(lines)


def calls_line(name: str, m: EventMetrics) -> str:
    """Return the line of calls: found, right, and their intervals."""
    return (
        f"{name:<14} {m.recall.total:>6} {m.recall.rate:>7.3f} {m.precision.rate:>10.3f} "
        f"{m.arrivals.rate:>9.3f} {m.departures.rate:>11.3f} {m.inferred.total:>9} "
        f"{m.inferred.rate:>6.3f}"
    )


def warnings_line(name: str, m: EventMetrics) -> str:
    """Return the line of warnings: gatherings warned of, false alarms, and the lead."""
    return (
        f"{name:<44} {m.warned.rate:>7.3f} {m.false_alarms_per_year:>7.2f} "
        f"{m.late_alarms / m.years:>6.2f} {m.median_lead_d:>7.2f}"
    )


def halts_lines(name: str, m: EventMetrics) -> list[str]:
    """Return the lines of halts: stated probability of an unseen call, and how often one was."""
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


def best_setting(
    baselines: dict[BaselineRun, EventMetrics], name: str, handling: str, min_recall: float
) -> tuple[float, EventMetrics]:
    """Return the setting of a baseline that is shown, and its metrics."""
    own = [(run[2], m) for run, m in baselines.items() if run[:2] == (name, handling)]
    enough = [one for one in own if one[1].warned.rate >= min_recall]
    if enough:
        return min(enough, key=lambda one: one[1].false_alarms)
    return max(own, key=lambda one: one[1].warned.rate)


def tables(results: Sequence[tuple[str, PortMetrics]]) -> str:
    """Return all tables as text."""
    lines = ["calls           shown  recall  precision  arrivals  departures  inferred  right"]
    for usable, (exports, imports, _) in results:
        lines += [calls_line(f"{usable} export", exports), calls_line(f"{usable} import", imports)]
    lines += ["", f"{'warnings, export pier':<44}  recall   false   late  lead d"]
    for usable, (exports, _, baselines) in results:
        lines.append(warnings_line(f"{usable} pierwatch", exports))
        for name in BASELINES:
            for handling in CLOUD_HANDLING:
                setting, m = best_setting(baselines, name, handling, exports.warned.rate)
                lines.append(warnings_line(f"{usable} {name} {setting:g}, {handling}", m))
    lines += ["", "halts            stated       number  stated   true"]
    for usable, (exports, imports, _) in results:
        lines += halts_lines(f"{usable} both", exports + imports)
        lines += halts_lines(f"{usable} export", exports)[:1]
        lines += halts_lines(f"{usable} import", imports)[:1]
    return "\n".join(lines)


def main() -> None:
    """Evaluate and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--years", type=int, default=200, help="ports of a year in each climate")
    parser.add_argument("--weather-years", type=int, default=20, help="the same in each weather")
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    results = [(f"{c.usable_share:.0%}", evaluate(c, args.years, args.workers)) for c in CLIMATES]
    print(tables(results), weather_table(args.weather_years, args.workers), sep="\n\n")


if __name__ == "__main__":
    main()
