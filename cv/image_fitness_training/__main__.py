"""Train the fitness model: render, degrade, detect, fit, export; resumes where it was stopped."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from cv.detector.model_zoo import DEFAULT_MODEL, FITNESS_MODEL, HULL_MODEL, released_model
from cv.image_fitness.fitness_card import FitnessCard
from cv.image_fitness_training.fitness_export import export_network
from cv.image_fitness_training.fitness_network import STRIDE
from cv.image_fitness_training.fitness_samples import write_samples
from cv.image_fitness_training.hull_recall import hull_curves, read_hull_trials, write_hull_trials
from cv.image_fitness_training.image_sources import ImageSources
from cv.image_fitness_training.network_fitting import FittingSettings, fit_network
from cv.image_fitness_training.training_mixture import TrainingMixture
from cv.io.hashing import file_digest
from cv.synthetic.chip_renderer import FINE_GSD
from cv.training.train import cpu_threads

_MIN_RECALL = 0.5
_LICENCE = "AGPL-3.0-or-later"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(
        prog="python -m cv.image_fitness_training", description=__doc__
    )
    parser.add_argument("--work", type=Path, required=True, help="folder for samples and state")
    parser.add_argument(
        "--sources",
        type=Path,
        help="folder with negatives, geotiff, planetscope_3m and coarse; default: rendered only",
    )
    parser.add_argument("--places", type=int, default=1600, help="places, four samples each")
    parser.add_argument("--ports", type=int, default=200, help="ports for the recall of hulls")
    parser.add_argument("--held-back", type=int, default=150, help="places kept for judging")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--steps", type=int, default=200, help="of an epoch, 16 images each")
    parser.add_argument("--seed", type=int, default=0, help="of weights, order and turns")
    parser.add_argument("--version", default="0.2.0")
    parser.add_argument("--out", type=Path, required=True, help="ONNX file to write")
    args = parser.parse_args(arguments)
    sources = ImageSources() if args.sources is None else ImageSources.in_folder(args.sources)
    write_samples(args.work / "train", sources, 0, args.places)
    write_samples(args.work / "held", sources, 0, args.held_back, held_back=True)
    trials = args.work / "hulls.json"
    write_hull_trials(trials, 0, args.ports)
    torch.set_num_threads(cpu_threads())
    settings = FittingSettings(epochs=args.epochs, steps=args.steps, seed=args.seed)
    samples = sorted((args.work / "train").glob("*.npz"))
    curves = hull_curves(read_hull_trials(trials))
    mixture = TrainingMixture.collect(samples, sources, curves)
    network = fit_network(mixture, settings, args.work / "state.pt")
    export_network(network, fitness_card(args.version, sources, args.places), args.out)
    print(f"written: {args.out}")


def fitness_card(version: str, sources: ImageSources, places: int) -> FitnessCard:
    """Return the card of a model of `places` places."""
    names = (DEFAULT_MODEL, DEFAULT_MODEL + HULL_MODEL)
    photos = "; ".join(
        text
        for files, text in (
            (sources.negatives, "USGS National Map urban orthophotos (public domain)"),
            (sources.orthophotos, "Beeldmateriaal Nederland (CC BY 4.0)"),
            (
                sources.coarse,
                "PlanetScope and RapidEye (Planet Labs, CC BY-SA 4.0); Copernicus Sentinel-2",
            ),
        )
        if files
    )
    return FitnessCard(
        name=FITNESS_MODEL,
        version=version,
        gsd_m=FINE_GSD,
        patch_px=STRIDE,
        min_recall=_MIN_RECALL,
        detectors=tuple(f"{name} {file_digest(released_model(name))[:12]}" for name in names),
        training_data=f"{places} places with four degradations each, rendered by cv.synthetic"
        + (f" or composed of {photos}" if photos else ""),
        licence=_LICENCE,
    )


if __name__ == "__main__":
    main()
