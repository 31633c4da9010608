"""`pierwatch events`: what happened at a site's piers."""

from __future__ import annotations

import argparse
from pathlib import Path

from cv.cli import options


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    from cv.events.event import Kind

    parser = commands.add_parser(
        "events",
        help="print what happened at the piers: calls, stockpiles, halts ...",
        description="Prints the findings that a ledger's counts allow, by time, each with its "
        "interval, its confidence and what else would explain it.",
        epilog='example: pierwatch events --ledger port.db --pier "Pier 2"',
    )
    options.add_ledger(parser)
    parser.add_argument(
        "--site",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="GeoJSON: its piers tell of each other, and not of others; may be given again",
    )
    parser.add_argument("--pier", metavar="P", help="only what begins at this pier")
    parser.add_argument(
        "--kind", metavar="K", choices=[kind.value for kind in Kind], help="only this kind"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON object a line")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints the events."""
    from cv.errors import LedgerError
    from cv.events.findings import by_time, findings_of_sites
    from cv.history import by_site
    from cv.ledger import Ledger
    from cv.report.findings import events_json, events_text
    from cv.site import Site

    sites = [Site.read(path) for path in args.site]
    with Ledger.open(args.ledger, readonly=True) as ledger:
        histories = by_site(ledger, sites)
    piers = [name for one in histories for name in one]
    every = [pier for site in sites for pier in site]
    name = next((pier.name for pier in every if args.pier in pier.names), args.pier)
    if args.pier is not None and name not in piers:
        raise LedgerError(
            args.ledger,
            f"no pier is called {args.pier!r}",
            f"it holds {', '.join(piers) or 'no pier yet'}",
            "Use one of these names, or add the --site that knows the alias.",
        )
    found = [
        event
        for events in findings_of_sites(histories)
        for event in events
        if args.pier is None or event.pier == name
        if args.kind in (None, event.kind.value)
    ]
    found.sort(key=by_time)
    print(events_json(found) if args.json else events_text(found))
    return 0
