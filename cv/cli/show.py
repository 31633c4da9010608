"""`pierwatch show`: draws one scene with its detections and counts."""

from __future__ import annotations

import argparse

from cv.cli import options


def add_to(commands: options.Commands) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "show",
        help="draw one scene with every detection",
        description="Counts SCENE and draws it with piers, berths, containers, hulls and counts.",
        epilog="example: pierwatch show scene.tif --site port.geojson --picture scene.png",
    )
    options.add_counted_scene(parser)
    options.add_file(parser, "--picture", "the PNG to write", required=True)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Count and draw."""
    from cv.pipeline.batch import count
    from cv.report import draw

    with options.scene_from_args(args) as scene:
        options.check_output(args, args.picture, ".png", inputs=scene.sources)
        site = options.site_from_args(args)
        draw.scene(scene, count(scene, site, options.detector_from_args(args)), site, args.picture)
    print(f"{args.picture}: {scene.id}")
    return 0
