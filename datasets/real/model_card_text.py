"""Write the model card in words and measured tables: weights/pierwatch-n.md.

    python datasets/real/model_card_text.py ../shared/real
    python datasets/real/model_card_text.py ../shared/real --model runs/x.onnx --page runs/x.md

Counts the labelled real scenes, and adds the results of intervals.py, false_containers.py and
baselines.py for this model (by its sha256). Run those three first; missing results are marked.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cv import Detector
from cv.detector.model_card import ModelCard
from cv.detector.model_zoo import default_model
from cv.evaluation.image_evaluation import ImageEvaluation
from cv.evaluation.metrics import CountMetrics
from cv.evaluation.metrics_table import bands_table, images_table
from cv.io.atomic_files import write_atomically

sys.path.insert(0, str(Path(__file__).resolve().parent))
import baselines
import false_containers
import intervals
from csv_records import read_rows, rows_of_model
from labelled_scenes import CONTAINER, HULL, MIN_HULL_M, SHIPS_GSD_M
from measure import evaluate_scenes, summary
from script_runner import run

_USE = """\
## What it is for

Counting shipping containers (visible roofs) and ship hulls in overhead scenes of piers, yards,
gates and rail terminals, as dated counts with intervals: satellite and aerial images of {low:g} to
{high:g} m a pixel, in natural colours or grey, seen from above or nearly so. It detects
{passes}. An analyst is meant to see the picture beside the number.

It is not meant for single containers in scenes coarser than {high:g} m, for tiers below the top one
(they are not visible), for radar, infrared or oblique pictures, for distinguishing full from empty
containers or their owners, nor for any decision about people.
"""
_DATA = """\
## What it was trained on

{data}

Licence of the weights: {licence}. Images for non-commercial use, among them most of the scenes
below, were used for evaluation only.
"""
_READING = """\
nMAE is the sum of the absolute errors of the images' counts over the number of objects, bias the
same with its sign; AP50 and AP the average precision at rotated IoUs of 0.5, and of 0.50 to 0.95;
recall and precision are at the shipped thresholds ({thresholds}) and IoU 0.5; *stacks* the mean
relative error of groups that touch; *coverage* how often the 90 % interval contained the truth.

