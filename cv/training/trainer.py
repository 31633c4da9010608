"""The ultralytics OBB trainer with our batches, our head start and a CPU that computes in bf16."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from cv.training.augment import focus_batch, light_batch, turn_batch
from cv.training.quiet import hush
from cv.training.revive import drop_end_to_end, rendered_pictures, revive

hush()

from ultralytics.models.yolo.obb import OBBTrainer  # noqa: E402

MAX_DETECTIONS = 1500  # a 192 m tile holds more than 600 boxes at times
_RELATIVES = {"container": "large vehicle", "hull": "ship"}  # of ours among DOTA's classes

Say = Callable[[str], None]


class SteadyLoss:
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


def _assign_imagewise(criterion: Any) -> Any:
    for branch in (criterion, *(getattr(criterion, n, None) for n in ("one2many", "one2one"))):
        if hasattr(branch, "assigner"):
            branch.assigner = ImageWiseAssigner(branch.assigner)
    return criterion


_Base: Any = OBBTrainer  # ultralytics is not typed well enough for strict checks


class PierTrainer(_Base):  # type: ignore[misc]
    """OBBTrainer that turns and lights batches, and says how it goes in plain lines."""

    say: Say = print
    half_on_cpu = False
    one_head = False

    def setup_model(self) -> Any:
        """The network from its checkpoint, or revived from a released ONNX model."""
        start = str(self.args.model)
        if not start.endswith(".onnx"):
            return super().setup_model()
        self.model: Any = revive(Path(start), rendered_pictures(), len(self.data["names"]))
        self.model.model[-1].max_det = MAX_DETECTIONS
        return None

    def get_model(self, cfg: Any = None, weights: Any = None, verbose: bool = False) -> Any:
        """The network; new class rows start from their relatives in the checkpoint."""
        model = super().get_model(cfg, weights, verbose=False)
        model.model[-1].max_det = MAX_DETECTIONS
        if self.one_head:
            drop_end_to_end(model.model[-1])
        if weights is not None:
            adopt_classes(model, weights, list(self.data["names"].values()))
        return model

    def preprocess_batch(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Scale to 0..1, turn, light; on a CPU with bf16 start autocast for this batch."""
        for key, value in batch.items():
            if isinstance(value, torch.Tensor):
                batch[key] = value.to(self.device, non_blocking=True)
        generator = self._generator()
        images, boxes = turn_batch(batch["img"], batch["bboxes"], batch["batch_idx"], generator)
        batch["bboxes"] = boxes
        lit = focus_batch(light_batch(images, generator), generator)
        batch["img"] = lit.contiguous(memory_format=torch.channels_last)
        if self.half_on_cpu:  # undone when the trainer's own autocast block ends
            torch.set_autocast_dtype("cpu", torch.bfloat16)
            torch.set_autocast_enabled("cpu", True)
        return batch

    def _generator(self) -> torch.Generator:
        """The same draws for a batch whether the run was interrupted before it or not."""
        step = getattr(self, "_step", 0)
        self._step = step + 1
        generator = torch.Generator()
        generator.manual_seed(self.args.seed * 1_000_003 + self.epoch * 10_007 + step)
        return generator


def adopt_classes(model: Any, weights: Any, names: list[str]) -> None:
    """Copy class rows of relatives (DOTA's "ship" for "hull") from a checkpoint's head."""
    old_names = {name: index for index, name in dict(weights.names).items()}
    pairs = [(new, old_names.get(_RELATIVES.get(name, name))) for new, name in enumerate(names)]
    ours, theirs = model.model[-1], weights.model[-1]
    for branch in ("cv3", "one2one_cv3"):
        heads = getattr(ours, branch, None), getattr(theirs, branch, None)
        if heads[0] is None or heads[1] is None:
            continue
        for mine, other in zip(heads[0], heads[1], strict=True):
            for new, old in pairs:
                if old is None:
                    continue
                with torch.no_grad():
                    mine[-1].weight[new] = other[-1].weight[old].float()
                    mine[-1].bias[new] = other[-1].bias[old].float()


def cpu_likes_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 natively."""
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        probe = getattr(torch.cpu, name, None)
        if probe is not None:
            with contextlib.suppress(RuntimeError):
                if probe():
                    return True
    return False


def attach_callbacks(trainer: PierTrainer, say: Say) -> None:
    """Progress lines, float32 losses and the memory layout that CPUs and GPUs like."""
    started = time.monotonic()

    def on_start(run: PierTrainer) -> None:
        inner = getattr(run.model, "criterion", None) or run.model.init_criterion()
        run.model.criterion = SteadyLoss(_assign_imagewise(inner))
        run.model.to(memory_format=torch.channels_last)
        torch.set_num_threads(len(os.sched_getaffinity(0)))  # ultralytics leaves one core idle
        say(f"{len(run.train_loader.dataset)} chips, {len(run.train_loader)} batches an epoch")

    def on_epoch(run: PierTrainer) -> None:
        run._step = 0

    def on_batch(run: PierTrainer) -> None:
        if run._step % 50 == 0:
            parts = " ".join(f"{key} {float(value):.3f}" for key, value in run.tloss.items())
            minutes = (time.monotonic() - started) / 60
            say(f"epoch {run.epoch + 1}/{run.epochs} batch {run._step} {parts} {minutes:.1f} min")

    def on_saved(run: PierTrainer) -> None:
        minutes = (time.monotonic() - started) / 60
        say(f"epoch {run.epoch + 1}/{run.epochs} saved after {minutes:.1f} min")

    trainer.add_callback("on_train_start", on_start)
    trainer.add_callback("on_train_epoch_start", on_epoch)
    trainer.add_callback("on_train_batch_end", on_batch)
    trainer.add_callback("on_model_save", on_saved)


def _widen(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.float() if value.is_floating_point() else value
    if isinstance(value, dict):
        return {key: _widen(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_widen(item) for item in value)
    return value
