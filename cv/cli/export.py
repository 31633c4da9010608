"""Write counts and detections for other programs.

Writes FILE: .csv (counts), .geojson (detections) or .gpkg (both, for QGIS).

example: pierwatch export --ledger port.db --site port.geojson port.gpkg
"""

from __future__ import annotations

import argparse

from cv.cli import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    options.add_file(parser, "file", "file to write; its suffix decides the format")
    options.add_shared(parser, "--ledger")
    options.add_file(parser, "--site", "GeoJSON: export only its piers")


def run(args: argparse.Namespace) -> int:
    """Write the latest counts of each scene and pier, or their detections."""
    from cv.ledger import Ledger
    from cv.report.data_files import export

    options.check_output(args, args.file)
    with Ledger.open(args.ledger, readonly=True) as ledger:
        rows = export(ledger, args.file, options.site_from_args(args))
    numbers = rows._asdict().items()
    written = [f"{name} {number}" for name, number in numbers if number is not None]
    print(f"{args.file}: {', '.join(written)}")
    return 0
