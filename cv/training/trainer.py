"""The training loop of ultralytics with own data, losses and saved state, and bfloat16 on CPUs."""

from __future__ import annotations

import io
import os
import random
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cv.errors import InferenceError, InputError, PierwatchError
from cv.io.atomic_files import write_atomically
from cv.training.augmentation import relight_batch, rotate_batch, sharpen_or_blur_batch
from cv.training.callbacks import TrainingCallback
from cv.training.checkpoint_state import STATE_NAME, TrainingState
from cv.training.config import TrainingConfig
from cv.training.initial_weights import (
    CHECKPOINT,
    RELEASED,
    read_architecture,
    read_checkpoint,
    weights_kind,
)
from cv.training.losses import make_criterion
from cv.training.onnx_to_torch import drop_one_to_one_head, onnx_to_torch
from cv.training.torch_dataset import ChipDataset, make_loader
from cv.training.ultralytics_setup import isolate_ultralytics

isolate_ultralytics()

from ultralytics import __version__ as _ultralytics_version  # noqa: E402
from ultralytics.models.yolo.obb import OBBTrainer  # noqa: E402

MAX_DETECTIONS = 1500
"""Most detections of one tile; a tile of 160 m can hold more than 600 boxes."""
_DOTA_CLASSES = {"container": "large vehicle", "hull": "ship"}
"""The class of DOTA that each class is initialized from."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TrainingJob:
    """The inputs of a trainer besides the settings of ultralytics."""

    config: TrainingConfig
    """Configuration of the run."""
    chips: ChipDataset
    """Chips to train on."""
    state: TrainingState | None
    """State to resume from, if any."""
    callbacks: tuple[TrainingCallback, ...]
    """Receivers of progress."""
    bfloat16_on_cpu: bool
    """Whether a CPU computes in bfloat16."""
    float16_on_gpu: bool
    """Whether a GPU computes in float16 with a gradient scaler."""


_Base: Any = OBBTrainer  # ultralytics is not typed well enough for strict checks


class PierTrainer(_Base):  # type: ignore[misc]
    """An OBBTrainer whose result does not depend on interruptions, and that reports to no service.

    It overrides methods of ultralytics only in this subclass;
    tests/training/test_ultralytics_internals.py fails where one of them moves.
    """

    def __init__(self, settings: dict[str, object], job: TrainingJob) -> None:
        self.job = job
        self._history: list[tuple[float, ...]] = []
        super().__init__(overrides=settings)
        (self.save_dir / "args.yaml").unlink(missing_ok=True)  # run.json has it without paths

    def run_callbacks(self, event: str) -> None:
        """Handle the events needed here; the callbacks that ultralytics adds are never called."""
        if event == "on_train_start":
            self._on_start()
        elif event == "on_train_epoch_start":
            self._on_epoch_start()
        elif event == "on_train_batch_end":
            self._on_step_end()

    def get_dataset(self) -> dict[str, Any]:
        """Return the description of the data that ultralytics asks for."""
        names = dict(enumerate(self.job.chips.names))
        return {"train": "", "val": "", "names": names, "nc": len(names), "channels": 3}

    def get_dataloader(self, *_: Any, **__: Any) -> Any:
        """Return the loader of the chips; validation, which has another loader, never runs."""
        on_gpu = self.device.type == "cuda"
        workers = min(8, os.cpu_count() or 1) if on_gpu else 0
        return make_loader(self.job.chips, self.job.config.batch, workers, on_gpu)

    def setup_model(self) -> Any:
        """Build the network from an ONNX model, a checkpoint or an architecture."""
        start, classes = self.job.config.weights, len(self.data["names"])
        kind = weights_kind(start)
        if kind == RELEASED:
            self.model: Any = onnx_to_torch(start, self.job.chips.calibration_batches(), classes)
        elif kind == CHECKPOINT:
            weights = read_checkpoint(start)
            self.model = self.get_model(weights.yaml, weights)
        else:
            self.model = read_architecture(start, classes)
        head = self.model.model[-1]
        head.max_det = MAX_DETECTIONS
        if self.job.config.heads == "raw":
            drop_one_to_one_head(head)
        if self.job.config.freeze >= len(self.model.model):
            found, layers = str(self.job.config.freeze), len(self.model.model)
            raise InputError("freeze", found, f"the network has {layers} layers", "Freeze fewer.")

    def get_model(self, cfg: Any = None, weights: Any = None, verbose: bool = False) -> Any:
        """Return the network; its classes are initialized from similar ones of the checkpoint."""
        model = super().get_model(cfg, weights, verbose=False)
        if weights is not None:
            copy_class_weights(model, weights, list(self.data["names"].values()))
        return model

    def resume_training(self, ckpt: Any) -> None:
        """Restore the saved state, if any; ultralytics would keep only half precision."""
        state = self.job.state
        if state is None:
            return
        self.model.load_state_dict(state.network)
        self.ema.ema.load_state_dict(state.average)
        self.optimizer.load_state_dict(state.optimizer)
        self.scaler.load_state_dict(state.scaler)
        self.scheduler.load_state_dict(state.schedule)
        self.ema.updates = state.updates
        self.start_epoch = state.epochs
        self._history = list(state.history)

    def preprocess_batch(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Scale to 0..1 and augment; start autocast where a CPU computes in bfloat16."""
        for key, value in batch.items():
            batch[key] = value.to(self.device, non_blocking=True)
        seed = _seed_of(self.args.seed, self.epoch, self._step)
        generator = torch.Generator().manual_seed(seed)
        parts = batch["img"], batch["bboxes"], batch["batch_idx"]
        with torch.autocast(self.device.type, enabled=False):
            images, batch["bboxes"] = rotate_batch(*parts, generator)
            lit = sharpen_or_blur_batch(relight_batch(images, generator), generator)
        batch["img"] = lit.contiguous(memory_format=torch.channels_last)
        if self.job.bfloat16_on_cpu:  # undone when the autocast block of the loop ends
            torch.set_autocast_dtype("cpu", torch.bfloat16)
            torch.set_autocast_enabled("cpu", True)
        return batch

    def validate(self) -> tuple[dict[str, float], float]:
        """Do nothing: models are judged by their counts, with `pierwatch evaluate`."""
        return {}, 0.0

    def final_eval(self) -> None:
        """Do nothing, for the same reason; the last checkpoint stays as it is."""

    def save_metrics(self, metrics: Any) -> None:
        """Keep the mean losses of the finished epoch."""
        self._history.append(tuple(self._losses().values()))

    def save_model(self) -> bool:
        """Write the checkpoint of the epoch, the last one, the losses, and finally the state."""
        content = self._checkpoint()
        write_atomically(self.wdir / f"epoch{self.epoch}.pt", content)
        write_atomically(self.last, content)
        state = TrainingState(
            epochs=self.epoch + 1,
            network=self.model.state_dict(),
            average=self.ema.ema.state_dict(),
            updates=self.ema.updates,
            optimizer=self.optimizer.state_dict(),
            scaler=self.scaler.state_dict(),
            schedule=self.scheduler.state_dict(),
            history=tuple(self._history),
            parts=tuple(self._losses()),
        )
        write_atomically(self.csv, _losses_csv(state))
        state.save(self.save_dir / STATE_NAME)
        for callback in self.job.callbacks:
            callback.on_epoch_saved(self.epoch, self._losses())
        return True

    def _build_train_pipeline(self) -> None:
        """Make loader and optimizer once, and switch float16 on where the job asks for it.

        ultralytics calls this again, with a smaller batch, where the memory is too small; that
        would be another run. The setting `amp` of ultralytics would first download a network to
        try mixed precision with; float16 is therefore switched on here, after that check.
        """
        config = self.job.config
        if self.optimizer is not None:
            chips = f"{config.batch} chips a step of {config.side} px"
            found = f"the memory of {self.device} is too small for {chips}"
            raise PierwatchError(f"{found}; start again with a smaller --batch")
        if self.job.float16_on_gpu:
            self.amp = True
            self.scaler = torch.amp.GradScaler("cuda")
        super()._build_train_pipeline()

    def _handle_nan_recovery(self, epoch: int) -> bool:
        """End the run where the loss is not finite; the state before that epoch is kept."""
        if not torch.isfinite(self.loss).all():
            found = f"epoch {epoch + 1}: the loss is not finite"
            raise InferenceError(f"{found}; start again with a lower --rate")
        return False

    def _on_start(self) -> None:
        self.model.criterion = make_criterion(self.model, self.start_epoch)
        self.model.to(memory_format=torch.channels_last)
        for callback in self.job.callbacks:
            callback.on_start(self.epochs, self.start_epoch, len(self.train_loader))

    def _on_epoch_start(self) -> None:
        self._step = 0
        self.train_loader.sampler.epoch = self.epoch
        seed = _seed_of(self.args.seed, self.epoch)
        random.seed(seed)  # makes anything that ultralytics draws repeatable
        np.random.seed(seed)
        torch.manual_seed(seed)

    def _on_step_end(self) -> None:
        rate = self.optimizer.param_groups[0]["lr"]
        for callback in self.job.callbacks:
            callback.on_step(self.epoch, self._step, rate, self._losses())
        self._step += 1

    def _losses(self) -> dict[str, float]:
        return {name: float(value) for name, value in self.tloss.items()}

    def _checkpoint(self) -> bytes:
        """Return the moving average as a checkpoint of ultralytics, without local paths."""
        network = deepcopy(self.ema.ema).to("cpu").to(memory_format=torch.contiguous_format)
        network.args, network.criterion, network.pt_path = {}, None, None
        network.yaml["yaml_file"] = Path(str(network.yaml.get("yaml_file", ""))).name
        record = {
            "epoch": self.epoch,
            "model": None,
            "ema": network,
            "updates": self.ema.updates,
            "train_args": {"task": "obb", "imgsz": self.job.config.side},
            "version": _ultralytics_version,
            "license": "AGPL-3.0-or-later",
        }
        buffer = io.BytesIO()
        torch.save(record, buffer)
        return buffer.getvalue()


