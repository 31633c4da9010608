"""Fit the least recall of a count: what the judge of the image and the scores of its boxes promise.

    python tools/fit_least_recall.py --work runs/recall --real ../shared/real --places 220

Places are rendered, or composed of land use and orthophotos (`cv.image_fitness_training`, with
seeds that trained nothing), and counted six times: as a random camera sees them in clear air, and
degraded in five random ways. A trial is one of these counts: the recall that the judge expects, the
scores of the counted boxes, and how many boxes are counted on the same ground in a sharp image of
it. The trials are kept in `--work`; a run that was stopped goes on.

The least recall, which nine of ten trials exceed, is fitted to them by quantile regression (Koenker
and Bassett 1978):

    logit(least recall) = a + b logit(judged recall) + c (mean score - CLEAR_SCORE)

The three numbers stand in cv/counting/uncertainty.py. Printed besides: how many trials exceed the
least recall of numbers that were fitted to other places, and the same for the judge alone.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image
from scipy.optimize import minimize
from scipy.special import expit, logit
from shapely.geometry.base import BaseGeometry
from tqdm import tqdm

from cv import Detector, Scene
from cv.counting.judged_image import JudgedImage
from cv.counting.scene_counter import SceneCounter
from cv.counting.uncertainty import CLEAR_SCORE, LEVEL, mean_score
from cv.detector.model_card import CONTAINER
from cv.geometry.arrays import Float64Array
from cv.geometry.oriented_boxes import map_points
from cv.image_fitness_training import scene_pairs
from cv.image_fitness_training.image_sources import ImageSources
from cv.image_fitness_training.random_degradations import degrade_image, draw_degradation_kinds
from cv.image_fitness_training.scene_pairs import ScenePair
from cv.rendering.materials import Rng
from cv.rendering.renderer import Bytes
from cv.synthetic.chip_renderer import FINE_GSD

_SEED, _RENDERED_FROM, _SPRITES_FROM = 97, 96_100_000, 96_000_000
_SPRITE_YARDS = 3
_RENDERED, _ORTHOPHOTO = 0.7, 0.85
"""Up to the first share places are rendered, up to the second orthophotos, the others land use."""
_DEGRADED = 5
"""Degraded counts of a place."""
_FEWEST, _MOST_UNFIT = 3, 0.5
"""Fewest boxes of the sharp image, and greatest unfit share, with which a trial is used."""
_FOLDS = 5


@dataclass(frozen=True)
class RecallTrial:
    """One count of a place, beside the count of a sharp image of it."""

    place: int
    kinds: str
    """What degraded the image, joined by +."""
    judged_recall: float
    """What the judge expects on the fit ground, 0 to 1."""
    unfit_share: float
    """Unfit share of the ground, 0 to 1."""
    mean_score: float
    """See `cv.counting.uncertainty.mean_score`."""
    counted: int
    """Boxes counted on the fit ground."""
    sharp: int
    """Boxes counted there in the sharp image."""

    @property
    def usable(self) -> bool:
        """Whether the count would have a number, and the sharp image enough boxes to judge it."""
        return self.sharp >= _FEWEST and self.unfit_share <= _MOST_UNFIT

    @property
    def recall(self) -> float:
        """Counted share of the boxes of the sharp image, at most 1."""
        return min(self.counted / self.sharp, 1.0)


@dataclass(frozen=True, eq=False)
class JudgedCount:
    """What a count makes of an image."""

    judged_recall: float
    unfit_share: float
    unfit: BaseGeometry
    """Unfit ground, pixels (x, y)."""
    centres: Float64Array
    """(n, 2) of the counted boxes, pixels (x, y)."""
    scores: Float64Array
    """(n,) of the counted boxes."""

    def on_fit_ground(self, other: JudgedCount) -> NDArray[np.bool_]:
        """Return which boxes (n,) lie on ground that is fit in `other`."""
        return np.asarray(~shapely.intersects(other.unfit, shapely.points(self.centres)))


def main() -> None:
    """Make the trials that are missing, fit, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--real", type=Path, default=Path("../shared/real"))
    parser.add_argument("--places", type=int, default=220)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    args.work.mkdir(parents=True, exist_ok=True)
    file = args.work / "trials.jsonl"
    lines = file.read_text().splitlines() if file.exists() else []
    trials = [RecallTrial(**json.loads(line)) for line in lines]
    sources = ImageSources.in_folder(args.real)
    detector = Detector.load(threads=1)
    yards = range(_SPRITES_FROM, _SPRITES_FROM + _SPRITE_YARDS)
    sprites = [sprite for seed in yards for sprite in scene_pairs.cut_sprites(seed)]
    start = 1 + max((trial.place for trial in trials), default=-1)
    for place in tqdm(range(start, args.places), desc="places", disable=None):
        rng = np.random.default_rng([_SEED, place])
        pair = _pair(place, sources, sprites, rng)
        found = list(trials_of(place, pair, detector, rng))
        with file.open("a", encoding="utf-8") as stream:
            stream.writelines(json.dumps(asdict(trial)) + "\n" for trial in found)
        trials += found
    print(report([trial for trial in trials if trial.usable]))


