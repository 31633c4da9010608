"""The command line of train.py."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from cv.detector.model_zoo import default_model
from cv.errors import InputError, PierwatchError
from cv.training.config import HEADS, PRECISIONS, TrainingConfig
from cv.training.run_record import portable_command
from cv.training.train import resume_training, train_model

OK, UNFINISHED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
_EXAMPLE = """examples:
  python train.py --data mine/dataset.yaml --out runs/mine
  python train.py --data datasets/rendered/dataset.yaml --weights yolo26n-obb.pt \\
      --epochs 30 --batch 32 --out runs/first
  python train.py --resume runs/first
"""
_FROM_RELEASED, _FROM_ELSE = 3e-4, 1e-3


def parser() -> argparse.ArgumentParser:
    """The options of train.py."""
    top = argparse.ArgumentParser(
        prog="train.py",
        description="Trains an oriented-box network on labelled chips; --resume goes on with a run "
        "that was stopped at any moment, and ends as if it had not been.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--data", type=Path, help="dataset.yaml of a YOLO-OBB dataset")
    top.add_argument(
        "--weights",
        type=Path,
        help="start: an ONNX model (default: the released one), a checkpoint (.pt), "
        "or an architecture such as yolo26n-obb.yaml",
    )
    top.add_argument("--out", type=Path, help="run folder to make")
    top.add_argument("--epochs", type=int, default=10)
    top.add_argument("--batch", type=int, default=8, help="chips a step")
    top.add_argument(
        "--rate",
        type=float,
        help=f"learning rate of AdamW; {_FROM_RELEASED:g} from an ONNX model, else {_FROM_ELSE:g}",
    )
    top.add_argument("--seed", type=int, default=0)
    top.add_argument("--device", default="auto", help="auto (a GPU if there is one), cpu, 0, 1 ...")
    top.add_argument("--heads", choices=HEADS, help="raw from an ONNX model, else both")
    top.add_argument("--precision", choices=PRECISIONS, default="auto")
    top.add_argument(
        "--jitter",
        type=float,
        default=1.0,
        metavar="STRENGTH",
        help="of sampling distance and angle: 1 is 0.85 to 1.2 times and 12 degrees, 0 is none",
    )
    top.add_argument(
        "--freeze", type=int, default=0, metavar="N", help="first N layers keep their weights"
    )
    top.add_argument("--side", type=int, default=640, help="pixels of the network's input")
    top.add_argument("--tensorboard", action="store_true", help="write curves for TensorBoard")
    top.add_argument("--resume", type=Path, metavar="OUT", help="go on with an interrupted run")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Trains as `arguments` say (sys.argv if None) and returns the exit code.

    0: done. 1: the run broke off. 2: bad input, and no run was begun. 130: interrupted.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    top = parser()
    options = top.parse_args(given)
    try:
        if options.resume is not None:
            _refuse_others(top, given)
            print(resume_training(options.resume, options.tensorboard))
        else:
            recipe = training_config(options, top)
            print(train_model(recipe, portable_command(given), options.tensorboard))
    except InputError as error:
        print(f"train.py: {error}", file=sys.stderr)
        return BAD_INPUT
    except (PierwatchError, OSError) as error:
        print(f"train.py: {error}", file=sys.stderr)
        return UNFINISHED
    except KeyboardInterrupt:
        print("train.py: interrupted; go on with --resume OUT", file=sys.stderr)
        return INTERRUPTED
    return OK


def training_config(options: argparse.Namespace, top: argparse.ArgumentParser) -> TrainingConfig:
    """The recipe that `options` ask for, with defaults by what the run starts from."""
    missing = [f"--{name}" for name in ("data", "out") if getattr(options, name) is None]
    if missing:
        top.error("missing " + ", ".join(missing))
    weights = options.weights or default_model()
    released = weights.suffix.lower() == ".onnx"
    usual = _FROM_RELEASED if released else _FROM_ELSE
    return TrainingConfig(
        data=options.data,
        weights=weights,
        out=options.out,
        epochs=options.epochs,
        batch=options.batch,
        rate=usual if options.rate is None else options.rate,
        seed=options.seed,
        device=options.device,
        heads=options.heads or ("raw" if released else "both"),
        precision=options.precision,
        jitter=options.jitter,
        freeze=options.freeze,
        side=options.side,
    )


def _refuse_others(top: argparse.ArgumentParser, given: Sequence[str]) -> None:
    """A run goes on as it began, so nothing may be asked for beside."""
    known = ("--resume", "--tensorboard")
    others = [w for w in given if w.startswith("--") and w.partition("=")[0] not in known]
    if others:
        top.error(f"--resume takes everything from the run: leave out {', '.join(others)}")
