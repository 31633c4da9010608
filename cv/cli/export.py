"""`pierwatch export`: what the ledger holds, for other programs."""

from __future__ import annotations

import argparse
from pathlib import Path

from cv.cli import options

_ENDINGS = (".csv", ".geojson", ".gpkg")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "export",
        help="write counts and detections for other programs",
        description="Writes FILE: .csv (counts), .geojson (detections) or .gpkg (both, for QGIS).",
        epilog="example: pierwatch export --ledger port.db --site port.geojson port.gpkg",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="its ending tells the format")
    options.add_ledger(parser)
    parser.add_argument("--site", type=Path, metavar="FILE", help="GeoJSON: only its piers")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Writes the newest counts of each scene and pier, or the detections behind them."""
    from cv.errors import InputError
    from cv.ledger import Ledger
    from cv.report.data_files import write_csv, write_geojson, write_geopackage

    path = options.output_path(args.file, *options.inputs(args))
    ending = path.suffix.lower()
    if ending not in _ENDINGS:
        raise InputError(
            path, f"its ending is {ending!r}", f"one of {', '.join(_ENDINGS)}", "Rename the output."
        )
    site = options.site(args)
    if ending == ".gpkg" and site is None:
        raise InputError(path, "no site", "a GeoPackage shows piers", "Add --site FILE.")
    with Ledger.open(args.ledger, readonly=True) as ledger:
        counts = ledger.counts(newest=True)
        sightings = ledger.detections(newest=True)
    if site is not None:
        names = {name for pier in site for name in pier.names}
        counts = tuple(count for count in counts if count.pier in names)
        scenes = {count.scene for count in counts}
        sightings = tuple(
            r for r in sightings if r.detection.pier in names | {None} and r.scene in scenes
        )
        if not counts:
            raise InputError(
                options.ledger_name(args),
                f"none of the piers of {args.site}",
                "piers are known by name or alias",
                "Name the site that was counted.",
            )
    if ending == ".csv":
        write_csv(counts, path)
        print(f"{path}: counts {len(counts)}")
    elif site is None or ending == ".geojson":
        write_geojson(sightings, path)
        print(f"{path}: detections {len(sightings)}")
    else:
        write_geopackage(counts, sightings, site, path)
        print(f"{path}: counts {len(counts)}, detections {len(sightings)}")
    return 0
