"""Train a network on labelled chips.

Trains an oriented-box network on labelled chips. A run that was stopped at any moment continues
with --resume and ends with the same weights.

example: pierwatch train --data mine/dataset.yaml --out runs/mine
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from typing import Any

from cv.cli import options
from cv.errors import InputError
from cv.training.config import HEADS, PRECISIONS, TrainingConfig

_RATE_FROM_ONNX, _RATE_ELSE = 3e-4, 1e-3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    options.add_file(parser, "--data", "dataset.yaml of a YOLO-OBB dataset")
    options.add_file(parser, "--out", "run folder to make", metavar="FOLDER")
    weights = (
        "initial weights: an ONNX model or a released model's name (default: pierwatch-n), a "
        "checkpoint (.pt), or an architecture such as yolo26n-obb.yaml"
    )
    options.add_file(parser, "--weights", weights)
    options.add_number(parser, "--epochs", "passes over the data; 10", int)
    options.add_number(parser, "--batch", "chips per step; 8", int)
    rate = f"learning rate of AdamW; {_RATE_FROM_ONNX:g} from an ONNX model, else {_RATE_ELSE:g}"
    options.add_number(parser, "--rate", rate, float, metavar="R")
    options.add_number(parser, "--seed", "of weights, order, augmentation; 0", int)
    jitter = (
        "strength of the jitter of sampling distance and angle: 1 (default) is 0.85 to 1.2 "
        "times and 12 degrees, 0 is none"
    )
    options.add_number(parser, "--jitter", jitter, float, metavar="S")
    device = "auto (default; a GPU if there is one), cpu, 0, 1 ..."
    parser.add_argument("--device", metavar="D", help=device)
    parser.add_argument("--heads", choices=HEADS, help="raw from an ONNX model, else both")
    parser.add_argument("--precision", choices=PRECISIONS, help="auto if not given")
    options.add_number(parser, "--freeze", "the first N layers keep their weights; 0", int)
    options.add_number(parser, "--side", "network input, pixels; 640", int)
    parser.add_argument("--tensorboard", action="store_true", help="write curves for TensorBoard")
    resume = "continue an interrupted run"
    options.add_file(parser, "--resume", resume, metavar="OUT")


def run(args: argparse.Namespace) -> int:
    """Train, or resume a run, and print the last checkpoint."""
    given = given_options(args)
    if args.resume is None and (missing := [f"--{n}" for n in ("data", "out") if n not in given]):
        raise InputError(
            "train", f"missing {', '.join(missing)}", "a run needs both", "Add what is missing."
        )
    if args.resume is not None and given:
        raise InputError(
            "--resume",
            f"given with {', '.join(f'--{name}' for name in given)}",
            "it takes everything from the run",
            "Leave the other options out.",
        )
    options.require_extra("train")
    from cv.training.run_record import portable_command
    from cv.training.train import resume_training, train_model

    try:
        if args.resume is not None:
            print(resume_training(args.resume, args.tensorboard))
        else:
            words = [word for name, value in given.items() for word in (f"--{name}", str(value))]
            words += ["--tensorboard"] if args.tensorboard else []
            print(train_model(training_config(given), portable_command(words), args.tensorboard))
    except KeyboardInterrupt:
        print(f"continue with: pierwatch train --resume {args.resume or args.out}", file=sys.stderr)
        raise
    return 0


def given_options(args: argparse.Namespace) -> dict[str, Any]:
    """Return the options in `args` that are fields of a TrainingConfig and were given."""
    values = {field.name: getattr(args, field.name) for field in fields(TrainingConfig)}
    return {name: value for name, value in values.items() if value is not None}


def training_config(given: dict[str, Any]) -> TrainingConfig:
    """Return the configuration of the options `given`; defaults depend on the initial weights."""
    from cv.detector.model_zoo import DEFAULT_MODEL, model_files

    weights = model_files(given.get("weights", DEFAULT_MODEL))[0]
    if weights.suffix.lower() == ".onnx":
        defaults = {"rate": _RATE_FROM_ONNX, "heads": "raw"}
    else:
        defaults = {"rate": _RATE_ELSE, "heads": "both"}
    return TrainingConfig(**{**defaults, **given, "weights": weights})
