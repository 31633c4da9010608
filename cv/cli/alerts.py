"""`pierwatch alerts`: what is new at the piers, each event once."""

from __future__ import annotations

import argparse
from pathlib import Path

from cv.cli import options

EXIT_WITH_ALERTS = 3
"""Exit code where anything was printed."""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "alerts",
        help="print what is new at the piers since the last time",
        description="Prints new findings that meet a rule of the site file, each once, and what "
        "became of those that it printed before: ended, changed (by a late scene, for instance), "
        "withdrawn. One JSON object a line. Exit code: 0 where nothing is new, 3 where something "
        "was printed. What was printed is remembered in the ledger.",
        epilog="example: pierwatch alerts --ledger port.db --site port.geojson --since 2024-03-01",
    )
    options.add_ledger(parser)
    parser.add_argument(
        "--site", type=Path, required=True, metavar="FILE", help="GeoJSON: its piers and its rules"
    )
    parser.add_argument(
        "--since",
        type=options.utc_date_or_time,
        metavar="TIME",
        help="nothing new that was over by then: a date, or ISO 8601 with a zone",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="remember nothing: print the same the next time"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Prints the news."""
    from cv.alerts.delivery import Message, deliver_alerts, pending_messages
    from cv.alerts.rule import read_alert_rules
    from cv.ledger import Ledger
    from cv.site import Site

    site = Site.read(args.site)
    rules = read_alert_rules(args.site, site)

    def tell(message: Message) -> None:
        print(message.to_json(), flush=True)

    if args.dry_run:
        with Ledger.open(args.ledger, readonly=True) as ledger:
            messages = pending_messages(ledger, site, rules, args.since)
        for message in messages:
            tell(message)
        return EXIT_WITH_ALERTS if messages else 0
    file = options.ledger_file(args)
    missing = file is not None and not file.exists()  # it is not made here: reading is refused
    with Ledger.open(args.ledger, readonly=missing) as ledger:
        return EXIT_WITH_ALERTS if deliver_alerts(ledger, site, rules, args.since, tell) else 0
