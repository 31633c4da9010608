"""What a step is judged by: the losses of ultralytics, in float32 and without padding."""

from __future__ import annotations

from typing import Any

import torch


class Float32Loss:
    """A criterion that always computes in float32, whatever the network computes in."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __call__(self, predictions: Any, batch: dict[str, Any]) -> Any:
        """Loss and its parts; predictions are widened to float32 first."""
        with torch.autocast("cpu", enabled=False), torch.autocast("cuda", enabled=False):
            return self.inner(_widen(predictions), batch)

    def update(self) -> None:
        """Next epoch, for criteria that have a schedule."""
        if hasattr(self.inner, "update"):
            self.inner.update()


class ImageWiseAssigner:
    """An ultralytics assigner that looks at one image at a time: the same answer, no padding.

    A batch is padded to its fullest image; with 5 to 600 boxes an image, most of the work of
    assigning boxes to anchors would be spent on padding.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __call__(
        self,
        scores: torch.Tensor,
        predicted: torch.Tensor,
        anchors: torch.Tensor,
        labels: torch.Tensor,
        boxes: torch.Tensor,
        valid: torch.Tensor,
    ) -> tuple[torch.Tensor, ...]:
        """Target labels, boxes, scores, foreground and box index of every anchor."""
        parts = []
        for index in range(len(scores)):
            one = slice(index, index + 1)
            count = max(1, int(valid[index].sum()))  # boxes come first, padding after them
            parts.append(
                self.inner(
                    scores[one],
                    predicted[one],
                    anchors,
                    labels[one, :count],
                    boxes[one, :count],
                    valid[one, :count],
                )
            )
        return tuple(torch.cat(column) for column in zip(*parts, strict=True))


def criterion_of(model: Any, epochs_done: int) -> Float32Loss:
    """The criterion of a network, its schedule as far as it is after `epochs_done` epochs."""
    criterion = model.init_criterion()
    for branch in (criterion, *(getattr(criterion, n, None) for n in ("one2many", "one2one"))):
        if hasattr(branch, "assigner"):
            branch.assigner = ImageWiseAssigner(branch.assigner)
    steady = Float32Loss(criterion)
    for _ in range(epochs_done):
        steady.update()
    return steady


def _widen(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.float() if value.is_floating_point() else value
    if isinstance(value, dict):
        return {key: _widen(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_widen(item) for item in value)
    return value
