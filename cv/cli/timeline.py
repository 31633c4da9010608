"""Draw counts, hulls and findings over time.

Draws, for one pier or all, the counts with their intervals, days without an observation, hulls at
the berth, and findings: calls, stockpiles, halts ...

example: pierwatch timeline --ledger port.db --pier "Pier 2" --picture timeline.png
"""

from __future__ import annotations

import argparse

from cv.cli import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    options.add_piers(parser, "only this pier")
    options.add_shared(parser, "--claims")
    options.add_file(parser, "--picture", "the PNG to write", required=True)


def run(args: argparse.Namespace) -> int:
    """Draw the timeline."""
    from cv.cli.piers import PierSelection
    from cv.report import draw

    options.check_output(args, args.picture, ".png")
    piers = PierSelection.read(args)
    claims = piers.claims(args.claims)
    series = list(piers.counts.values())
    if not series:
        raise options.no_observations(args, ())
    draw.timeline(series, piers.events(), args.picture, claims=claims)
    return 0
