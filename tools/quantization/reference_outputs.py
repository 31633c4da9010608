"""How closely the output of a modified network agrees with that of the original one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cv.detector.decode import decode_output
from cv.detector.model_card import ModelCard
from cv.detector.nms import non_maximum_suppression
from cv.detector.onnx_model import OnnxModel
from cv.geometry.arrays import Float32Array, Float64Array
from cv.synthetic.chip_renderer import RenderedChip

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
    outputs: tuple[Float32Array, ...]
    """(1, 4 + classes + 1, anchors) for each chip."""

    @classmethod
    def of(cls, network: OnnxModel, chips: Sequence[RenderedChip]) -> ReferenceOutputs:
        """Run `network` on `chips`."""
        return cls(network.card, tuple(chips), tuple(network.run(chip.image) for chip in chips))

    def first(self, count: int) -> ReferenceOutputs:
        """Return the reference for the first `count` chips."""
        return ReferenceOutputs(self.card, self.chips[:count], self.outputs[:count])

    def error(self, outputs: Sequence[Float32Array]) -> float:
        """Return the mean change of `outputs` wherever either network sees an object.

        The sum of two means: the change of the score's logit, and the change of the box relative
        to its shorter side.
        """
        score_changes, box_changes = [], []
        for chip, own, other in zip(self.chips, self.outputs, outputs, strict=True):
            for index, name in enumerate(self.card.classes):
                if not self._detected_at(name, chip):
                    continue
                row, minimum = 4 + index, _RELEVANT_SCORE * self.card.thresholds[index]
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

    def thresholds(self, outputs: Sequence[Float32Array]) -> tuple[float, ...]:
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

    def disagreement(
        self, outputs: Sequence[Float32Array], thresholds: Sequence[float]
    ) -> list[float]:
        """Return, by class, the summed count differences over the reference counts.

        That bounds how much the error of counts can grow, whatever the true counts are.
        """
        result = []
        for index, name in enumerate(self.card.classes):
            pairs = zip(self._scores(name, self.outputs), self._scores(name, outputs), strict=True)
            counts = [
                (
                    int((own >= self.card.thresholds[index]).sum()),
                    int((other >= thresholds[index]).sum()),
                )
                for own, other in pairs
            ]
            differ = sum(abs(other - own) for own, other in counts)
            result.append(differ / max(sum(own for own, _ in counts), 1))
        return result

    def _detected_at(self, name: str, chip: RenderedChip) -> bool:
        """Return whether the pass nearest to the scale of `chip` detects class `name`."""
        nearest = min(self.card.passes, key=lambda one: abs(one.gsd_m - chip.gsd))
        return name in nearest.classes

    def _scores(self, name: str, outputs: Sequence[Float32Array]) -> list[Float64Array]:
        """Return the scores of the detections of class `name` in each chip of its scale."""
        index, layout = self.card.classes.index(name), self.card.layout
        floors = tuple(_RELEVANT_SCORE * threshold for threshold in self.card.thresholds)
        found = [
            non_maximum_suppression(decode_output(output, layout, floors), self.card.merge_overlap)
            for chip, output in zip(self.chips, outputs, strict=True)
            if self._detected_at(name, chip)
        ]
        return [one.scores[one.classes == index] for one in found]


def _logit(scores: Float32Array) -> Float64Array:
    clipped = np.clip(scores.astype(np.float64), _SCORE_EPSILON, 1 - _SCORE_EPSILON)
    return np.asarray(np.log(clipped / (1 - clipped)))
