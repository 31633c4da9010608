"""`pierwatch series`: the counts of one pier over time."""

from __future__ import annotations

import argparse

from cv.cli import options


def add_to(commands: options.Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "series",
        help="print the counts of one pier over time",
        description="Prints the counts of a pier, one line per observation; gaps stay gaps.",
        epilog='example: pierwatch series --ledger port.db --pier "Pier 2" --picture pier2.png',
    )
    options.add_ledger(parser)
    parser.add_argument("--pier", required=True, metavar="P", help="name of the pier")
    options.add_file(parser, "--site", "GeoJSON with the aliases of piers")
    options.add_file(parser, "--picture", "draw the series as a PNG")
    options.add_file(parser, "--daily", "write a CSV with one row per day and a smoothed level")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the series; draw or write it if requested."""
    from cv.events.model.level_smoother import daily_level_table
    from cv.io.atomic_files import atomic_output
    from cv.ledger import Ledger
    from cv.report import draw
    from cv.timeseries.series import Series

    picture = args.picture and options.output_with_suffix(
        args.picture, ".png", *options.inputs(args)
    )
    daily = args.daily and options.output_with_suffix(args.daily, ".csv", *options.inputs(args))
    site = options.site_from_args(args)
    names = (args.pier, *(site.pier(args.pier).names if site else ()))
    with Ledger.open(args.ledger, readonly=True) as ledger:
        known = ledger.piers()
        name = next((name for name in names if name in known), args.pier)
        counts = ledger.counts(name)
    if not counts:
        raise options.unknown_pier(args, name, known)
    series = Series.of(name, counts)
    print(series.to_text())
    if picture:
        draw.series(series, picture)
    if daily:
        with atomic_output(daily) as draft:
            daily_level_table(series).to_csv(draft, float_format="%.6g", date_format="%Y-%m-%d")
    return 0
