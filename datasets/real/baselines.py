"""The labelled real scenes, counted by Pierwatch and by what a user would pick today.

    python datasets/real/baselines.py ../shared/real --weights ../shared/weights
    python datasets/real/baselines.py ../shared/real --trained runs/peer/weights/last.pt
    python datasets/real/baselines.py                                # prints what was measured

DOTA checkpoints know no containers: the nearest class, "large vehicle", stands for them, alone or
with "small vehicle"; "ship" stands for hulls. Each is used in every sensible way (see peer.WAYS),
on the pixels as they are and, a favour that no user would do, on the image brought to 0.25 m
(containers) or 1.2 m (hulls); the best line of each peer is marked. Boxes count from the score that
the tool keeps by default (ultralytics 0.25, SAHI 0.3); "even" is the nMAE at the threshold at which
all images together have as many boxes as objects, which is chosen by the truth. What was measured
of the same model files is kept: a run that was broken off goes on where it was.

An ultralytics model trained the ordinary way on the same chips, to be counted through SAHI (extra
`peers`):

    python -m cv.synthetic.chip_dataset runs/peer-data --last 900 --workers 2
    yolo obb train model=yolo26n-obb.pt data=$PWD/runs/peer-data/dataset.yaml imgsz=640 epochs=12 \
        project=$PWD/runs name=peer                              # all else at its defaults
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
from baseline import MERGE, WAYS, Frame, Baseline, Sahi, Yolo, ours
from csv_records import cell, load, save
from labelled_scenes import CONTAINER, HULL, labelled_samples
from script_runner import run

RESULTS_CSV = Path(__file__).resolve().parent / "baselines.csv"
SCALES_M = {CONTAINER: FINE_GSD, HULL: COARSE_GSD}
"""To which images are brought for the peers' sake, metres a pixel."""
STANDS_FOR = {
    CONTAINER: (("container",), ("large vehicle",), ("large vehicle", "small vehicle")),
    HULL: (("hull",), ("ship",)),
}
"""Classes of a peer that are taken for ours."""
KEPT = {"sahi": 0.3, "yolo": 0.25}
"""Least score of what is counted: the tools' defaults."""
OURS = "pierwatch count"


@dataclass(frozen=True)
class ResultRow:
    """How one peer, used in one way, did on all images of one class."""

    kind: str
    """Class."""
    peer: str
    """Name of the model file."""
    way: str
    """How it was called."""
    pixels: str
    """As delivered, or metres a pixel."""
    classes: str
    """Its classes that were taken for ours."""
    date: str
    model: str
    """sha256 of the model file, hexadecimal."""
    images: int
    nmae: float
    bias: float
    even_nmae: float
    """At the threshold that is even over all images."""
    ap50: float
    recall: float
    precision: float
    seconds: float
    """Of CPU time, for all images, whole."""


@dataclass(frozen=True)
class Use:
    """One way to use one checkpoint."""

    name: str
    """Of the checkpoint."""
    way: str
    """How it is called."""
    gsd_m: float | None
    """To which images are brought, metres a pixel; None: as delivered."""
    model: str
    """sha256 of the checkpoint, hexadecimal."""
    load: Callable[[], Baseline]
    """Makes the peer."""
    card: ModelCard
    """Our classes, and the threshold of the tool."""

    @property
    def pixels(self) -> str:
        """What it is given, in words."""
        return "as delivered" if self.gsd_m is None else f"{self.gsd_m:g} m"


def uses(kind: str, checkpoints: Sequence[Path], sahi: bool) -> Iterator[Use]:
    """All uses of all `checkpoints` for objects of `kind`."""
    for gsd, checkpoint in product((None, SCALES_M[kind]), checkpoints):
        digest = file_digest(checkpoint)
        name = checkpoint.parents[1].name if checkpoint.stem == "best" else checkpoint.stem
        for way in WAYS:
            yield Use(name, way, gsd, digest, partial(Yolo.load, checkpoint, way), card_of("yolo"))
        if sahi:
            load = partial(Sahi.load, checkpoint)
            yield Use(name, "SAHI 640", gsd, digest, load, card_of("sahi"))


def pierwatch_row(kind: str, samples: Sequence[EvaluationSample], detector: Detector) -> ResultRow:
    """Pierwatch's."""
    evaluations, start, looking = [], time.process_time(), detector.only(kind)
    for sample in tqdm(samples, unit="image", disable=None, leave=False):
        with Scene.open(sample.path, sample.gsd_m) as scene:
            found = ours(scene, looking)
            evaluations.append(score_detections(sample, scene.grid, found, looking.card))
    seconds = time.process_time() - start
    gsd = f"{detector.card.pass_for(kind).gsd_m:g} m"
    return _line(kind, (detector.card.name, OURS, gsd, kind), detector.digest, evaluations, seconds)


