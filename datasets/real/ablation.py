"""The ablation table: the effect of each choice of renderer, data, network and working GSD.

    python datasets/real/ablation.py                                    # prints the table
    python datasets/real/ablation.py --measure scales --root ../shared/real
    python datasets/real/ablation.py --train "no lean" --weights ../shared/weights \
        --root ../shared/real --work runs/ablation

The entries are those of ablations.toml, the figures those of ablations.csv, each with its date and
the sha256 of the model; entries without figures are printed as not measured. `--train` renders the
chips of a run, trains it from fixed seeds with the same budget as every other, exports it with
thresholds at which other rendered chips have as many detections as objects (real images do not
enter), and measures it. An interrupted run continues where it was.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from cv import Detector
from cv.detector.model_card import ModelCard
from cv.evaluation.image_evaluation import ImageEvaluation
from cv.evaluation.metrics import CountMetrics, balanced_threshold

sys.path.insert(0, str(Path(__file__).resolve().parent))
import model_figures as figures
from ablation_config import Budget, Plan, Run, ScaleRun
from labelled_scenes import CONTAINER, HULL, evaluate_all, labelled_samples
from model_figures import Figures
from script_runner import run
from synthetic_evaluation import CALIBRATING, COMPARING, rendered

REPOSITORY = Path(__file__).resolve().parents[2]
FINE_M = 0.6
"""Up to this ground sampling distance single containers are resolved reliably, metres."""
CHIPS = 60
"""Held-back chips of each class."""
_TILES = 25
"""Tiles that are timed."""
_MAX_OVERLAP = 0.6
"""Largest overlap as a share of a tile: more would process everything more than six times."""


def at_scale(card: ModelCard, scale: ScaleRun) -> ModelCard:
    """Return `card` with the working GSDs of `scale`; tiles overlap by as many metres as before."""
    wanted = {CONTAINER: scale.container_m, HULL: scale.hull_m}
    passes = []
    for one in card.passes:
        gsd = next((wanted[kind] for kind in one.classes if wanted.get(kind)), one.gsd_m)
        overlap = min(one.overlap_px * one.gsd_m / gsd, _MAX_OVERLAP * card.tile_px)
        passes.append(replace(one, gsd_m=gsd, overlap_px=round(overlap)))
    return replace(card, passes=tuple(passes))


def measured(
    name: str, detector: Detector, real: Sequence[ImageEvaluation], chips: Sequence[ImageEvaluation]
) -> Figures:
    """Return the figures of `detector`, called `name`, from evaluations of one class or both."""
    line = Figures(name, f"{datetime.now(UTC):%Y-%m-%d}", detector.digest)
    boxes = [evaluation for evaluation in real if evaluation.sample.kind == CONTAINER]
    hulls = [evaluation for evaluation in real if evaluation.sample.kind == HULL]
    if boxes:
        metrics = CountMetrics.of(boxes)
        line = replace(
            line,
            container_m=detector.card.pass_for(CONTAINER).gsd_m,
            container_nmae=metrics.nmae,
            container_bias=metrics.bias,
            container_even_nmae=_at_balanced_threshold(boxes).nmae,
            container_ap50=metrics.ap50,
            container_fine_ap50=CountMetrics.of([e for e in boxes if e.gsd_m <= FINE_M]).ap50,
            container_recall=metrics.recall,
            container_precision=metrics.precision,
        )
    if hulls:
        metrics = CountMetrics.of(hulls)
        line = replace(
            line,
            hull_m=detector.card.pass_for(HULL).gsd_m,
            hull_nmae=metrics.nmae,
            hull_bias=metrics.bias,
            hull_even_nmae=_at_balanced_threshold(hulls).nmae,
            hull_ap50=metrics.ap50,
            hull_length_error=metrics.length_error,
        )
    if chips:
        boxes = [evaluation for evaluation in chips if evaluation.sample.kind == CONTAINER]
        hulls = [evaluation for evaluation in chips if evaluation.sample.kind == HULL]
        line = replace(
            line,
            fresh_container_nmae=CountMetrics.of(boxes).nmae,
            fresh_container_ap50=CountMetrics.of(boxes).ap50,
            fresh_hull_ap50=CountMetrics.of(hulls).ap50,
        )
    return line


def _at_balanced_threshold(evaluations: Sequence[ImageEvaluation]) -> CountMetrics:
    threshold = balanced_threshold(evaluations)
    return CountMetrics.of([evaluation.at(threshold) for evaluation in evaluations])


def tile_ms(detector: Detector) -> float:
    """Measure the median CPU time of one tile, milliseconds: the network alone."""
    side = detector.card.tile_px
    tile = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    times = []
    for _ in range(_TILES):
        start = time.process_time()
        detector.models[0].run(tile)
        times.append(time.process_time() - start)
    return 1000 * float(np.median(times))


def parameters(model: Path) -> float:
    """Return the number of parameters of an ONNX file, millions."""
    import onnx

    tensors = onnx.load(str(model)).graph.initializer
    floats = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.INT8)
    return sum(float(np.prod(t.dims)) for t in tensors if t.data_type in floats) / 1e6


def measure_scale(one: ScaleRun, root: Path) -> Figures:
    """Measure the released model at another working GSD, for the classes that it concerns."""
    plain = Detector.load(threads=1)
    networks = tuple(replace(n, card=at_scale(n.card, one)) for n in plain.models)
    detector = replace(plain, models=networks)
    kinds = [kind for kind, gsd in ((CONTAINER, one.container_m), (HULL, one.hull_m)) if gsd]
    samples = [q for q in labelled_samples(root) if q.kind in kinds]
    start = time.process_time()
    evaluations = evaluate_all(samples, detector)
    line = measured(one.name, detector, evaluations, ())
    return replace(line, seconds=time.process_time() - start)


def model_figures(name: str, model: Path, root: Path, work: Path) -> Figures:
    """Measure the ONNX file `model` on the real images and on held-back rendered chips."""
    detector = Detector.load(model, threads=1)
    kinds = detector.card.classes
    chips = [q for k in kinds for q in rendered(work / "fresh", k, COMPARING, CHIPS, 1)]
    start = time.process_time()
    real = evaluate_all([q for q in labelled_samples(root) if q.kind in kinds], detector)
    seconds = time.process_time() - start
    line = measured(name, detector, real, evaluate_all(chips, detector))
    return replace(line, seconds=seconds, tile_ms=tile_ms(detector), parameters=parameters(model))


def commands(run: Run, budget: Budget, weights: Path, root: Path, work: Path) -> list[list[str]]:
    """Return the commands that make the model of `run`: chips, training, release."""
    python = sys.executable
    folder, data = work / run.folder, work / run.folder / "data"
    first, last = budget.first_seed, budget.first_seed + budget.chips
    pierwatch = [python, "infer.py"]
    chips = [*pierwatch, "datasets", "render", str(data), "--first", str(first)]
    chips += ["--last", str(last), "--workers", "2"]
    if run.without:
        chips += ["--without", *run.without]
    lines = [chips]
    if run.real:
        lines.append(
            [
                python,
                "datasets/real/training_chips.py",
                str(root),
                str(data),
                "--count",
                str(run.real),
            ]
        )
    train = [*pierwatch, "train"]
    if (folder / "run" / "run.json").exists():
        train += ["--resume", str(folder / "run")]
    else:
        start = Path(run.start or budget.start)
        if start.suffix != ".yaml":
            start = weights / start
        if run.architecture:
            source, start = start, folder / "start.pt"
            architecture = f"datasets/real/{run.architecture}"
            transfer = [python, "datasets/real/transfer_weights.py", str(source), architecture]
            lines.append([*transfer, str(start)])
        train += ["--data", str(data / "dataset.yaml"), "--weights", str(start)]
        train += ["--out", str(folder / "run"), "--epochs", str(budget.epochs)]
        train += ["--batch", str(budget.batch), "--rate", str(budget.rate)]
        train += ["--seed", str(budget.seed), "--heads", "raw", *run.options]
    lines.append(train)
    release = [*pierwatch, "release", str(folder / "run" / "weights" / "last.pt")]
    release += [str(folder), "--name", "model", "--version", "0", "--container", "0.4"]
    lines.append([*release, "--hull", "0.4", "--data", f"ablation: {run.what}"])
    return lines


def trained(run: Run, budget: Budget, weights: Path, root: Path, work: Path) -> Path:
    """Train and release `run`; return the model, with thresholds set on rendered chips."""
    from cv.model_export.model_release import replace_model_card

    for command in commands(run, budget, weights.resolve(), root.resolve(), work.resolve()):
        subprocess.run(command, cwd=REPOSITORY, check=True)
    model = work / run.folder / "model.onnx"
    detector = Detector.load(model, threads=1)
    thresholds = []
    for kind in detector.card.classes:
        evaluations = evaluate_all(rendered(work / "fresh", kind, CALIBRATING, CHIPS, 1), detector)
        thresholds.append(round(min(0.9, max(0.05, balanced_threshold(evaluations))), 3))
    own = detector.models[0].card
    replace_model_card(
        model, own.measured(dict(zip(detector.card.classes, thresholds, strict=True)))
    )
    return model


def printed(plan: Plan) -> str:
    """Return the table of all entries."""
    known = figures.read()
    lines = [(line.name, line.what, known.get(line.name)) for line in (*plan.runs, *plan.scales)]
    planned = {line.name for line in (*plan.runs, *plan.scales)}
    lines += [(name, "model file", line) for name, line in known.items() if name not in planned]
    return figures.table(lines)


def main() -> None:
    """Measures or trains what the options name, and prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--measure", metavar="NAME", nargs="+", default=[],
                        help='names of working GSDs, or "scales" for all of them')  # fmt: skip
    parser.add_argument("--train", metavar="NAME", nargs="+", default=[], help="names of runs")
    parser.add_argument("--model", metavar="NAME=FILE", nargs="+", default=[],
                        help="ONNX models to measure, under these names")  # fmt: skip
    parser.add_argument("--root", type=Path, default=Path("../shared/real"), help="real scenes")
    parser.add_argument("--weights", type=Path, default=Path("../shared/weights"))
    parser.add_argument("--work", type=Path, default=Path("runs/ablation"))
    args = parser.parse_args()
    plan = Plan.read()
    unknown = set(args.measure) - {"scales", *(one.name for one in plan.scales)}
    if unknown:
        parser.error(f"--measure knows no {', '.join(sorted(unknown))}; see ablations.toml")
    for one in plan.scales:
        if one.name in args.measure or "scales" in args.measure:
            figures.record(measure_scale(one, args.root))
    for name in args.train:
        model = trained(plan.run(name), plan.budget, args.weights, args.root, args.work)
        figures.record(model_figures(name, model, args.root, args.work))
    for name, _, file in (entry.partition("=") for entry in args.model):
        figures.record(model_figures(name, Path(file), args.root, args.work))
    print(printed(plan))


if __name__ == "__main__":
    run(main)
