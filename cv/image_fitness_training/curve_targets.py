"""Samples whose recall is that of curves: any ground, degraded on the fly, without a detector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from cv.geometry.arrays import Float32Array, Float64Array
from cv.image_fitness.unfit_reasons import REASONS, FitnessReason
from cv.image_fitness_training.degradation_kinds import KINDS, Effects
from cv.image_fitness_training.ground_images import GroundPool
from cv.image_fitness_training.random_degradations import degrade_image
from cv.image_fitness_training.recall_curves import RecallCurve, recall_curve_for
from cv.image_fitness_training.scene_pairs import CELL
from cv.image_fitness_training.training_targets import PatchTargets, reason_probabilities
from cv.rendering.materials import Rng
from cv.rendering.renderer import Bytes
from cv.synthetic.chip_renderer import FINE_GSD
from cv.synthetic.degradations import compress, effective_gsd, gaussian_blur
from cv.synthetic.non_scenes import NON_SCENES

_CLEAR, _BLURRED = REASONS.index(FitnessReason.CLEAR), REASONS.index(FitnessReason.BLURRED)
_CLEAR_SHARE = 0.30
_TWO = 0.22
"""Share of the degraded grounds that get two kinds."""
_STRETCHED = 0.2
_MORE = {
    "thick cloud": 2.0,
    "resampled": 2.0,
    "motion": 1.6,
    "jpeg": 1.5,
    "haze": 1.3,
    "gaussian": 1.3,
}
"""Kinds that are drawn more often than for samples with a detector's truth."""
_STRETCH_CONTRAST = 20.0
"""Deviation (levels) of a ground from which it can be stretched: that of containers on it."""
_FULL_CONTRAST = 8.0
"""Deviation of a patch of clear ground (levels) from which lost detail is surely seen."""
_LEAST_VISIBLE = 0.1
_HARD = {"radar": 3.0, "wall": 1.5, "hillshade": 2.0, "gradient": 1.5, "photograph": 1.5}
"""Pictures that are drawn more often, since rules on pixel values do not recognise them."""
_DETAIL_LOSS = {"gaussian", "defocus", "motion", "resampled", "bands", "jpeg", "sharpened"}
"""Kinds that change nothing where there is no detail."""


@dataclass(frozen=True, eq=False)
class TrainingImage:
    """An image and what the network is to answer for it."""

    image: Bytes
    """(rows, columns, 3) RGB."""
    targets: PatchTargets
    clear: bool
    """Whether nothing ails it."""


def degraded_ground(
    pool: GroundPool,
    containers: Mapping[str, RecallCurve],
    hulls: Mapping[str, RecallCurve],
    cells: int,
    rng: Rng,
) -> TrainingImage:
    """Return a random ground of `cells` x `cells` patches, degraded or clear."""
    ground = pool.draw(cells * CELL, rng)
    contrast = _patchwise_deviation(ground.image)
    stretchable = float(ground.image.std()) >= _STRETCH_CONTRAST
    kinds = _draw_kinds(rng, stretchable)
    image, sigma = ground.image, 0.0
    recall = np.full((cells, cells), _clear_recall(containers))
    hull_recall = np.ones((cells, cells))
    reason = np.full((cells, cells), _CLEAR)
    visible = np.ones((cells, cells))
    strongest = np.zeros((cells, cells))
    for kind in kinds:
        step = degrade_image(image, tuple(kind.split("+")), int(rng.integers(2**31)), FINE_GSD)
        image, sigma = step.image, float(np.hypot(sigma, step.blur_sigma_m))
        here, strength = _strongest(step.effects, cells)
        detail = effective_gsd(ground.detail_m, step.blur_sigma_m)
        severity = np.where(here == _BLURRED, detail, strength)
        recall = np.minimum(recall, 1) * _ratio(containers, kind, here, severity)
        hull_recall = hull_recall * _ratio(hulls, kind, here, severity)
        reason = np.where(strength > strongest, here, reason)
        strongest = np.maximum(strongest, strength)
        if kind in _DETAIL_LOSS:
            visible = np.clip(contrast / _FULL_CONTRAST, _LEAST_VISIBLE, 1)
    taught = _targets(
        image,
        recall=np.clip(recall, 0, 1),
        hulls=np.clip(hull_recall, 0, 1),
        reason=reason,
        weight=visible,
        reason_weight=visible * (0.3 if len(kinds) > 1 else 1.0),
        detail_m=effective_gsd(ground.detail_m, sigma),
    )
    return TrainingImage(np.ascontiguousarray(image), taught, not kinds)


def coarse_ground(pool: GroundPool, cells: int, rng: Rng) -> TrainingImage:
    """Return a truly coarse image of `cells` x `cells` patches, delivered on the fine grid."""
    ground = pool.coarse_cut(cells * CELL, rng)
    image = np.ascontiguousarray(ground.image)
    visible = np.clip(_patchwise_deviation(image) / _FULL_CONTRAST, _LEAST_VISIBLE, 1)
    none = np.zeros(visible.shape)
    taught = _targets(
        image,
        recall=none,
        hulls=none,
        reason=np.full(none.shape, _BLURRED),
        weight=visible,
        reason_weight=visible,
        detail_m=ground.detail_m,
    )
    return TrainingImage(image, taught, clear=False)


