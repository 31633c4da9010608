"""Make a model from a checkpoint.

Writes NAME.onnx and NAME.card.json into FOLDER. The model detects the classes that a minimum
score is given for.

example: pierwatch release runs/mine/weights/last.pt models --name mine --version 1 --container
0.4 --data "50 chips of my port"
"""

from __future__ import annotations

import argparse

from cv.cli import options
from cv.cli.argument_types import fraction
from cv.detector.model_card import CONTAINER, HULL, OutputLayout

_UNUSED_SCORE = 0.5
"""Minimum score of a class that the model does not detect; it has no effect."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    options.add_file(parser, "checkpoint", "such as last.pt", metavar="CHECKPOINT")
    options.add_file(parser, "folder", "where the model is written", metavar="FOLDER")
    parser.add_argument("--name", required=True, help="of the model and its files")
    parser.add_argument("--version", required=True)
    parser.add_argument("--layout", choices=[one.value for one in OutputLayout], default="raw")
    for kind in options.KINDS:
        score = f"minimum score of a {kind}"
        options.add_number(parser, f"--{kind}", score, fraction, metavar="SCORE")
    parser.add_argument("--data", required=True, help="one sentence on the training data")
    parser.set_defaults(usage_error=parser.error)


def run(args: argparse.Namespace) -> int:
    """Write the model and print its path."""
    scores = {CONTAINER: args.container, HULL: args.hull}
    detected = [name for name, score in scores.items() if score is not None]
    if not detected:
        args.usage_error("give --container, --hull, or both: the minimum score of each class")
    options.require_extra("train")
    from cv.model_export.model_release import release_checkpoint, two_class_card

    thresholds = tuple(_UNUSED_SCORE if score is None else score for score in scores.values())
    card = two_class_card(args.name, args.version, args.layout, thresholds, args.data, detected)
    print(release_checkpoint(args.checkpoint, args.folder, card))
    return 0