def copy_class_weights(model: Any, weights: Any, names: list[str]) -> None:
    """Start each class from that of the same meaning in `weights`: "hull" from "ship"."""
    old_index = {name: index for index, name in dict(weights.names).items()}
    meanings = [_DOTA_CLASSES.get(name, name) for name in names]
    pairs = [(new, old_index[name]) for new, name in enumerate(meanings) if name in old_index]
    new_head, old_head = model.model[-1], weights.model[-1]
    for branch in ("cv3", "one2one_cv3"):  # older networks have the first one only
        layers = zip(getattr(new_head, branch, ()), getattr(old_head, branch, ()), strict=False)
        for new_layer, old_layer in layers:
            with torch.no_grad():
                for new, old in pairs:
                    new_layer[-1].weight[new] = old_layer[-1].weight[old].float()
                    new_layer[-1].bias[new] = old_layer[-1].bias[old].float()


def _seed_of(*key: int) -> int:
    return int(np.random.SeedSequence(key).generate_state(1)[0])


def cpu_has_bfloat16() -> bool:
    """Return whether this CPU multiplies bfloat16 natively."""
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def _losses_csv(state: TrainingState) -> str:
    rows = [("epoch", *state.parts)]
    rows += [(str(n), *(f"{v:.6g}" for v in row)) for n, row in enumerate(state.history, 1)]
    return "".join(",".join(row) + "\n" for row in rows)
