"""`pierwatch monitor`: counts the new scenes of a folder."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cv.cli import options

if TYPE_CHECKING:
    from cv.journal import Journal
    from cv.ledger import Ledger
    from cv.outcome import Outcome
    from cv.scene.scene import Scene
    from cv.site import Site


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "monitor",
        help="count the new scenes of a folder into a ledger",
        description="Counts every scene in FOLDER that the ledger does not hold yet.",
        epilog="example: pierwatch monitor scenes/ --site port.geojson --ledger port.db",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="searched with its subfolders")
    parser.add_argument("--site", type=Path, required=True, metavar="FILE", help="GeoJSON piers")
    options.add_ledger(parser)
    options.add_declarations(parser)
    options.add_model(parser)
    parser.add_argument(
        "--watch",
        type=options.positive,
        metavar="S",
        help="do not end: look every S seconds for scenes that came, and count them",
    )
    parser.add_argument(
        "--log",
        type=Path,
        metavar="FILE",
        help="add a line a scene and the sums to FILE: text (.log, .txt) or JSON (.jsonl)",
    )
    parser.add_argument(
        "--metrics", type=Path, metavar="FILE", help="write the sums for Prometheus (.prom)"
    )
    crew = parser.add_argument_group("worker processes")
    crew.add_argument(
        "--workers",
        type=options.positive,
        metavar="N",
        help="count in N processes, a scene each; a scene that crashes one twice is quarantined",
    )
    crew.add_argument(
        "--memory", type=options.positive, default=4096, metavar="MB", help="of each; 4096 MiB"
    )
    crew.add_argument(
        "--time-limit", type=options.positive, default=900, metavar="S", help="for a scene; 900 s"
    )
    crew.add_argument("--retry", action="store_true", help="try scenes in quarantine again")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Counts what is new, once or whenever something comes, and says what went wrong."""
    from cv.journal import Journal
    from cv.scene.arrivals import Arrivals
    from cv.scene.clock import NamePattern
    from cv.scene.folder import scenes_in
    from cv.scene.profiles import declared
    from cv.scene.scene import Scene
    from cv.site import Site

    radiometry = declared(args.radiometry) if args.radiometry else None
    pattern = NamePattern.parse(args.time_pattern) if args.time_pattern else None
    opener = partial(Scene.open, radiometry=radiometry, time_pattern=pattern)
    site = Site.read(args.site)
    log = args.log and options.named(args.log, (".log", ".txt", ".jsonl"), *options.inputs(args))
    metrics = args.metrics and options.named(args.metrics, ".prom", *options.inputs(args))

    def batch(paths: Sequence[Path]) -> int:
        return _batch(args, paths, site, opener, Journal(log, metrics))

    if args.watch is None:
        return batch(scenes_in(args.folder))
    arrivals = Arrivals(args.folder, settled_s=args.watch)
    while True:
        fresh = arrivals.look()
        if fresh:
            batch(fresh)
            sys.stdout.flush()
        time.sleep(args.watch)


def _batch(
    args: argparse.Namespace,
    paths: Sequence[Path],
    site: Site,
    opener: Callable[[str | Path], Scene],
    journal: Journal,
) -> int:
    """One batch, with the exit code for it.

    A ledger that was not there before and that nothing was recorded in is not left behind.
    """
    from cv.ledger import Ledger

    file = options.ledger_file(args)
    existed = file is None or file.exists()
    with Ledger.open(args.ledger) as ledger:
        try:
            if args.retry:
                ledger.release()
            outcomes = _outcomes(args, paths, site, ledger, opener, journal)
        finally:
            journal.close()
            if file and not existed and not ledger.piers() and not ledger.quarantined():
                file.unlink()
    return _told(outcomes, args.folder)


def _outcomes(
    args: argparse.Namespace,
    paths: Sequence[Path],
    site: Site,
    ledger: Ledger,
    opener: Callable[[str | Path], Scene],
    journal: Journal,
) -> tuple[Outcome, ...]:
    """In this process, or in as many others as are asked for."""
    from cv.crew.limits import Limits
    from cv.detector.detector import Detector
    from cv.monitoring import monitor
    from cv.night import Recipe, monitor_with_crew

    if args.workers is None:
        return monitor(paths, site, options.detector(args), ledger, opener, journal.add)
    load = partial(Detector.load, args.model, args.threads or 1, args.engine)
    recipe = Recipe(site, load, opener, args.ledger)
    limits = Limits(memory_mb=args.memory, time_s=float(args.time_limit))
    return monitor_with_crew(paths, recipe, ledger, args.workers, limits, journal.add)


def _told(outcomes: Sequence[Outcome], folder: Path) -> int:
    """Prints what went wrong, and the sums; returns the exit code."""
    from cv.outcome import Fate
    from cv.scene.folder import pictures_in

    for outcome in outcomes:
        if outcome.reason:
            named = "" if outcome.scene in outcome.reason else f"{outcome.scene}: "
            print(f"{outcome.fate.value}: {named}{outcome.reason}")
    pictures = pictures_in(folder)
    if pictures:
        print(f"left out: {len(pictures)} PNG or JPEG without georeference, {pictures[0]} first")
    fates = Counter(outcome.fate for outcome in outcomes)
    print("scenes: " + ", ".join(f"{fates[fate]} {fate.value}" for fate in Fate))
    if fates[Fate.REFUSED] == len(outcomes):
        return 2
    return 1 if any(fates[fate] for fate in (Fate.FAILED, Fate.REFUSED, Fate.QUARANTINED)) else 0
