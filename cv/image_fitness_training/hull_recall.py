"""Recall of hulls by kind and strength of degradation, measured on rendered ports."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from cv.detector.model_zoo import HULL_MODEL, released_model
from cv.detector.onnx_model import OnnxModel
from cv.geometry.arrays import Float64Array
from cv.image_fitness.unfit_reasons import REASONS, FitnessReason
from cv.image_fitness_training.degradation_kinds import DegradedImage
from cv.image_fitness_training.detector_recall import found_objects
from cv.image_fitness_training.random_degradations import degrade_image, draw_degradation_kinds
from cv.image_fitness_training.recall_curves import RecallCurve
from cv.io.atomic_files import write_atomically
from cv.rendering.materials import Rng
from cv.rendering.renderer import Bytes
from cv.synthetic.chip_renderer import COARSE_GSD, render_chip
from cv.synthetic.degradations import effective_gsd

_REACH_PX = 20.0
"""Greatest distance of a detection from a hull's centre, pixels of 1.2 m."""
_FINER = 4
"""Pixels of the delivered image along one of the hull pass, for what depends on them."""
_PER_PIXEL = (FitnessReason.NOISY, FitnessReason.BLURRED)
_SEEDS = 99_000_000


@dataclass(frozen=True)
class HullTrial:
    """One hull in one degraded image."""

    kinds: str
    """Kinds of degradation, joined by "+"."""
    reason: int
    """Index of the strongest effect in REASONS."""
    severity: float
    """Its strength at the hull; the effective GSD (metres) for BLURRED."""
    found: bool
    """Whether it is detected."""


def write_hull_trials(path: Path, first: int, last: int, draws: int = 3) -> None:
    """Add the trials of the ports `first` to `last` - 1 to the JSON file `path`."""
    done: dict[str, list[list[object]]] = {}
    if path.exists():
        done = json.loads(path.read_text(encoding="utf-8"))
    cv2.setNumThreads(1)
    model = OnnxModel.load(released_model("pierwatch-n" + HULL_MODEL))
    for number in tqdm(range(first, last), desc="ports", disable=None, leave=False):
        if str(number) not in done:
            trials = _trials(number, model, draws)
            done[str(number)] = [[t.kinds, t.reason, t.severity, t.found] for t in trials]
            if number % 20 == 19:
                write_atomically(path, json.dumps(done))
    write_atomically(path, json.dumps(done))


def read_hull_trials(path: Path) -> list[HullTrial]:
    """Read the trials that `write_hull_trials` wrote."""
    record = json.loads(path.read_text(encoding="utf-8"))
    rows = [row for rows in record.values() for row in rows]
    return [HullTrial(str(k), int(r), float(s), bool(f)) for k, r, s, f in rows]


def hull_curves(trials: Iterable[HullTrial]) -> dict[str, RecallCurve]:
    """Return the curves by "kinds" and, for kinds with few trials, by "reason N"."""
    groups: dict[str, list[HullTrial]] = {}
    for trial in trials:
        for key in (trial.kinds, f"reason {trial.reason}"):
            groups.setdefault(key, []).append(trial)
    curves = {}
    for key, group in groups.items():
        if len(group) >= 40 or key.startswith("reason"):
            severity = np.array([trial.severity for trial in group])
            curves[key] = RecallCurve.fitted(severity, np.array([t.found for t in group], float))
    return curves


def _trials(number: int, model: OnnxModel, draws: int) -> list[HullTrial]:
    chip = render_chip(_SEEDS + number, coarse=True)
    corners = [item.corners for item in chip.targets if item.class_name == "hull"]
    if not corners:
        return []
    hulls = np.stack(corners)
    hulls = hulls[found_objects(model, chip.image, hulls, "hull", _REACH_PX)]
    rng, trials = np.random.default_rng([_SEEDS, number]), []
    for _ in range(draws):
        kinds, shown = _degraded(chip.image, rng)
        found = found_objects(model, shown.image, hulls, "hull", _REACH_PX)
        for quad, hit in zip(hulls, found.tolist(), strict=True):
            reason, severity = _severity(shown, quad)
            trials.append(HullTrial("+".join(kinds), reason, severity, hit))
    return trials


def _degraded(image: Bytes, rng: Rng) -> tuple[tuple[str, ...], DegradedImage]:
    """Degrade a port; what acts on pixels acts on those of a finer image."""
    kinds, seed = draw_degradation_kinds(rng), int(rng.integers(2**31))
    shown = degrade_image(image, kinds, seed, COARSE_GSD)
    if not any(reason in _PER_PIXEL for reason in shown.effects):
        return kinds, shown
    side = image.shape[0]
    fine = cv2.resize(image, (side * _FINER, side * _FINER), interpolation=cv2.INTER_LINEAR)
    shown = degrade_image(np.asarray(fine, np.uint8), kinds, seed, COARSE_GSD / _FINER)
    seen = cv2.resize(shown.image, (side, side), interpolation=cv2.INTER_AREA)
    effects = {
        name: value if isinstance(value, float) else value[::_FINER, ::_FINER]
        for name, value in shown.effects.items()
    }
    return kinds, DegradedImage(np.asarray(seen, np.uint8), effects, shown.blur_sigma_m)


def _severity(shown: DegradedImage, quad: Float64Array) -> tuple[int, float]:
    """Return the strongest effect on a hull and its severity."""
    side = shown.image.shape[0]
    low = np.clip(quad.min(0), 0, side - 1).astype(int)
    high = np.maximum(np.clip(quad.max(0), 0, side).astype(int), low + 1)
    best, strength = 0, 0.0
    for name, value in shown.effects.items():
        whole = np.broadcast_to(np.asarray(value, np.float32), (side, side))
        mean = float(whole[low[1] : high[1], low[0] : high[0]].mean())
        if mean > strength:
            best, strength = REASONS.index(name), mean
    if REASONS[best] is FitnessReason.BLURRED:
        return best, effective_gsd(0.3, shown.blur_sigma_m)
    return best, strength
