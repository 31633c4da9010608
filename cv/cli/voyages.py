"""Count calls, visits and trips between ports.

Prints the visits to the ports of a ledger, the trips of named ships between them, and the minimum
numbers of calls, visits, one-way trips and round trips. Ships are named by a fleet or by
published visits.

example: pierwatch voyages --ledger port.db --site port.geojson --visits visits.csv
"""

from __future__ import annotations

import argparse
from pathlib import Path

from cv.cli import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    options.add_shared(parser, "--ledger")
    parser.add_argument(
        "--site",
        type=Path,
        action="append",
        required=True,
        metavar="FILE",
        help="GeoJSON of a port, the home port first; repeat it for every other port",
    )
    options.add_shared(parser, "--fleet", "--json")
    options.add_file(parser, "--visits", "CSV with published visits: port, from, to, ship, source")
    parser.set_defaults(pier=None)


def run(args: argparse.Namespace) -> int:
    """Print visits, trips and their numbers."""
    from cv.cli.piers import PierSelection
    from cv.events.event import Event
    from cv.events.vessels.port_calls import PortCall, merge_port_calls, port_calls, read_port_calls
    from cv.events.vessels.vessel_matching import measure_hull
    from cv.events.vessels.voyages import count_voyages, find_voyages
    from cv.report.voyages_text import voyages_json, voyages_text

    fleet = options.fleet_from_args(args)
    piers = PierSelection.read(args)
    ports = {alias: site.name for site in piers.sites for alias in site.aliases}
    published = read_port_calls(args.visits, ports) if args.visits else ()
    counts, events = piers.counts, piers.events()

    def ship(call: Event) -> str:
        return fleet.most_probable_name(measure_hull(call, counts[call.pier]))

    observed: list[PortCall] = []
    for site in piers.sites:
        own = {pier.name for pier in site}
        observed += port_calls(site.name, [event for event in events if event.pier in own], ship)
    visits = merge_port_calls(observed, published)
    parts = visits, find_voyages(visits), count_voyages(visits, piers.sites[0].name)
    print(voyages_json(*parts) if args.json else voyages_text(*parts))
    return 0
