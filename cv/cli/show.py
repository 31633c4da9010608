"""Draw one scene with every detection.

Counts SCENE and draws it with piers, berths, containers, hulls and counts.

example: pierwatch show scene.tif --site port.geojson --picture scene.png
"""

from __future__ import annotations

import argparse

from cv.cli import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    options.add_shared(parser, *options.SCENE)
    options.add_file(parser, "--picture", "the PNG to write", required=True)


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