def baseline_rows(kind: str, samples: Sequence[EvaluationSample], use: Use) -> Iterator[ResultRow]:
    """Those of `use` for all of its classes that may stand for `kind`."""
    peer = use.load()
    answers, start = [], time.process_time()
    for sample in tqdm(samples, unit="image", disable=None, leave=False):
        with Scene.open(sample.path, sample.gsd_m) as scene:
            frame = Frame.of(scene, use.gsd_m)
            to_ground = scene.grid.local_plane().from_pixel @ frame.to_pixel
            answers.append((sample, scene.grid, peer.answer(frame).transformed(to_ground)))
    seconds = time.process_time() - start
    for classes in STANDS_FOR[kind]:
        known = [index for index, own in peer.names.items() if own in classes]
        if len(known) == len(classes):
            evaluations = [
                score_detections(sample, grid, taken_for(kind, found, known, use.card), use.card)
                for sample, grid, found in answers
            ]
            words = (use.name, use.way, use.pixels, " + ".join(classes))
            yield _line(kind, words, use.model, evaluations, seconds)


def taken_for(kind: str, found: Detections, known: Sequence[int], card: ModelCard) -> Detections:
    """Those of the classes `known` as `kind` of `card`, each object once."""
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
        kind, *words, today, digest, len(evaluations), metrics.nmae, metrics.bias, even.nmae, metrics.ap50,
        metrics.recall, metrics.precision, seconds,
    )  # fmt: skip


def card_of(tool: str) -> ModelCard:
    """A card for a peer: our classes, the threshold of its tool, no calibration."""
    card = Detector.load().card
    return replace(card, name=tool, thresholds=(KEPT[tool],) * len(card.classes), calibrations=())


def measure(kind: str, root: Path, every: Sequence[Use], again: bool) -> None:
    """Measures what is not known yet of objects of `kind`, and keeps each line as it comes."""
    samples = [sample for sample in labelled_samples(root) if sample.kind == kind]
    detector = Detector.load(threads=1)
    for use in (*every, None):
        way, pixels = (use.way, use.pixels) if use else (OURS, "")
        model = use.model if use else detector.digest
        lines = load(ResultRow, RESULTS_CSV)
        known = [
            line
            for line in lines
            if (line.kind, line.way) == (kind, way)
            and (not use or (line.model, line.pixels) == (model, pixels))
        ]
        if known and known[0].model == model and not again:
            continue
        found = list(baseline_rows(kind, samples, use)) if use else [pierwatch_row(kind, samples, detector)]
        for line in found:
            print(_row(line), flush=True)
        save([line for line in lines if line not in known] + found, RESULTS_CSV)


def table(lines: Sequence[ResultRow]) -> str:
    """A line each; * metrics the least nMAE of a peer in its class, with how it compares to ours."""
    head = (
        f"{'peer':<16} {'way':<16} {'pixels':<13} {'taken for it':<30} {'nMAE':>6} {'bias':>7} "
        f"{'even':>6} {'AP50':>6} {'recall':>7} {'precision':>9} {'CPU s':>5}"
    )
    rows = []
    for kind in (CONTAINER, HULL):
        here = sorted((line for line in lines if line.kind == kind), key=lambda o: o.way != OURS)
        rows += [f"{kind}s, {here[0].images} images", head] if here else []
        own = next((line.nmae for line in here if line.way == OURS), float("nan"))
        for line in here:
            same = [o for o in here if (o.peer, _tool(o)) == (line.peer, _tool(line))]
            best = line.way != OURS and line is min(same, key=lambda other: other.nmae)
            rows.append(_row(line) + (f" * {line.nmae / own:.1f} x ours" if best else ""))
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
    """Measures if a root is given; prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("root", type=Path, nargs="?", help="real scenes; without: print only")
    parser.add_argument("--weights", type=Path, default=Path("../shared/weights"),
                        help="folder of DOTA checkpoints, *-obb.pt")  # fmt: skip
    parser.add_argument("--trained", type=Path, nargs="*", default=[], help="more checkpoints")
    parser.add_argument("--kind", choices=(CONTAINER, HULL), help="only these")
    parser.add_argument("--again", action="store_true", help="measure what is known, too")
    parser.add_argument("--no-sahi", action="store_true", help="leave SAHI out")
    args = parser.parse_args()
    checkpoints = (*sorted(args.weights.glob("*-obb.pt")), *args.trained)
    for kind in ((args.kind,) if args.kind else (CONTAINER, HULL)) if args.root else ():
        every = list(uses(kind, checkpoints, not args.no_sahi))
        measure(kind, args.root, every, args.again)
    print(table(load(ResultRow, RESULTS_CSV)))


if __name__ == "__main__":
    run(main)
