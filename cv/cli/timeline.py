"""`pierwatch timeline`: counts, hulls and findings of a pier in one picture."""

from __future__ import annotations

import argparse
from pathlib import Path

from cv.cli import options


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "timeline",
        help="draw counts, hulls and findings over time",
        description="Draws the counts of a pier with their intervals, the days on which it was not "
        "seen, hulls at its berth, and below what happened: calls, stockpiles, halts ...; all "
        "piers of the ledger, or one.",
        epilog='example: pierwatch timeline --ledger port.db --pier "Pier 2" '
        "--picture timeline.png",
    )
    options.add_piers(parser, "only this pier")
    options.add_claims(parser)
    parser.add_argument(
        "--picture", type=Path, required=True, metavar="FILE", help="the PNG to write"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Draws it."""
    from cv.cli.piers import PierSelection
    from cv.errors import LedgerError
    from cv.events.vessels.claims import read_claims
    from cv.report.series_chart import draw_series
    from cv.timeseries.series import Series

    picture = options.output_with_suffix(
        args.picture, ".png", *args.site, options.ledger_file(args), args.claims
    )
    piers = PierSelection.read(args)
    claims = piers.of_them(read_claims(args.claims, piers.aliases) if args.claims else ())
    series = [Series.of(name, counts) for name, counts in piers.counts.items()]
    if not series:
        raise LedgerError(
            options.ledger_name(args),
            "no look in it",
            "a timeline needs one",
            "Count scenes with `monitor`.",
        )
    draw_series(series, picture, events=piers.events(), claims=claims)
    return 0
