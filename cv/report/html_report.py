"""A page to pass round: the worst images of an evaluation as one HTML file.

Pictures lie in it as JPEG data, outlines as SVG over them; it runs no script and loads nothing.
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
from cv.geometry.arrays import Float64Array
from cv.geometry.oriented_boxes import transform_geometry
from cv.labels.image_files import encode_jpeg, read_size, read_window
from cv.labels.labelled_image import LabelledImage, LabelledShape
from cv.report.output_file import report_path

_WINDOW_PX = 800
"""Of larger images a square of this side is shown, where most went wrong."""
_RIM_PX = 24
"""What is shown around the part that was judged, pixels."""
_LEAST_PX = 640
"""Smaller pictures are magnified to at least this width."""
_MEANING = ((FOUND, "found"), (MISSED, "missed"), (FALSE, "counted, but nothing is there"))
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
.found { stroke: #35d0ff; stroke-width: 1.3 }
.missed { stroke: #ffe600; stroke-width: 2.2 }
.false { stroke: #ff3bb5; stroke-width: 2.2; stroke-dasharray: 5 3 }
"""


def write_worst_images(
    title: str, exams: Sequence[ImageEvaluation], path: str | Path, count: int = 24
) -> None:
    """Writes `exams`, which are of one class and one model, as the HTML file `path`, worst first.

    The totals are of all exams, the pictures of the `count` worst. Raises DatasetError where an
    image cannot be read and InputError where `path` cannot be written.
    """
    shown = worst_images(exams, count)
    figures = "\n".join(_figure(number, exam) for number, exam in enumerate(shown, 1))
    card, kind = exams[0].card, exams[0].sample.kind
    tables = f"{metrics_table([(kind, CountMetrics.of(exams))])}\n\n{bands_table(exams)}"
    text = f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{escape(title)}</title><style>{_STYLE}</style></head><body>
<h1>{escape(title)}</h1>
<p>{escape(kind)}s, model {escape(card.name)} {escape(card.version)}, counted from a score of
{exams[0].threshold:g}; the {len(shown)} worst of {len(exams)} images, worst first</p>
<p class="key">{_key()}</p>
<pre>{escape(tables)}</pre>
<div class="all">
{figures}
</div></body></html>
"""
    with report_path(path) as draft:
        draft.write_text(text, encoding="utf-8")


def _key() -> str:
    return "".join(
        f'<span><svg viewBox="0 0 26 12"><line class="{kind}" x1="0" y1="6" x2="26" y2="6"/></svg>'
        f"{words}</span>"
        for kind, words in _MEANING
    )


def _figure(number: int, exam: ImageEvaluation) -> str:
    """One image: its picture with outlines, and below it what was counted."""
    image = annotate_errors(exam)
    box = _shown(exam, image)
    size = (box[2] - box[0], box[3] - box[1])
    scale = max(1, -(-_LEAST_PX // size[0]))
    pixels = read_window(exam.sample.path, box, (size[0] * scale, size[1] * scale))
    data = base64.b64encode(encode_jpeg(pixels)).decode("ascii")
    outlines = "".join(_polygon(shape, np.array(box[:2])) for shape in image.shapes)
    counts = {kind: sum(shape.kind == kind for shape in image.shapes) for kind, _ in _MEANING}
    low, high = exam.estimate.low, exam.estimate.high
    part = "" if size == read_size(exam.sample.path) else ", a part is shown"
    return f"""<figure><svg viewBox="0 0 {size[0]} {size[1]}" role="img">
<image href="data:image/jpeg;base64,{data}" width="{size[0]}" height="{size[1]}"/>{outlines}</svg>
<figcaption><h2>{number}. {escape(exam.sample.name)}</h2>
<p><b>{exam.true}</b> true, <b>{exam.counted}</b> counted, 90 % interval {low:.0f} to {high:.0f}
({"holds" if exam.holds_truth else "misses"} the truth)</p>
<p>{counts[FOUND]} found, {counts[MISSED]} missed, {counts[FALSE]} false; {exam.gsd_m:.2f} m a
pixel{part}</p></figcaption></figure>"""


def _shown(exam: ImageEvaluation, image: LabelledImage) -> tuple[int, int, int, int]:
    """The part that is shown (left, top, right, bottom; pixels) of `image`, that of `exam`.

    That is what was judged; of a larger area the part where most went wrong.
    """
    whole = np.array([[0, 0], read_size(exam.sample.path)])
    judged = np.array(transform_geometry(exam.outline, exam.to_pixel).bounds).reshape(2, 2)
    low, high = np.clip(judged + np.array([[-_RIM_PX], [_RIM_PX]]), *whole)
    side = np.minimum(high - low, _WINDOW_PX)
    wrong = [s.outline.mean(axis=0) for s in image.shapes if s.kind != FOUND]
    middle = _crowded(np.array(wrong), side) if wrong else (low + high) / 2
    corner = np.clip(middle - side / 2, low, high - side)
    (left, top), (right, bottom) = corner.astype(int).tolist(), (corner + side).astype(int).tolist()
    return left, top, right, bottom


def _crowded(points: Float64Array, side: Float64Array) -> Float64Array:
    """The one of `points` (n, 2) with the most others in a window of `side` around it."""
    near = (np.abs(points[:, None] - points[None]) <= side / 2).all(axis=2).sum(axis=1)
    chosen: Float64Array = points[int(near.argmax())]
    return chosen


def _polygon(shape: LabelledShape, corner: Float64Array) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (shape.outline - corner).tolist())
    return f'<polygon class="{shape.kind}" points="{points}"/>'
