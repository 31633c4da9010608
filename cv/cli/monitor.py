"""`pierwatch monitor`: counts the new scenes of a folder."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from cv.cli import options


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
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Counts what is new and says what became of each scene that went wrong."""
    from cv.ledger import Ledger
    from cv.monitoring import Fate, monitor
    from cv.scene.folder import scenes_in
    from cv.scene.scene import Scene
    from cv.site import Site

    site, detector = Site.read(args.site), options.detector(args)
    paths = scenes_in(args.folder)

    def opened(path: str | Path) -> Scene:
        return Scene.open(path, radiometry=args.radiometry, time_pattern=args.time_pattern)

    with Ledger.open(args.ledger) as ledger:
        outcomes = monitor(paths, site, detector, ledger, opened)
    for outcome in outcomes:
        if outcome.reason:
            print(f"{outcome.fate.value}: {outcome.scene}: {outcome.reason}")
    fates = Counter(outcome.fate for outcome in outcomes)
    print(f"{len(outcomes)} scenes: " + ", ".join(f"{fates[fate]} {fate.value}" for fate in Fate))
    return 1 if fates[Fate.FAILED] or fates[Fate.REFUSED] else 0
