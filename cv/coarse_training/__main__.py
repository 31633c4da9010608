"""Train the coarse model: render, degrade, fit, export; resumes where it was stopped."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from cv.coarse_training.coarse_cameras import MAX_GSD, MAX_PSF, MIN_GSD, MIN_PSF
from cv.coarse_training.coarse_export import CoarseCard, export_coarse_network
from cv.coarse_training.coarse_fitting import fit_coarse_network
from cv.coarse_training.coarse_mixture import BARE_CREDITS, CoarseMixture, collect_mixture
from cv.coarse_training.coarse_network import CHANNELS, STRIDE
from cv.coarse_training.coarse_samples import ENLARGEMENT
from cv.coarse_training.rendered_grounds import write_grounds
from cv.training.resumable_fit import FittingSettings
from cv.training.train import cpu_threads

_NAME = "pierwatch-coarse"
_LICENCE = "AGPL-3.0-or-later"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m cv.coarse_training", description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for grounds and state")
    parser.add_argument(
        "--sources",
        type=Path,
        help="folder with true coarse images in `coarse`; default: rendered only",
    )
    parser.add_argument("--grounds", type=int, default=1500, help="places of 576 m to render")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--steps", type=int, default=100, help="of an epoch")
    parser.add_argument("--batch", type=int, default=8, help="samples a step")
    parser.add_argument("--seed", type=int, default=0, help="of weights, order and turns")
    parser.add_argument("--version", default="0.1.0")
    parser.add_argument("--out", type=Path, required=True, help="ONNX file to write")
    args = parser.parse_args(arguments)
    torch.set_num_threads(cpu_threads())
    grounds = write_grounds(args.work / "train", 0, args.grounds)
    mixture = collect_mixture(grounds, args.sources)
    settings = FittingSettings(
        epochs=args.epochs, steps=args.steps, batch=args.batch, rate=2e-3, seed=args.seed
    )
    network = fit_coarse_network(mixture, settings, args.work / "state.pt")
    export_coarse_network(network, coarse_card(args.version, mixture), args.out)
    print(f"written: {args.out}")


def coarse_card(version: str, mixture: CoarseMixture) -> CoarseCard:
    """Return the card of a model that was fitted to a mixture."""
    real = f", and as ground without containers {BARE_CREDITS}" if mixture.bare else ""
    return CoarseCard(
        name=_NAME,
        version=version,
        channels=CHANNELS,
        gsd_m=(MIN_GSD, MAX_GSD),
        cells_of_pixel=ENLARGEMENT,
        stride_px=STRIDE,
        psf=(MIN_PSF, MAX_PSF),
        training_data=f"{len(mixture.grounds)} places rendered by cv.synthetic, degraded to "
        f"{MIN_GSD:g} to {MAX_GSD:g} m{real}",
        licence=_LICENCE,
    )


if __name__ == "__main__":
    main()
