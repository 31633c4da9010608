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
    """Counts what is new and says what became of each scene that went wrong.

    A ledger that was not there before and that nothing was recorded in is not left behind.
    """
    from cv.ledger import Ledger
    from cv.monitoring import Fate, monitor
    from cv.scene.clock import NamePattern
    from cv.scene.folder import pictures_in, scenes_in
    from cv.scene.profiles import declared
    from cv.scene.scene import Scene
    from cv.site import Site

    radiometry = declared(args.radiometry) if args.radiometry else None
    pattern = NamePattern.parse(args.time_pattern) if args.time_pattern else None
    site, detector = Site.read(args.site), options.detector(args)
    paths = scenes_in(args.folder)
    existed = args.ledger.exists()

    def opened(path: str | Path) -> Scene:
        return Scene.open(path, radiometry=radiometry, time_pattern=pattern)

    with Ledger.open(args.ledger) as ledger:
        try:
            outcomes = monitor(paths, site, detector, ledger, opened)
        finally:
            if not existed and not ledger.piers():
                args.ledger.unlink()
    for outcome in outcomes:
        if outcome.reason:
            named = "" if outcome.scene in outcome.reason else f"{outcome.scene}: "
            print(f"{outcome.fate.value}: {named}{outcome.reason}")
    pictures = pictures_in(args.folder)
    if pictures:
        print(f"left out: {len(pictures)} PNG or JPEG without georeference, {pictures[0]} first")
    fates = Counter(outcome.fate for outcome in outcomes)
    print("scenes: " + ", ".join(f"{fates[fate]} {fate.value}" for fate in Fate))
    if fates[Fate.REFUSED] == len(outcomes):
        return 2
    return 1 if fates[Fate.FAILED] or fates[Fate.REFUSED] else 0
