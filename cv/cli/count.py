"""Count containers and hulls in one scene.

Counts containers and hulls in SCENE, on each pier of a site or in the whole image.

example: pierwatch count scene.tif --site port.geojson --boxes boxes.json
"""

from __future__ import annotations

import argparse

from cv.cli import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    options.add_shared(parser, *options.SCENE)
    options.add_file(parser, "--boxes", "write every detection as JSON")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")


def run(args: argparse.Namespace) -> int:
    """Count and print."""
    from cv.io.atomic_files import atomic_output
    from cv.pipeline.batch import count
    from cv.report.counts_text import counts_json, counts_table, detections_json

    with options.scene_from_args(args) as scene:
        options.check_output(args, args.boxes, ".json", inputs=scene.sources)
        counts = count(scene, options.site_from_args(args), options.detector_from_args(args))
    if args.boxes:
        with atomic_output(args.boxes) as draft:
            draft.write_text(detections_json(counts.detections), encoding="utf-8")
    print(counts_json(counts) if args.json else counts_table(counts))
    return 0