The thresholds were chosen on these scenes (as many detections as objects), and the intervals were
fitted on them in part. Results with a threshold and intervals fitted without the scene are in the
rows *cross-fitted* of the table of intervals.
"""


def page(detector: Detector, evaluations: Sequence[ImageEvaluation]) -> str:
    """Return the card as Markdown."""
    card, digest = detector.card, detector.digest
    parts = [
        f"# {card.name} {card.version}\n",
        _facts(card, digest),
        _use(card),
        _DATA.format(data=card.training_data, licence=card.licence),
        _counts(card, evaluations),
        _section(
            "Intervals",
            "90 % intervals on fresh rendered chips, and on real scenes cut into windows. "
            "*Cross-fitted*: every scene is evaluated with intervals fitted without it; "
            "*shipped*: those of the model, which were also fitted on the real scenes. *Width*: "
            "sum of the interval widths over the number of objects; *busy*: samples with objects.",
            _of(digest, intervals.ResultRow, intervals.RESULTS_CSV, intervals.table),
        ),
        _section(
            "Piers without containers",
            "False containers on piers without containers; the aim is at most one a hectare.",
            _of(
                digest,
                false_containers.ResultRow,
                false_containers.RESULTS_CSV,
                false_containers.table,
            ),
        ),
        _section(
            "Compared with baselines",
            "DOTA checkpoints of ultralytics, and one that was trained in the usual way on 900 "
            "rendered chips (*peer*), run in several ways on the same images. *x Pierwatch*: the "
            "nMAE of the best way of each over that of Pierwatch, each at its own threshold; that "
            "of Pierwatch was set on these scenes. *even* is the nMAE at the best common "
            "threshold, chosen by the labels. `datasets/real/baselines.py` describes each use.",
            _baselines(digest),
        ),
        _limits(evaluations),
    ]
    return "\n".join(parts)


def _facts(card: ModelCard, digest: str) -> str:
    return (
        f"Oriented boxes of {' and '.join(card.classes)}, ONNX, {card.tile_px} px tiles, CPU. "
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `datasets/real/model_card_text.py`.\n\n"
        f"sha256 `{digest}` (of several files: of their digests in this order)\n"
    )


def _use(card: ModelCard) -> str:
    low, high = card.gsd_range_m
    passes = " and ".join(f"{one.classes[0]}s at {one.gsd_m:g} m" for one in card.passes)
    return _USE.format(low=low, high=high, passes=passes)


def _counts(card: ModelCard, evaluations: Sequence[ImageEvaluation]) -> str:
    pairs = zip(card.classes, card.thresholds, strict=True)
    text = "## How well it counts\n\n" + _READING.format(
        thresholds=", ".join(f"{kind} {threshold:g}" for kind, threshold in pairs)
    )
    text += f"\n{_code(summary(list(evaluations)))}\n"
    for kind in (CONTAINER, HULL):
        chosen = [evaluation for evaluation in evaluations if evaluation.sample.kind == kind]
        if chosen:
            text += f"\n{kind.capitalize()}s, image by image, then by coarseness and width:\n\n"
            text += f"{_code(images_table(chosen))}\n\n{_code(bands_table(chosen))}\n"
    return text


def _limits(evaluations: Sequence[ImageEvaluation]) -> str:
    boxes = [
        evaluation
        for evaluation in evaluations
        if evaluation.sample.kind == CONTAINER and evaluation.true
    ]
    hulls = [evaluation for evaluation in evaluations if evaluation.sample.kind == HULL]
    lines = ["## Limits\n"]
    if boxes:
        worst = max(
            boxes,
            key=lambda evaluation: abs(evaluation.counted - evaluation.true) / evaluation.true,
        )
        lines.append(
            f"- {len(boxes)} real scenes with containers are few. The worst is "
            f"{worst.sample.name} ({worst.gsd_m:.2f} m a pixel): {worst.counted} counted of "
            f"{worst.true}. Errors of scenes cancel in part in the totals above."
        )
    if hulls:
        metrics = CountMetrics.of(hulls)
        lines.append(
            f"- Hulls are evaluated from {MIN_HULL_M:g} m on, in images whose scale is assumed "
            f"({SHIPS_GSD_M:g} m): {metrics.recall:.0%} of {metrics.true} are found, "
            f"{metrics.precision:.0%} of what is reported is one; where both agree, the length is "
            f"off by {metrics.length_error:.1%} (median)."
        )
    lines.append("- Clouds are not recognized: without a cloud mask they count as visible ground.")
    lines.append(
        "- Containers aboard ships: their number is given; its error was not measured on real "
        "scenes."
    )
    lines.append("- These scenes were seen while the renderer was improved.")
    return "\n".join(lines) + "\n"


def _baselines(digest: str) -> str:
    lines = read_rows(baselines.ResultRow, baselines.RESULTS_CSV)
    if not any(line.model == digest for line in lines):
        return ""
    return baselines.table(lines)


def _of(digest: str, kind: type, path: Path, table: Callable[[Sequence[Any]], str]) -> str:
    """Return the table of the model's measured rows; empty without rows."""
    lines = rows_of_model(kind, path, digest)
    return table(lines) if lines else ""


def _section(title: str, words: str, table: str) -> str:
    return f"## {title}\n\n{words}\n\n{_code(table) if table else 'Not measured for this model.'}\n"


def _code(table: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in table.splitlines())


def main() -> None:
    """Count and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("root", type=Path, help="real scenes")
    parser.add_argument("--model", type=Path, help="ONNX model; default: the released one")
    parser.add_argument("--page", type=Path, help="file to write; default: beside the model")
    args = parser.parse_args()
    detector = Detector.load(args.model)
    target = args.page or (args.model or default_model()).with_suffix(".md")
    write_atomically(
        target, page(detector, evaluate_scenes(args.root, detector, detector.card.classes))
    )
    print(target)


if __name__ == "__main__":
    run(main)
