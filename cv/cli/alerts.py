"""Print findings that are new since the last run.

Prints new findings that match a rule of the site file, each once, and updates of those printed
before: ended, changed (for instance by a late scene) or withdrawn. One JSON object per line. Exit
code: 3 if anything was printed, otherwise 0. The ledger remembers what was printed.

example: pierwatch alerts --ledger port.db --site port.geojson --since 2024-03-01
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC

from cv.cli import options
from cv.cli.argument_types import utc_date_or_time
from cv.io.terminal_text import quantity

EXIT_WITH_ALERTS = 3
"""Exit code if anything was printed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    options.add_shared(parser, "--ledger")
    options.add_file(parser, "--site", "GeoJSON with the piers and rules", required=True)
    parser.add_argument(
        "--since",
        type=utc_date_or_time,
        metavar="TIME",
        help="leave out new findings that ended before: a date, or ISO 8601 with a time zone",
    )
    parser.add_argument("--dry-run", action="store_true", help="do not remember what was printed")


def run(args: argparse.Namespace) -> int:
    """Print the messages; return the exit code."""
    from cv.alerts.alert_delivery import AlertMessage
    from cv.ledger import Ledger
    from cv.report.findings import deliver_alerts, pending_alerts

    def show(message: AlertMessage) -> None:
        print(message.to_json(), flush=True)

    file = options.ledger_file(args)
    missing = file is not None and not file.exists()  # opening it fails: only `monitor` creates one
    with Ledger.open(args.ledger, readonly=args.dry_run or missing) as ledger:
        if args.dry_run:
            messages = pending_alerts(ledger, args.site, args.since)
            for message in messages:
                show(message)
            printed = len(messages)
        else:
            printed = deliver_alerts(ledger, args.site, show, args.since)
        if args.since and not printed:
            ended = len(pending_alerts(ledger, args.site))
            limit = f"{args.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            why = f"left out: {quantity(ended, 'finding')} that ended before {limit}"
            print(f"no alerts; {why if ended else 'nothing new meets a rule'}", file=sys.stderr)
    return EXIT_WITH_ALERTS if printed else 0
