"""How closely the output of a modified network agrees with that of the original one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cv.detector.decode import decode_output
from cv.detector.detections import Detections
from cv.detector.model_card import ModelCard
from cv.detector.nms import non_maximum_suppression
from cv.detector.onnx_model import OnnxModel
from cv.synthetic.chip_renderer import RenderedChip

Output = NDArray[np.float32]
_RELEVANT_SCORE = 0.25
"""Scores below this share of the threshold are ignored."""
_SCORE_EPSILON = 1e-4
"""Scores are compared as logits, clipped to this distance from 0 and 1."""


@dataclass(frozen=True, eq=False)
class ReferenceOutputs:
    """Outputs of a network for some chips, as a reference for modified networks."""

    card: ModelCard
    """Card of the network."""
    chips: tuple[RenderedChip, ...]
    outputs: tuple[Output, ...]
    """(1, 4 + classes + 1, anchors) for each chip."""

    @classmethod
    def of(cls, network: OnnxModel, chips: Sequence[RenderedChip]) -> ReferenceOutputs:
        """Run `network` on `chips`."""
        return cls(network.card, tuple(chips), tuple(network.run(chip.image) for chip in chips))

    def first(self, count: int) -> ReferenceOutputs:
        """Return the reference for the first `count` chips."""
        return ReferenceOutputs(self.card, self.chips[:count], self.outputs[:count])

    def error(self, outputs: Sequence[Output]) -> float:
        """Return the mean change of `outputs` wherever either network sees an object.

        The sum of two means: the change of the score's logit, and the change of the box relative
        to its shorter side.
        """
        score_changes, box_changes = [], []
        for chip, own, other in zip(self.chips, self.outputs, outputs, strict=True):
            for row, threshold in self._classes_at(chip):
                minimum = _RELEVANT_SCORE * threshold
                anchors = (own[0, row] >= minimum) | (other[0, row] >= minimum)
                if anchors.any():
                    logits = [_logit(one[0, row, anchors]) for one in (own, other)]
                    score_changes.append(np.abs(logits[0] - logits[1]))
                    side = np.maximum(own[0, 2:4, anchors].min(axis=1), 1.0)
                    change = np.abs(own[0, :4, anchors] - other[0, :4, anchors]).mean(axis=1)
                    box_changes.append(change / side)
        if not score_changes:
            return 0.0
        return float(np.concatenate(score_changes).mean() + np.concatenate(box_changes).mean())

    def thresholds(self, outputs: Sequence[Output]) -> tuple[float, ...]:
        """Return the thresholds by class at which `outputs` give the same total counts."""
        chosen = []
        for index, name in enumerate(self.card.classes):
            own = self._scores(name, self.outputs)
            ranked = np.sort(np.concatenate([np.zeros(0), *self._scores(name, outputs)]))[::-1]
            wanted = sum(int((scores >= self.card.thresholds[index]).sum()) for scores in own)
            if 0 < wanted < len(ranked):
                chosen.append(round(float(ranked[wanted - 1 : wanted + 1].mean()), 4))
            else:
                chosen.append(self.card.thresholds[index])
        return tuple(chosen)

    def disagreement(self, outputs: Sequence[Output], thresholds: Sequence[float]) -> list[float]:
        """Return, by class, the summed count differences over the reference counts.

        That bounds how much the error of counts can grow, whatever the true counts are.
        """
        result = []
        for index, name in enumerate(self.card.classes):
            pairs = zip(self._scores(name, self.outputs), self._scores(name, outputs), strict=True)
            counts = np.array(
                [
                    [(own >= self.card.thresholds[index]).sum(), (other >= threshold).sum()]
                    for (own, other), threshold in ((pair, thresholds[index]) for pair in pairs)
                ]
            ).reshape(-1, 2)
            differ = np.abs(counts[:, 1] - counts[:, 0]).sum()
            result.append(float(differ / max(counts[:, 0].sum(), 1)))
        return result

    def _classes_at(self, chip: RenderedChip) -> list[tuple[int, float]]:
        """Return output rows and thresholds of the classes detected at the scale of `chip`."""
        return [
            (4 + index, self.card.thresholds[index])
            for index, name in enumerate(self.card.classes)
            if self._detected_at(name, chip)
        ]

    def _detected_at(self, name: str, chip: RenderedChip) -> bool:
        """Return whether the pass nearest to the scale of `chip` detects class `name`."""
        nearest = min(self.card.passes, key=lambda one: abs(one.gsd_m - chip.gsd))
        return name in nearest.classes

    def _scores(self, name: str, outputs: Sequence[Output]) -> list[NDArray[np.float64]]:
        """Return the scores of the detections of class `name` in each chip of its scale."""
        index = self.card.classes.index(name)
        found = [
            self._detections(output)
            for chip, output in zip(self.chips, outputs, strict=True)
            if self._detected_at(name, chip)
        ]
        return [one.scores[one.classes == index] for one in found]

    def _detections(self, output: Output) -> Detections:
        floors = tuple(_RELEVANT_SCORE * threshold for threshold in self.card.thresholds)
        return non_maximum_suppression(
            decode_output(output, self.card.layout, floors), self.card.merge_overlap
        )


def _logit(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    clipped = np.clip(scores.astype(np.float64), _SCORE_EPSILON, 1 - _SCORE_EPSILON)
    logits: NDArray[np.float64] = np.log(clipped / (1 - clipped))
    return logits
