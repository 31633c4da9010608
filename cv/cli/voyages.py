"""`pierwatch voyages`: how often ships went between ports, by named rules."""

from __future__ import annotations

import argparse
from pathlib import Path

from cv.cli import options


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "voyages",
        help="count calls, visits and trips between ports, by named rules",
        description="Prints the visits to the ports of a ledger, the trips of named ships between "
        "them, and how many calls, visits, one-way trips and round trips that is at least. Ships "
        "are named by a fleet, or by visits that others tell of.",
        epilog="example: pierwatch voyages --ledger port.db --site port.geojson "
        "--visits visits.csv",
    )
    options.add_ledger(parser)
    parser.add_argument(
        "--site",
        type=Path,
        action="append",
        required=True,
        metavar="FILE",
        help="GeoJSON of a port; the first one is the home port; given again for every other",
    )
    options.add_fleet(parser)
    parser.add_argument(
        "--visits", type=Path, metavar="FILE", help="CSV: port, from, to, ship, source"
    )
    parser.set_defaults(run=run, pier=None)


def run(args: argparse.Namespace) -> int:
    """Prints the voyages."""
    from cv.cli.piers import Piers
    from cv.events.event import Event
    from cv.events.hull import measured
    from cv.events.visits import Visit, merged, read_visits, visits
    from cv.events.voyages import tallies, trips
    from cv.report.voyages import voyages_json, voyages_text

    fleet = options.fleet(args)
    piers = Piers.read(args)
    ports = {alias: site.name for site in piers.named for alias in site.aliases}
    stated = read_visits(args.visits, ports) if args.visits else ()
    counts, events = piers.counts, piers.events()

    def ship(call: Event) -> str:
        return fleet.named(measured(call, counts[call.pier]))

    told: list[Visit] = []
    for site in piers.named:
        own = {pier.name for pier in site}
        told += visits(site.name, [event for event in events if event.pier in own], ship)
    every = merged(told, stated)
    parts = every, trips(every), tallies(every, piers.named[0].name)
    print(voyages_json(*parts) if args.json else voyages_text(*parts))
    return 0
