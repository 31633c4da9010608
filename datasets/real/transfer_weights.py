"""Transfer a checkpoint's weights to another architecture, for the ablation table.

    python datasets/real/transfer_weights.py yolo26n-obb.pt yolo26n-obb-p2.yaml start.pt

Layers take the weights of layers with the same name and shape. An architecture with a finer head
keeps the backbone and the neck down to stride 8; the layers of the finer head, and the heads
themselves, start at random (seed 0).
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from script_runner import run

from cv.io.atomic_files import write_atomically
from cv.training.initial_weights import read_architecture, read_checkpoint


def transfer_weights(checkpoint: Path, architecture: Path, target: Path) -> tuple[int, int]:
    """Write `target`; return how many of its parameters come from `checkpoint`, and their total."""
    import torch

    source = read_checkpoint(checkpoint)
    torch.manual_seed(0)
    network = read_architecture(architecture, len(source.names))
    network.names = source.names
    old, new = source.float().state_dict(), network.state_dict()
    kept = {
        name: value for name, value in old.items() if name in new and new[name].shape == value.shape
    }
    network.load_state_dict(kept, strict=False)
    content = io.BytesIO()
    torch.save({"model": network, "train_args": {}}, content)
    write_atomically(target, content.getvalue())
    return sum(v.numel() for v in kept.values()), sum(v.numel() for v in new.values())


def main() -> None:
    """Transfer, and print how much was kept."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path, help="checkpoint of ultralytics (.pt)")
    parser.add_argument("architecture", type=Path, help="architecture (.yaml)")
    parser.add_argument("target", type=Path, help="checkpoint to write")
    args = parser.parse_args()
    kept, numbers = transfer_weights(args.checkpoint, args.architecture, args.target)
    print(f"{args.target}: {kept} of {numbers} parameters kept")


if __name__ == "__main__":
    run(main)
