"""Evaluations and metrics as text tables, for a terminal and for model cards."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cv.evaluation.box_matching import DetectionMatches
from cv.evaluation.image_evaluation import ImageEvaluation
from cv.evaluation.metrics import CountMetrics, matches_by_gsd, matches_by_width

_MIN_WIDTH = 30
"""Narrowest column of names, characters."""


def images_table(evaluations: Sequence[ImageEvaluation]) -> str:
    """Return a table with a line per image."""
    width = max([_MIN_WIDTH, *(len(evaluation.sample.name) for evaluation in evaluations)])
    head = (
        f"{'image':<{width}} {'GSD m':>6} {'true':>6} {'count':>6} {'interval':>13} "
        f"{'recall':>7} {'precision':>9} {'AP50':>6}"
    )
    return "\n".join([head, *(_line(evaluation, width) for evaluation in evaluations)])


def _line(evaluation: ImageEvaluation, width: int) -> str:
    low, high = evaluation.estimate.low, evaluation.estimate.high
    matches, threshold = evaluation.matches, evaluation.threshold
    return (
        f"{evaluation.sample.name:<{width}} {evaluation.gsd_m:>6.2f} "
        f"{evaluation.true:>6} {evaluation.counted:>6} "
        f"{f'{low:.0f} to {high:.0f}':>13} {_number(matches.recall(threshold)):>7} "
        f"{_number(matches.precision(threshold)):>9} {_number(matches.average_precision()):>6}"
    )


def metrics_table(rows: Sequence[tuple[str, CountMetrics]]) -> str:
    """Return a table with a line per named set of metrics."""
    width = max([_MIN_WIDTH, *(len(name) for name, _ in rows)])
    head = (
        f"{'':<{width}} {'images':>6} {'true':>6} {'count':>6} {'nMAE':>6} {'bias':>7} {'AP50':>6} "
        f"{'AP':>6} {'recall':>7} {'precision':>9} {'stacks':>7} {'coverage':>8}"
    )
    return "\n".join([head, *(_metrics_line(name, metrics, width) for name, metrics in rows)])


def _metrics_line(name: str, m: CountMetrics, width: int) -> str:
    return (
        f"{name:<{width}} {m.images:>6} {m.true:>6} {m.counted:>6} {_number(m.nmae):>6} "
        f"{_number(m.bias, '+'):>7} {_number(m.ap50):>6} {_number(m.ap50_95):>6} "
        f"{_number(m.recall):>7} {_number(m.precision):>9} {_number(m.stack_error):>7} "
        f"{_number(m.coverage):>8}"
    )


def bands_table(evaluations: Sequence[ImageEvaluation]) -> str:
    """Return a table with a line per band of GSD and of object width."""
    bands = [*matches_by_gsd(evaluations), *matches_by_width(evaluations)]
    head = f"{'':<30} {'true':>6} {'AP50':>6} {'AP':>6} {'recall':>7} {'precision':>9}"
    threshold = evaluations[0].threshold if evaluations else 0.5
    return "\n".join([head, *(_band_line(name, one, threshold) for name, one in bands)])


def _band_line(name: str, matches: DetectionMatches, threshold: float) -> str:
    average, mean = matches.average_precision(), matches.mean_average_precision()
    recall, precision = matches.recall(threshold), matches.precision(threshold)
    return (
        f"{name:<30} {len(matches):>6} {_number(average):>6} {_number(mean):>6} "
        f"{_number(recall):>7} {_number(precision):>9}"
    )


def _number(value: float, sign: str = "") -> str:
    return "-" if math.isnan(value) else f"{value:{sign}.3f}"
