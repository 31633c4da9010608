"""Count the labelled real scenes with Pierwatch and with baselines that a user could choose today.

    python datasets/real/baselines.py ../shared/real --weights ../shared/weights
    python datasets/real/baselines.py ../shared/real --trained runs/peer/weights/last.pt
    python datasets/real/baselines.py                                # prints results

DOTA checkpoints have no class for containers: the most similar, "large vehicle", is used, alone
or with "small vehicle"; "ship" is used for hulls. Each checkpoint is run in every sensible way
(see baseline.WAYS), on the pixels as delivered and, as a favour to it, on the image resampled to
0.25 m (containers) or 1.2 m (hulls); the best row of each is marked. Boxes count from the default
score of the tool (ultralytics 0.25, SAHI 0.3). "even" is the nMAE at the threshold at which all
images together have as many boxes as objects, which only the labels reveal. Existing results of
the same model files are kept: an interrupted run continues where it was.

To train an ultralytics model in the usual way on the same chips, to be run through SAHI (extra
`peers`):

    pierwatch datasets render runs/peer-data --last 900 --workers 2
    yolo obb train model=yolo26n-obb.pt data=$PWD/runs/peer-data/dataset.yaml imgsz=640 epochs=12 \
        project=$PWD/runs name=peer                              # otherwise defaults
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
from tqdm import tqdm

from cv import Detector, Scene
from cv.detector.detections import Detections
from cv.detector.model_card import ModelCard
from cv.detector.nms import non_maximum_suppression
from cv.evaluation.image_evaluation import EvaluationSample, ImageEvaluation, score_detections
from cv.evaluation.metrics import CountMetrics, balanced_threshold
from cv.io.hashing import file_digest
from cv.synthetic.chip_renderer import COARSE_GSD, FINE_GSD

sys.path.insert(0, str(Path(__file__).resolve().parent))
from baseline import MERGE, WAYS, Baseline, Frame, Sahi, Yolo, pierwatch_detections
from csv_records import cell, read_rows, write_rows
from labelled_scenes import CONTAINER, HULL, labelled_samples
from script_runner import run

RESULTS_CSV = Path(__file__).resolve().parent / "baselines.csv"
SCALES_M = {CONTAINER: FINE_GSD, HULL: COARSE_GSD}
"""GSD that images are resampled to for the baselines, metres a pixel."""
EQUIVALENT_CLASSES = {
    CONTAINER: (("container",), ("large vehicle",), ("large vehicle", "small vehicle")),
    HULL: (("hull",), ("ship",)),
}
"""Classes of a baseline that are counted as containers and as hulls."""
DEFAULT_SCORES = {"sahi": 0.3, "yolo": 0.25}
"""Minimum scores of the tools by default."""
PIERWATCH = "pierwatch count"


@dataclass(frozen=True)
class ResultRow:
    """The result of one baseline, run in one way, on all images of one class."""

    kind: str
    """Class."""
    peer: str
    """Name of the model file."""
    way: str
    """How it was run."""
    pixels: str
    """As delivered, or metres a pixel."""
    classes: str
    """Its classes that were counted."""
    date: str
    model: str
    """sha256 of the model file, hexadecimal."""
    images: int
    nmae: float
    bias: float
    even_nmae: float
    """At the threshold where all images have as many detections as objects."""
    ap50: float
    recall: float
    precision: float
    seconds: float
    """CPU time for all images, seconds."""


@dataclass(frozen=True)
class Use:
    """One way to run one checkpoint."""

    name: str
    """Name of the checkpoint."""
    way: str
    """How it is run."""
    gsd_m: float | None
    """GSD that images are resampled to, metres a pixel; None: as delivered."""
    model: str
    """sha256 of the checkpoint, hexadecimal."""
    load: Callable[[], Baseline]
    """Loads the baseline."""
    card: ModelCard
    """Card with the classes of Pierwatch and the threshold of the tool."""

    @property
    def pixels(self) -> str:
        """The pixels it gets, in words."""
        return "as delivered" if self.gsd_m is None else f"{self.gsd_m:g} m"


def uses(kind: str, checkpoints: Sequence[Path], sahi: bool) -> Iterator[Use]:
    """Yield all uses of all `checkpoints` for objects of `kind`."""
    for gsd, checkpoint in product((None, SCALES_M[kind]), checkpoints):
        digest = file_digest(checkpoint)
        name = checkpoint.parents[1].name if checkpoint.stem == "best" else checkpoint.stem
        for way in WAYS:
            yield Use(name, way, gsd, digest, partial(Yolo.load, checkpoint, way), card_of("yolo"))
        if sahi:
            load = partial(Sahi.load, checkpoint)
            yield Use(name, "SAHI 640", gsd, digest, load, card_of("sahi"))


def pierwatch_row(kind: str, samples: Sequence[EvaluationSample], detector: Detector) -> ResultRow:
    """Evaluate Pierwatch."""
    evaluations, start, chosen = [], time.process_time(), detector.only(kind)
    for sample in tqdm(samples, unit="image", disable=None, leave=False):
        with Scene.open(sample.path, sample.gsd_m) as scene:
            found = pierwatch_detections(scene, chosen)
            evaluations.append(score_detections(sample, scene.grid, found, chosen.card))
    seconds = time.process_time() - start
    gsd = f"{detector.card.pass_for(kind).gsd_m:g} m"
    return _line(
        kind, (detector.card.name, PIERWATCH, gsd, kind), detector.digest, evaluations, seconds
    )


def baseline_rows(kind: str, samples: Sequence[EvaluationSample], use: Use) -> Iterator[ResultRow]:
    """Evaluate `use`, once for each choice of its classes that may stand for `kind`."""
    baseline = use.load()
    results, start = [], time.process_time()
    for sample in tqdm(samples, unit="image", disable=None, leave=False):
        with Scene.open(sample.path, sample.gsd_m) as scene:
            frame = Frame.of(scene, use.gsd_m)
            to_ground = scene.grid.local_plane().from_pixel @ frame.to_pixel
            results.append((sample, scene.grid, baseline.detect(frame).transformed(to_ground)))
    seconds = time.process_time() - start
    for classes in EQUIVALENT_CLASSES[kind]:
        known = [index for index, own in baseline.names.items() if own in classes]
        if len(known) == len(classes):
            evaluations = [
                score_detections(sample, grid, relabel(kind, found, known, use.card), use.card)
                for sample, grid, found in results
            ]
            words = (use.name, use.way, use.pixels, " + ".join(classes))
            yield _line(kind, words, use.model, evaluations, seconds)


def relabel(kind: str, found: Detections, known: Sequence[int], card: ModelCard) -> Detections:
    """Return the detections of the classes `known` as class `kind`, without duplicates."""
    chosen = found[np.isin(found.classes, known)]
    classes = np.full(len(chosen), card.classes.index(kind), np.int64)
    return (
        non_maximum_suppression(replace(chosen, classes=classes), MERGE)
        if len(known) > 1
        else replace(chosen, classes=classes)
    )


def _line(
    kind: str,
    words: tuple[str, str, str, str],
    digest: str,
    evaluations: Sequence[ImageEvaluation],
    seconds: float,
) -> ResultRow:
    metrics = CountMetrics.of(evaluations)
    threshold = balanced_threshold(evaluations)
    even = CountMetrics.of([evaluation.at(threshold) for evaluation in evaluations])
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    return ResultRow(
        *(kind, *words, today, digest, len(evaluations)),
        *(metrics.nmae, metrics.bias, even.nmae, metrics.ap50),
        *(metrics.recall, metrics.precision, seconds),
    )


def card_of(tool: str) -> ModelCard:
    """Return a card for a baseline: the threshold of its tool, no calibration."""
    card = Detector.load().card
    return replace(
        card, name=tool, thresholds=(DEFAULT_SCORES[tool],) * len(card.classes), calibrations=()
    )


def measure(kind: str, root: Path, every: Sequence[Use], again: bool) -> None:
    """Measure all uses without a result for objects of `kind`, and store each result at once."""
    samples = [sample for sample in labelled_samples(root) if sample.kind == kind]
    detector = Detector.load(threads=1)
    for use in (*every, None):
        way, pixels = (use.way, use.pixels) if use else (PIERWATCH, "")
        model = use.model if use else detector.digest
        lines = read_rows(ResultRow, RESULTS_CSV)
        known = [
            line
            for line in lines
            if (line.kind, line.way) == (kind, way)
            and (not use or (line.model, line.pixels) == (model, pixels))
        ]
        if known and known[0].model == model and not again:
            continue
        found = (
            list(baseline_rows(kind, samples, use))
            if use
            else [pierwatch_row(kind, samples, detector)]
        )
        for line in found:
            print(_row(line), flush=True)
        write_rows([line for line in lines if line not in known] + found, RESULTS_CSV)


def table(lines: Sequence[ResultRow]) -> str:
    """Format the rows; * marks the best of each baseline, with its nMAE relative to Pierwatch."""
    head = (
        f"{'model':<16} {'way':<16} {'pixels':<13} {'counted classes':<30} {'nMAE':>6} {'bias':>7} "
        f"{'even':>6} {'AP50':>6} {'recall':>7} {'precision':>9} {'CPU s':>5}"
    )
    rows = []
    for kind in (CONTAINER, HULL):
        here = sorted(
            (line for line in lines if line.kind == kind), key=lambda o: o.way != PIERWATCH
        )
        rows += [f"{kind}s, {here[0].images} images", head] if here else []
        own = next((line.nmae for line in here if line.way == PIERWATCH), float("nan"))
        for line in here:
            same = [o for o in here if (o.peer, _tool(o)) == (line.peer, _tool(line))]
            best = line.way != PIERWATCH and line is min(same, key=lambda other: other.nmae)
            rows.append(_row(line) + (f" * {line.nmae / own:.1f} x Pierwatch" if best else ""))
        rows.append("")
    return "\n".join(rows).rstrip()


def _tool(line: ResultRow) -> str:
    return line.way.split()[0] if line.way.startswith("SAHI") else "ultralytics"


def _row(line: ResultRow) -> str:
    peer = line.peer.split(" + ")[0][:16]
    return (
        f"{peer:<16} {line.way:<16} {line.pixels:<13} {line.classes[:30]:<30} "
        f"{cell(line.nmae, '.3f'):>6} {cell(line.bias, '+.3f'):>7} "
        f"{cell(line.even_nmae, '.3f'):>6} {cell(line.ap50, '.3f'):>6} "
        f"{cell(line.recall, '.3f'):>7} {cell(line.precision, '.3f'):>9} {line.seconds:>5.0f}"
    )


def main() -> None:
    """Measure if a root is given; print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("root", type=Path, nargs="?", help="real scenes; without: print only")
    parser.add_argument("--weights", type=Path, default=Path("../shared/weights"),
                        help="folder of DOTA checkpoints, *-obb.pt")  # fmt: skip
    parser.add_argument("--trained", type=Path, nargs="*", default=[], help="more checkpoints")
    parser.add_argument("--kind", choices=(CONTAINER, HULL), help="only these")
    parser.add_argument("--again", action="store_true", help="measure existing results again")
    parser.add_argument("--no-sahi", action="store_true", help="leave SAHI out")
    args = parser.parse_args()
    checkpoints = (*sorted(args.weights.glob("*-obb.pt")), *args.trained)
    for kind in ((args.kind,) if args.kind else (CONTAINER, HULL)) if args.root else ():
        every = list(uses(kind, checkpoints, not args.no_sahi))
        measure(kind, args.root, every, args.again)
    print(table(read_rows(ResultRow, RESULTS_CSV)))


if __name__ == "__main__":
    run(main)
