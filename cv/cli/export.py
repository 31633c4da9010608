"""`pierwatch export`: writes counts and detections for other programs."""

from __future__ import annotations

import argparse
from pathlib import Path

from cv.cli import options

_SUFFIXES = (".csv", ".geojson", ".gpkg")


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
    from cv.errors import InputError
    from cv.ledger import Ledger
    from cv.report.data_files import write_csv, write_geojson, write_geopackage

    path = options.output_path(args.file, *options.inputs(args))
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise InputError(
            path,
            f"its name ends in {suffix!r}",
            f"{' or '.join(_SUFFIXES)} is needed",
            "Rename the output.",
        )
    site = options.site(args)
    if suffix == ".gpkg" and site is None:
        raise InputError(path, "no site", "a GeoPackage contains the piers", "Add --site FILE.")
    with Ledger.open(args.ledger, readonly=True) as ledger:
        counts = ledger.counts(latest=True)
        detections = ledger.detections(latest=True)
    if site is not None:
        names = {name for pier in site for name in pier.names}
        counts = tuple(count for count in counts if count.pier in names)
        scenes = {count.scene for count in counts}
        detections = tuple(
            r for r in detections if r.detection.pier in names | {None} and r.scene in scenes
        )
        if not counts:
            raise InputError(
                options.ledger_name(args),
                f"it holds none of the piers of {args.site}",
                "piers are matched by name or alias",
                "Use the site that was counted.",
            )
    if suffix == ".csv":
        write_csv(counts, path)
        print(f"{path}: counts {len(counts)}")
    elif site is None or suffix == ".geojson":
        write_geojson(detections, path)
        print(f"{path}: detections {len(detections)}")
    else:
        write_geopackage(counts, detections, site, path)
        print(f"{path}: counts {len(counts)}, detections {len(detections)}")
    return 0
