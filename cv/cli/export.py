"""`pierwatch export`: writes counts and detections for other programs."""

from __future__ import annotations

import argparse
from pathlib import Path

from cv.cli import options


def add_to(commands: options.Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "export",
        help="write counts and detections for other programs",
        description="Writes FILE: .csv (counts), .geojson (detections) or .gpkg (both, for QGIS).",
        epilog="example: pierwatch export --ledger port.db --site port.geojson port.gpkg",
    )
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="file to write; its suffix decides the format"
    )
    options.add_ledger(parser)
    options.add_file(parser, "--site", "GeoJSON: export only its piers")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the latest counts of each scene and pier, or their detections."""
    from cv.ledger import Ledger
    from cv.report.data_files import export

    path = options.output_path(args.file, *options.inputs(args))
    with Ledger.open(args.ledger, readonly=True) as ledger:
        rows = export(ledger, path, options.site_from_args(args))
    numbers = {"counts": rows.counts, "detections": rows.detections}
    written = [f"{name} {number}" for name, number in numbers.items() if number is not None]
    print(f"{path}: {', '.join(written)}")
    return 0