def non_scene(cells: int, rng: Rng) -> TrainingImage:
    """Return a picture of `cells` x `cells` patches that is no scene."""
    side = cells * CELL
    names = list(NON_SCENES)
    shares = np.array([_HARD.get(name, 1.0) for name in names])
    draw = NON_SCENES[str(rng.choice(names, p=shares / shares.sum()))]
    drawn = draw(rng, round(side * float(rng.choice([1.0, 1.0, 0.6, 1.7]))))
    image = np.asarray(cv2.resize(drawn, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
    if rng.random() < 0.25:
        image = gaussian_blur(image, float(rng.uniform(0.1, 0.8)), FINE_GSD)
    if rng.random() < 0.4:
        image = compress(image, int(rng.integers(30, 96)))
    grid = (cells, cells)
    odd = np.full(grid, REASONS.index(FitnessReason.NOT_OVERHEAD))
    none, one = np.zeros(grid), np.ones(grid)
    taught = _targets(
        image,
        recall=none,
        hulls=none,
        reason=odd,
        weight=one,
        reason_weight=one,
        detail_m=float("nan"),
    )
    return TrainingImage(np.ascontiguousarray(image), taught, clear=False)


def _draw_kinds(rng: Rng, stretchable: bool) -> tuple[str, ...]:
    """Draw none, one or two kinds of degradation; some with a stretch at their end."""
    if rng.random() < _CLEAR_SHARE:
        return ()
    names = [name for name in KINDS if name != "clear"]
    shares = np.array([KINDS[name][0] * _MORE.get(name, 1.0) for name in names])
    shares /= shares.sum()
    if rng.random() < _TWO:
        first, second = rng.choice(names, 2, p=shares)
        return str(first), str(second)
    kind = str(rng.choice(names, p=shares))
    fades = kind in ("haze", "uneven haze", "fog", "dust", "dark", "night", "flat", "thin cloud")
    if stretchable and fades and rng.random() < _STRETCHED:
        return (f"{kind}+stretch",)
    if kind in ("noise", "speckle") and rng.random() < _STRETCHED:
        return (f"{kind}+smooth",)
    return (kind,)


def _clear_recall(curves: Mapping[str, RecallCurve]) -> float:
    return float(curves["clear"].recall.mean()) if "clear" in curves else 1.0


def _ratio(
    curves: Mapping[str, RecallCurve], kind: str, reason: Float64Array, severity: Float64Array
) -> Float64Array:
    """Return the recall (rows, columns) over that of clear images."""
    recall = np.ones(severity.shape)
    for index in np.unique(reason).astype(int):
        curve = recall_curve_for(curves, kind, index)
        if index != _CLEAR and curve is not None:
            here = reason == index
            recall[here] = curve.at(severity[here]) / _clear_recall(curves)
    return np.minimum(recall, 1)


def _strongest(effects: Effects, cells: int) -> tuple[Float64Array, Float64Array]:
    """Return index in REASONS and mean strength of the strongest effect in each patch."""
    reason, strength = np.full((cells, cells), float(_CLEAR)), np.zeros((cells, cells))
    for name, value in effects.items():
        whole = np.broadcast_to(np.asarray(value, np.float32), (cells * CELL, cells * CELL))
        mean = whole.reshape(cells, CELL, cells, CELL).mean((1, 3))
        stronger = mean > strength
        reason[stronger] = REASONS.index(name)
        strength[stronger] = mean[stronger]
    return reason, strength


def _patchwise_deviation(image: Bytes) -> Float64Array:
    """Return the deviation (rows, columns) of the brightness in each patch, levels."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    rows, columns = (size // CELL for size in grey.shape)
    return np.asarray(grey.reshape(rows, CELL, columns, CELL).std(axis=(1, 3)), np.float64)


def _targets(
    image: Bytes,
    *,
    recall: Float64Array,
    hulls: Float64Array,
    reason: Float64Array,
    weight: Float64Array,
    reason_weight: Float64Array,
    detail_m: float,
) -> PatchTargets:
    known = np.isfinite(detail_m)
    shown = np.clip(_patchwise_deviation(image) / 12.0, 0, 1) * float(known)

    def single(values: Float64Array) -> Float32Array:
        return np.asarray(values, np.float32)

    return PatchTargets(
        containers=single(recall),
        containers_weight=single(weight),
        hulls=single(hulls),
        hulls_weight=single(weight),
        log2_gsd=np.full(recall.shape, np.log2(detail_m) if known else 0.0, np.float32),
        gsd_weight=single(shown),
        reasons=reason_probabilities(reason.astype(np.int64), single(recall)),
        reasons_weight=single(reason_weight),
    )
