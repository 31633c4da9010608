"""Print the counts of one pier over time.

Prints the counts of a pier, one line per observation; gaps stay gaps.

example: pierwatch series --ledger port.db --pier "Pier 2" --picture pier2.png
"""

from __future__ import annotations

import argparse

from cv.cli import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    options.add_shared(parser, "--ledger")
    parser.add_argument("--pier", required=True, metavar="P", help="name of the pier")
    options.add_file(parser, "--site", "GeoJSON with the aliases of piers")
    options.add_file(parser, "--picture", "draw the series as a PNG")
    options.add_file(parser, "--daily", "write a CSV with one row per day and a smoothed level")


def run(args: argparse.Namespace) -> int:
    """Print the series; draw or write it if requested."""
    from cv.events.model.level_smoother import daily_levels
    from cv.ledger import Ledger
    from cv.report import draw
    from cv.report.data_files import write_daily_csv
    from cv.timeseries.series import Series

    options.check_output(args, args.picture, ".png")
    options.check_output(args, args.daily, ".csv")
    site = options.site_from_args(args)
    with Ledger.open(args.ledger, readonly=True) as ledger:
        series = Series.read(ledger, args.pier, site)
        if not len(series):
            raise options.no_observations(args, ledger.piers())
    print(series.to_text())
    if args.picture:
        draw.series(series, args.picture)
    if args.daily:
        write_daily_csv(daily_levels(series), args.daily)
    return 0
