"""`pierwatch ships`: whose hulls lay at the piers."""

from __future__ import annotations

import argparse
from pathlib import Path

from cv.cli import options


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "ships",
        help="print whose hulls lay at the piers, as far as that can be told",
        description="Prints each call with the length and beam of its hull, the ships of a fleet "
        "that it may be with their probabilities, and whether a ship broadcast from the berth by "
        "AIS. A name is given from a probability of 0.9 on; else the ship is unknown.",
        epilog="example: pierwatch ships --ledger port.db --site port.geojson --fleet fleet.csv",
    )
    options.add_piers(parser, "only this pier")
    options.add_fleet(parser)
    parser.add_argument(
        "--ais", type=Path, metavar="FILE", help="CSV: time, mmsi, longitude, latitude; with --site"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints the ships."""
    from cv.cli.piers import PierSelection
    from cv.errors import InputError
    from cv.events.event import EventKind
    from cv.events.vessels.ais import AisMessages
    from cv.events.vessels.hull_measurement import measure_hull
    from cv.report.voyages_text import IdentifiedCall, ships_json, ships_text

    if args.ais and not args.site:
        raise InputError(
            args.ais, "--ais without --site", "where the berths are must be known", "Add --site."
        )
    fleet = options.fleet(args)
    ais = AisMessages.read(args.ais) if args.ais else None
    piers = PierSelection.read(args)
    places = {pier.name: (pier, site.crs) for site in piers.named for pier in site}
    told = []
    for call in piers.events():
        if call.kind is not EventKind.CALL:
            continue
        hull = measure_hull(call, piers.counts[call.pier])
        heard = ais.evidence_for(call, *places[call.pier]) if ais and call.pier in places else None
        candidates = fleet.candidates(hull) if fleet.vessels else ()
        told.append(IdentifiedCall(call, hull, candidates, fleet.most_probable_name(hull), heard))
    for line in ships_json(told) if args.json else [ships_text(told)]:
        print(line)
    return 0
