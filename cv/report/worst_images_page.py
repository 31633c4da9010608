"""HTML report of the worst images of an evaluation, in one self-contained file.

Images are embedded as JPEG, outlines as SVG; there are no scripts and no external resources.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np

from cv.evaluation.dataset_adapter import FALSE, FOUND, MISSED, annotate_errors, worst_images
from cv.evaluation.image_evaluation import ImageEvaluation
from cv.evaluation.metrics import CountMetrics
from cv.evaluation.metrics_table import bands_table, metrics_table
from cv.geometry.oriented_boxes import transform_geometry
from cv.io.atomic_files import atomic_output
from cv.io.terminal_text import quantity
from cv.labels.image_files import encode_jpeg, read_size, read_window
from cv.labels.labelled_image import LabelledImage
from cv.report.colours import MATCHES

_WINDOW_PX = 800
"""Larger images are cropped to a square of this side with the most errors, pixels."""
_MARGIN_PX = 24
"""Margin shown around the scored region, pixels."""
_MIN_WIDTH_PX = 640
"""Narrower images are magnified to at least this width."""
_LABELS = ((FOUND, "found"), (MISSED, "missed"), (FALSE, "counted, but nothing is there"))
_STYLE = """
:root { color-scheme: light dark; --ink: #16202a; --faint: #5c6b78; --paper: #fff; --rim: #d5dce2 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #f2f5f7; --faint: #9fb0bd; --paper: #10181f; --rim: #2a3944 } }
body { margin: 2rem auto; max-width: 84rem; padding: 0 1rem; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1rem; margin: .6rem 0 0; word-break: break-all }
p { margin: .2rem 0; color: var(--faint) } p b { color: var(--ink) }
pre { overflow-x: auto; font-size: 12.5px; border: 1px solid var(--rim); padding: .7rem 1rem }
.key span { margin-right: 1.6rem } .key svg { width: 26px; height: 12px; margin-right: .5rem }
.all { display: grid; grid-template-columns: repeat(auto-fill, minmax(24rem, 1fr)); gap: 1.6rem }
figure { margin: 0; break-inside: avoid } figure svg { width: 100%; height: auto; display: block }
polygon, .key line { fill: none; vector-effect: non-scaling-stroke }
.found { stroke-width: 1.3 } .missed { stroke-width: 2.2 }
.false { stroke-width: 2.2; stroke-dasharray: 5 3 }
""" + "\n".join(f".{kind} {{ stroke: {colour} }}" for kind, colour in MATCHES.items())


def write_worst_images(
    title: str, evaluations: Sequence[ImageEvaluation], path: str | Path, count: int = 24
) -> None:
    """Write an HTML report.

    Args:
        title: Title of the page.
        evaluations: Evaluations of one class and one model; the metrics are those of all of them.
        path: The HTML file.
        count: Number of worst images to show.

    Raises:
        DatasetError: An image cannot be read.
        InputError: `path` cannot be written.
    """
    shown = worst_images(evaluations, count)
    figures = "\n".join(_figure(number, evaluation) for number, evaluation in enumerate(shown, 1))
    legend = "".join(
        f'<span><svg viewBox="0 0 26 12"><line class="{kind}" x1="0" y1="6" x2="26" y2="6"/></svg>'
        f"{words}</span>"
        for kind, words in _LABELS
    )
    card, kind = evaluations[0].card, evaluations[0].sample.kind
    tables = (
        f"{metrics_table([(kind, CountMetrics.of(evaluations))])}\n\n{bands_table(evaluations)}"
    )
    text = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{escape(title)}</title><style>{_STYLE}</style></head><body>
<h1>{escape(title)}</h1>
<p>{escape(kind)}s, model {escape(card.name)} {escape(card.version)}, counted from a score of
{evaluations[0].threshold:g}; the {len(shown)} worst of {quantity(len(evaluations), "image")},
worst first</p>
<p class="key">{legend}</p>
<pre>{escape(tables)}</pre>
<div class="all">
{figures}
</div></body></html>
"""
    with atomic_output(path) as draft:
        draft.write_text(text, encoding="utf-8")


def _figure(number: int, evaluation: ImageEvaluation) -> str:
    """Return one image with outlines, and its counts below."""
    image = annotate_errors(evaluation)
    box = _shown(evaluation, image)
    size = (box[2] - box[0], box[3] - box[1])
    scale = max(1, -(-_MIN_WIDTH_PX // size[0]))
    pixels = read_window(evaluation.sample.path, box, (size[0] * scale, size[1] * scale))
    data = base64.b64encode(encode_jpeg(pixels)).decode("ascii")
    outlines = ""
    for shape in image.shapes:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (shape.outline - box[:2]).tolist())
        outlines += f'<polygon class="{shape.kind}" points="{points}"/>'
    counts = {kind: sum(shape.kind == kind for shape in image.shapes) for kind, _ in _LABELS}
    low, high = evaluation.estimate.low, evaluation.estimate.high
    cropped = "" if size == read_size(evaluation.sample.path) else ", a part is shown"
    return f"""<figure><svg viewBox="0 0 {size[0]} {size[1]}" role="img">
<image href="data:image/jpeg;base64,{data}" width="{size[0]}" height="{size[1]}"/>{outlines}</svg>
<figcaption><h2>{number}. {escape(evaluation.sample.name)}</h2>
<p><b>{evaluation.true}</b> true, <b>{evaluation.counted}</b> counted,
90 % interval {low:.0f} to {high:.0f}
({"holds" if evaluation.holds_truth else "misses"} the truth)</p>
<p>{counts[FOUND]} found, {counts[MISSED]} missed, {counts[FALSE]} false; {evaluation.gsd_m:.2f} m a
pixel{cropped}</p></figcaption></figure>"""


def _shown(evaluation: ImageEvaluation, image: LabelledImage) -> tuple[int, int, int, int]:
    """Return the shown part (left, top, right, bottom; pixels): the scored region.

    A larger region is cropped where the most errors are.
    """
    bounds = transform_geometry(evaluation.outline, evaluation.to_pixel).bounds
    image_size = np.array(read_size(evaluation.sample.path))
    low = np.clip(np.array(bounds[:2]) - _MARGIN_PX, 0, image_size)
    high = np.clip(np.array(bounds[2:]) + _MARGIN_PX, 0, image_size)
    side = np.minimum(high - low, _WINDOW_PX)
    errors = np.array([s.outline.mean(axis=0) for s in image.shapes if s.kind != FOUND])
    center = (low + high) / 2
    if len(errors):
        near = (np.abs(errors[:, None] - errors) <= side / 2).all(axis=2).sum(axis=1)
        center = errors[near.argmax()]  # the one with the most others in a window around it
    corner = np.clip(center - side / 2, low, high - side)
    (left, top), (right, bottom) = corner.astype(int).tolist(), (corner + side).astype(int).tolist()
    return left, top, right, bottom
