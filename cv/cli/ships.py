"""Print the ships that may have called at the piers.

Prints each call with the length and beam of its hull, the probabilities of the ships of a fleet,
and whether a ship transmitted AIS messages at the berth. A ship is named if its probability is at
least 0.9; otherwise it is unknown.

example: pierwatch ships --ledger port.db --site port.geojson --fleet fleet.csv
"""

from __future__ import annotations

import argparse

from cv.cli import options
from cv.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    options.add_piers(parser, "only this pier")
    options.add_shared(parser, "--fleet", "--json")
    options.add_file(parser, "--ais", "CSV: time, mmsi, longitude, latitude; needs --site")


def run(args: argparse.Namespace) -> int:
    """Print the ships."""
    from cv.cli.piers import PierSelection
    from cv.events.event import EventKind
    from cv.events.vessels.ais import AisMessages
    from cv.events.vessels.vessel_matching import measure_hull
    from cv.report.voyages_text import IdentifiedCall, identified_calls_json, identified_calls_text

    if args.ais and not args.site:
        raise InputError("--ais", "given without --site", "berths are needed", "Add --site.")
    fleet = options.fleet_from_args(args)
    ais = AisMessages.read(args.ais) if args.ais else None
    piers = PierSelection.read(args)
    places = {pier.name: (pier, site.crs) for site in piers.sites for pier in site}
    counts, identified = piers.counts, []
    for call in piers.events():
        if call.kind is EventKind.CALL:
            hull = measure_hull(call, counts[call.pier])
            at_site = call.pier in places
            evidence = ais.evidence_for(call, *places[call.pier]) if ais and at_site else None
            candidates = fleet.candidates(hull) if fleet.vessels else ()
            ship = fleet.most_probable_name(hull)
            identified.append(IdentifiedCall(call, hull, candidates, ship, evidence))
    for line in (
        identified_calls_json(identified) if args.json else [identified_calls_text(identified)]
    ):
        print(line)
    return 0
