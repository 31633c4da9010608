"""`pierwatch train`: fine-tune a network on labelled chips, or resume a run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from cv.cli import extras
from cv.errors import InputError
from cv.training.config import HEADS, PRECISIONS, TrainingConfig

_RATE_FROM_ONNX, _RATE_ELSE = 3e-4, 1e-3
_OPTIONS = (
    "data",
    "weights",
    "out",
    "epochs",
    "batch",
    "rate",
    "seed",
    "device",
    "heads",
    "precision",
    "jitter",
    "freeze",
    "side",
)
"""Options that are fields of a TrainingConfig; each is None where it is not given."""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "train",
        help="train a network on labelled chips",
        description="Trains an oriented-box network on labelled chips. A run that was stopped at "
        "any moment continues with --resume and ends with the same weights.",
        epilog="example: pierwatch train --data mine/dataset.yaml --out runs/mine",
    )
    parser.add_argument(
        "--data", type=Path, metavar="FILE", help="dataset.yaml of a YOLO-OBB dataset"
    )
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="run folder to make")
    parser.add_argument(
        "--weights",
        type=Path,
        metavar="FILE",
        help="initial weights: an ONNX model or a released model's name (default: pierwatch-n), a "
        "checkpoint (.pt), or an architecture such as yolo26n-obb.yaml",
    )
    _add_schedule(parser)
    _add_network(parser)
    parser.add_argument("--tensorboard", action="store_true", help="write curves for TensorBoard")
    parser.add_argument("--resume", type=Path, metavar="OUT", help="continue an interrupted run")
    parser.set_defaults(run=run)


def _add_schedule(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--epochs", type=int, metavar="N", help="passes over the data; 10")
    parser.add_argument("--batch", type=int, metavar="N", help="chips per step; 8")
    parser.add_argument(
        "--rate",
        type=float,
        metavar="R",
        help=f"learning rate of AdamW; {_RATE_FROM_ONNX:g} from an ONNX model, else {_RATE_ELSE:g}",
    )
    parser.add_argument("--seed", type=int, metavar="N", help="of weights, order, augmentation; 0")
    parser.add_argument(
        "--jitter",
        type=float,
        metavar="S",
        help="strength of the jitter of sampling distance and angle: 1 (default) is 0.85 to 1.2 "
        "times and 12 degrees, 0 is none",
    )


def _add_network(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--device", metavar="D", help="auto (default; a GPU if there is one), cpu, 0, 1 ..."
    )
    parser.add_argument("--heads", choices=HEADS, help="raw from an ONNX model, else both")
    parser.add_argument("--precision", choices=PRECISIONS, help="auto if not given")
    parser.add_argument(
        "--freeze", type=int, metavar="N", help="the first N layers keep their weights; 0"
    )
    parser.add_argument("--side", type=int, metavar="N", help="network input, pixels; 640")


def run(args: argparse.Namespace) -> int:
    """Train, or resume a run, and print the last checkpoint."""
    given = {name: getattr(args, name) for name in _OPTIONS if getattr(args, name) is not None}
    if args.resume is None and (missing := [n for n in ("data", "out") if n not in given]):
        options = ", ".join(f"--{name}" for name in missing)
        raise InputError("train", f"missing {options}", "a run needs both", "Add what is missing.")
    if args.resume is not None and given:
        raise InputError(
            "--resume",
            f"given with {', '.join(f'--{name}' for name in given)}",
            "it takes everything from the run",
            "Leave the other options out.",
        )
    extras.require_extra("train", extras.TRAIN)
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


def training_config(given: dict[str, Any]) -> TrainingConfig:
    """Return the configuration of the options `given`; defaults depend on the initial weights."""
    from cv.detector.model_zoo import DEFAULT_MODEL, model_files

    weights = model_files(given.get("weights", DEFAULT_MODEL))[0]
    onnx = weights.suffix.lower() == ".onnx"
    defaults = {
        "rate": _RATE_FROM_ONNX if onnx else _RATE_ELSE,
        "heads": "raw" if onnx else "both",
    }
    return TrainingConfig(**{**defaults, **given, "weights": weights})
