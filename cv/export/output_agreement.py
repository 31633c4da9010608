"""Likeness: how far the answers of a changed network are from those of the one it came from."""

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

Answer = NDArray[np.float32]
_FLOOR = 0.25
"""Part of its threshold from which on a score matters."""
_LEAST = 1e-4
"""Scores are told apart down to this, and as near to 1."""


@dataclass(frozen=True, eq=False)
class OutputAgreement:
    """Answers of a network to some chips, to compare others with."""

    card: ModelCard
    """Of the network."""
    chips: tuple[RenderedChip, ...]
    answers: tuple[Answer, ...]
    """(1, 4 + classes + 1, anchors) to each chip."""

    @classmethod
    def of(cls, network: OnnxModel, chips: Sequence[RenderedChip]) -> OutputAgreement:
        """The answers of `network` to `chips`."""
        return cls(network.card, tuple(chips), tuple(network.run(chip.image) for chip in chips))

    def part(self, count: int) -> OutputAgreement:
        """The likeness to the first `count` chips."""
        return OutputAgreement(self.card, self.chips[:count], self.answers[:count])

    def error(self, answers: Sequence[Answer]) -> float:
        """How far `answers` are off, on average, wherever something may be.

        The sum of two means: of the change of the score's logit, and of the change of the box as
        a part of its shorter side.
        """
        shifts, moves = [], []
        for chip, own, other in zip(self.chips, self.answers, answers, strict=True):
            for row, threshold in self._asked(chip):
                least = _FLOOR * threshold
                spots = (own[0, row] >= least) | (other[0, row] >= least)
                if spots.any():
                    logits = [_logit(one[0, row, spots]) for one in (own, other)]
                    shifts.append(np.abs(logits[0] - logits[1]))
                    side = np.maximum(own[0, 2:4, spots].min(axis=1), 1.0)
                    change = np.abs(own[0, :4, spots] - other[0, :4, spots]).mean(axis=1)
                    moves.append(change / side)
        if not shifts:
            return 0.0
        return float(np.concatenate(shifts).mean() + np.concatenate(moves).mean())

    def thresholds(self, answers: Sequence[Answer]) -> tuple[float, ...]:
        """Thresholds by class at which `answers` count, in all, as many objects as the network."""
        chosen = []
        for index, name in enumerate(self.card.classes):
            own = self._scores(name, self.answers)
            ranked = np.sort(np.concatenate([np.zeros(0), *self._scores(name, answers)]))[::-1]
            wanted = sum(int((scores >= self.card.thresholds[index]).sum()) for scores in own)
            if 0 < wanted < len(ranked):
                chosen.append(round(float(ranked[wanted - 1 : wanted + 1].mean()), 4))
            else:
                chosen.append(self.card.thresholds[index])
        return tuple(chosen)

    def disagreement(self, answers: Sequence[Answer], thresholds: Sequence[float]) -> list[float]:
        """By class: sum over chips of the difference in counts, over the network's own counts.

        No error of counts, whatever the truth, grows by more than that.
        """
        result = []
        for index, name in enumerate(self.card.classes):
            pairs = zip(self._scores(name, self.answers), self._scores(name, answers), strict=True)
            counts = np.array(
                [
                    [(own >= self.card.thresholds[index]).sum(), (other >= threshold).sum()]
                    for (own, other), threshold in ((pair, thresholds[index]) for pair in pairs)
                ]
            ).reshape(-1, 2)
            differ = np.abs(counts[:, 1] - counts[:, 0]).sum()
            result.append(float(differ / max(counts[:, 0].sum(), 1)))
        return result

    def _asked(self, chip: RenderedChip) -> list[tuple[int, float]]:
        """Rows of the scores that are used at the scale of `chip`, and their thresholds."""
        return [
            (4 + index, self.card.thresholds[index])
            for index, name in enumerate(self.card.classes)
            if self._looks(name, chip)
        ]

    def _looks(self, name: str, chip: RenderedChip) -> bool:
        """Whether class `name` is looked for at the scale of `chip`: at none that is nearer."""
        nearest = min(self.card.passes, key=lambda look: abs(look.gsd_m - chip.gsd))
        return name in nearest.classes

    def _scores(self, name: str, answers: Sequence[Answer]) -> list[NDArray[np.float64]]:
        """Scores of the objects of class `name` in each chip of its scale."""
        index = self.card.classes.index(name)
        found = [
            self._objects(answer)
            for chip, answer in zip(self.chips, answers, strict=True)
            if self._looks(name, chip)
        ]
        return [one.scores[one.classes == index] for one in found]

    def _objects(self, answer: Answer) -> Detections:
        floors = tuple(_FLOOR * threshold for threshold in self.card.thresholds)
        return non_maximum_suppression(
            decode_output(answer, self.card.layout, floors), self.card.merge_overlap
        )


def _logit(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    clear = np.clip(scores.astype(np.float64), _LEAST, 1 - _LEAST)
    logits: NDArray[np.float64] = np.log(clear / (1 - clear))
    return logits
