"""A checkpoint's weights in another architecture, for the ablation table.

    python datasets/real/transfer_weights.py yolo26n-obb.pt datasets/real/yolo26n-obb-p2.yaml start.pt

Writes a checkpoint of the architecture whose layers have the weights of those that are alike in
name and shape: an architecture with a finer head keeps the backbone and the way down to its
stride 8, while what leads to the finer head, and the heads themselves, begin at random (seed 0).
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from script_runner import run

from cv.io.atomic_files import write_atomically
from cv.training.initial_weights import read_architecture, read_checkpoint


def graft(checkpoint: Path, architecture: Path, target: Path) -> tuple[int, int]:
    """Writes `target`; returns how many numbers it has from `checkpoint`, and how many in all."""
    import torch

    source = read_checkpoint(checkpoint)
    torch.manual_seed(0)
    network = read_architecture(architecture, len(source.names))
    network.names = source.names
    theirs, ours = source.float().state_dict(), network.state_dict()
    kept = {
        name: value
        for name, value in theirs.items()
        if name in ours and ours[name].shape == value.shape
    }
    network.load_state_dict(kept, strict=False)
    content = io.BytesIO()
    torch.save({"model": network, "train_args": {}}, content)
    write_atomically(target, content.getvalue())
    return sum(v.numel() for v in kept.values()), sum(v.numel() for v in ours.values())


def main() -> None:
    """Grafts, and says how much was kept."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path, help="checkpoint of ultralytics (.pt)")
    parser.add_argument("architecture", type=Path, help="architecture (.yaml)")
    parser.add_argument("target", type=Path, help="checkpoint to write")
    args = parser.parse_args()
    kept, numbers = graft(args.checkpoint, args.architecture, args.target)
    print(f"{args.target}: {kept} of {numbers} numbers kept")


if __name__ == "__main__":
    run(main)
