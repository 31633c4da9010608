"""`pierwatch timeline`: draws counts, hulls and findings over time."""

from __future__ import annotations

import argparse

from cv.cli import options


def add_to(commands: options.Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "timeline",
        help="draw counts, hulls and findings over time",
        description="Draws, for one pier or all, the counts with their intervals, days without an "
        "observation, hulls at the berth, and findings: calls, stockpiles, halts ...",
        epilog='example: pierwatch timeline --ledger port.db --pier "Pier 2" '
        "--picture timeline.png",
    )
    options.add_piers(parser, "only this pier")
    options.add_claims(parser)
    options.add_file(parser, "--picture", "the PNG to write", required=True)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Draw the timeline."""
    from cv.cli.piers import PierSelection
    from cv.errors import LedgerError
    from cv.events.vessels.claims import read_claims
    from cv.report import draw
    from cv.timeseries.series import Series

    picture = options.output_with_suffix(
        args.picture, ".png", *args.site, options.ledger_file(args), args.claims
    )
    piers = PierSelection.read(args)
    claims = piers.select_claims(read_claims(args.claims, piers.aliases) if args.claims else ())
    series = [Series.of(name, counts) for name, counts in piers.counts.items()]
    if not series:
        raise LedgerError(
            options.ledger_name(args),
            "it holds no observation",
            "a timeline needs at least one",
            "Count scenes with `pierwatch monitor`.",
        )
    draw.timeline(series, piers.events(), picture, claims=claims)
    return 0
