"""Train a Pierwatch detector: python train.py --data datasets/rendered/dataset.yaml ..."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cv.training.train import Recipe, resumed, train

_EXAMPLE = """example:
  python train.py --data datasets/rendered/dataset.yaml --weights yolo26n-obb.pt \\
      --epochs 10 --seed 0 --out runs/first
  python train.py --resume runs/first
"""


def main(arguments: list[str] | None = None) -> int:
    """Parse and call."""
    parser = argparse.ArgumentParser(
        description="Fine-tune an oriented-box network on labelled chips.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, help="dataset.yaml of a YOLO-OBB dataset")
    parser.add_argument("--weights", type=Path, help="checkpoint (.pt) to start from")
    parser.add_argument("--out", type=Path, help="run folder to make")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=8, help="chips a step")
    parser.add_argument("--rate", type=float, default=1e-3, help="learning rate of AdamW")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu", help='"cpu" or the number of a GPU')
    parser.add_argument("--heads", choices=("both", "raw"), default="both")
    parser.add_argument("--precision", choices=("auto", "float32", "bfloat16"), default="auto")
    parser.add_argument("--resume", type=Path, metavar="OUT", help="go on with an interrupted run")
    options = vars(parser.parse_args(arguments))
    interrupted = options.pop("resume")
    if interrupted is not None:
        print(train(resumed(interrupted), resume=True))
        return 0
    missing = [name for name in ("data", "weights", "out") if options[name] is None]
    if missing:
        parser.error("missing " + ", ".join(f"--{name}" for name in missing))
    print(train(Recipe(**options)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
