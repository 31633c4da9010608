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
    from cv.report import draw
    from cv.timeseries.series import Series

    options.check_output(args, args.picture, ".png")
    piers = PierSelection.read(args)
    claims = piers.claims(args.claims)
    series = [Series.of(name, counts) for name, counts in piers.counts.items()]
    if not series:
        raise options.no_observations(args, ())
    draw.timeline(series, piers.events(), args.picture, claims=claims)
    return 0