def _pair(
    place: int, sources: ImageSources, sprites: list[scene_pairs.Sprite], rng: Rng
) -> ScenePair:
    """Return a place that took part in no training."""
    pick = rng.random()
    if pick < _RENDERED:
        return scene_pairs.rendered_pair(_RENDERED_FROM + place)
    if pick < _ORTHOPHOTO:
        file = sources.orthophotos[int(rng.integers(len(sources.orthophotos)))]
        ground = scene_pairs.photographed_ground(file, rng)
    else:
        kinds = sorted({file.parent for file in sources.held_back})
        kind = kinds[int(rng.integers(len(kinds)))]
        files = [file for file in sources.held_back if file.parent == kind]
        ground = scene_pairs.negative_ground(files, rng)
    pair = scene_pairs.pasted_pair(ground, sprites, rng, FINE_GSD)
    return scene_pairs.as_delivered(pair, float(rng.uniform(0.25, 0.9)), rng)


def trials_of(place: int, pair: ScenePair, detector: Detector, rng: Rng) -> Iterator[RecallTrial]:
    """Count a place in clear air and degraded, and yield the trials."""
    sharp = judged_count(pair.reference, detector)
    for number in range(1 + _DEGRADED):
        kinds: tuple[str, ...] = ("clear",)
        while number and kinds == ("clear",):
            kinds = draw_degradation_kinds(rng)
        degraded = degrade_image(pair.occupied, kinds, int(rng.integers(2**31)), FINE_GSD)
        count = judged_count(degraded.image, detector)
        fit = count.on_fit_ground(count)
        yield RecallTrial(
            place=place,
            kinds="+".join(kinds),
            judged_recall=count.judged_recall,
            unfit_share=count.unfit_share,
            mean_score=mean_score(count.scores[fit]),
            counted=int(fit.sum()),
            sharp=int(sharp.on_fit_ground(count).sum()),
        )


def judged_count(image: Bytes, detector: Detector) -> JudgedCount:
    """Count the containers of an image (rows, columns, 3) of the working GSD."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image.png"
        Image.fromarray(image).save(path, compress_level=1)
        with Scene.open(path, FINE_GSD) as scene:
            counter = SceneCounter.of(scene, None, detector)
            judged = JudgedImage.of(scene, counter.zones, counter.judge)
            found = counter.detections(judged.image)
    card, to_pixel = detector.card, counter.zones.ground.to_pixel
    counted = found.classes == card.classes.index(CONTAINER)
    found = found[counted & (found.scores >= card.threshold(CONTAINER))]
    outline = counter.zones.zones[0].outline
    part = judged.fitness.within(outline, judged.fitness.container_recall)
    return JudgedCount(
        judged_recall=part.recall,
        unfit_share=part.unfit_share,
        unfit=counter.zones.in_pixels(part.unfit),
        centres=map_points(to_pixel, found.boxes.centers),
        scores=found.scores.astype(np.float64),
    )


def report(trials: Sequence[RecallTrial]) -> str:
    """Return the fitted numbers, and how well they hold for places that they were not fitted to."""
    clear = [trial for trial in trials if trial.kinds == "clear"]
    lines = [f"{len(trials)} trials of {len({trial.place for trial in trials})} places"]
    for name, columns in (("judge alone", [0, 1]), ("judge and scores", [0, 1, 2])):
        numbers = _fitted(trials, columns)
        exceeded = np.concatenate(list(_exceeded(trials, columns)))
        usual = np.median(expit(_features(clear)[:, columns] @ numbers))
        lines += [
            f"{name}: {', '.join(f'{number:.2f}' for number in numbers)}",
            f"    of other places, {exceeded.mean():.1%} exceed it; clear images have {usual:.2f}",
        ]
    return "\n".join(lines)


def _features(trials: Sequence[RecallTrial]) -> Float64Array:
    """Return (n, 3): 1, the log-odds of the judged recall, the excess of the mean score."""
    judged = np.clip([trial.judged_recall for trial in trials], 0.02, 0.98)
    excess = np.array([trial.mean_score for trial in trials]) - CLEAR_SCORE
    return np.stack([np.ones(len(trials)), logit(judged), excess], axis=1)


def _fitted(trials: Sequence[RecallTrial], columns: list[int]) -> Float64Array:
    """Return the numbers of the given columns of the features, by quantile regression."""
    features = _features(trials)[:, columns]
    recalls = np.array([trial.recall for trial in trials])

    def loss(numbers: Float64Array) -> float:
        beyond = recalls - expit(features @ numbers)
        return float(np.maximum((1 - LEVEL) * beyond, -LEVEL * beyond).mean())

    starts = ((0.0, 0.3, 3.0), (1.0, 1.0, 6.0), (-1.0, 0.5, 12.0))
    fits = [
        minimize(loss, start[: len(columns)], method="Nelder-Mead", options={"maxiter": 4000})
        for start in starts
    ]
    return np.asarray(min(fits, key=lambda fit: float(fit.fun)).x)


def _exceeded(trials: Sequence[RecallTrial], columns: list[int]) -> Iterator[NDArray[np.bool_]]:
    """Yield, by folds of places, which trials have at least the least recall."""
    for fold in range(_FOLDS):
        held = [trial for trial in trials if trial.place % _FOLDS == fold]
        others = [trial for trial in trials if trial.place % _FOLDS != fold]
        least = expit(_features(held)[:, columns] @ _fitted(others, columns))
        yield np.array([trial.recall for trial in held]) >= least


if __name__ == "__main__":
    main()
