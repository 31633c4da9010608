"""The loop of ultralytics with our chips, our losses, our state and a CPU that computes in bf16."""

from __future__ import annotations

import contextlib
import io
import random
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cv.errors import InferenceError, InputError, ModelError, PierwatchError
from cv.io.atomic_files import write_atomically
from cv.training.augmentation import focus_batch, relight_batch, rotate_batch
from cv.training.callbacks import TrainingCallback
from cv.training.checkpoint_state import TrainingState
from cv.training.config import TrainingConfig
from cv.training.initial_weights import (
    WeightsKind,
    read_architecture,
    read_checkpoint,
    weights_kind,
)
from cv.training.losses import criterion_of
from cv.training.onnx_to_torch import drop_one_to_one_head, onnx_to_torch
from cv.training.torch_dataset import ChipDataset, make_loader
from cv.training.ultralytics_setup import isolate_ultralytics

isolate_ultralytics()

from ultralytics import __version__ as _ultralytics  # noqa: E402
from ultralytics.engine import trainer as _engine  # noqa: E402
from ultralytics.models.yolo.obb import OBBTrainer  # noqa: E402

MAX_DETECTIONS = 1500  # a 160 m tile holds more than 600 boxes at times
_RELATIVES = {"container": "large vehicle", "hull": "ship"}  # of ours among DOTA's classes


@dataclass(frozen=True, eq=False)
class TrainingJob:
    """What a trainer is given beside the settings of ultralytics."""

    recipe: TrainingConfig
    # of the run
    chips: ChipDataset
    # to train on
    state: TrainingState | None
    # to go on from
    watchers: tuple[TrainingCallback, ...]
    # who follow the run
    workers: int
    # processes that read chips
    half_on_cpu: bool
    # whether to compute in bfloat16 on the CPU


_Base: Any = OBBTrainer  # ultralytics is not typed well enough for strict checks
engine: Any = _engine


class PierTrainer(_Base):  # type: ignore[misc]
    """OBBTrainer that is the same run whether it was interrupted or not, and tells nobody of it."""

    def __init__(self, settings: dict[str, object], job: TrainingJob) -> None:
        self.job = job
        self._history: list[tuple[float, ...]] = []
        super().__init__(overrides=settings)
        (self.save_dir / "args.yaml").unlink(missing_ok=True)  # run.json says it without paths

    def run_callbacks(self, event: str) -> None:
        """Ours only: those that ultralytics adds would tell services of the run."""
        if event == "on_train_start":
            self._start()
        elif event == "on_train_epoch_start":
            self._start_epoch()
        elif event == "on_train_batch_end":
            self._tell_step()

    def get_dataset(self) -> dict[str, Any]:
        """What ultralytics wants to know of the data."""
        names = dict(enumerate(self.job.chips.names))
        return {"train": "", "val": "", "names": names, "nc": len(names), "channels": 3}

    def get_dataloader(self, *_: Any, **__: Any) -> Any:
        """Our chips; the validation that ultralytics asks this for too never runs."""
        pin = self.device.type == "cuda"
        return make_loader(self.job.chips, self.job.recipe.batch, self.job.workers, pin)

    def setup_model(self) -> Any:
        """The network from its checkpoint, revived from an ONNX model, or from its architecture."""
        start, classes = self.job.recipe.weights, len(self.data["names"])
        kind = weights_kind(start)
        if kind is WeightsKind.RELEASED:
            self.model: Any = onnx_to_torch(start, self.job.chips.pictures(), classes)
        elif kind is WeightsKind.CHECKPOINT:
            weights = read_checkpoint(start)
            self.model = self.get_model(weights.yaml, weights)
        else:
            self.model = read_architecture(start, classes)
        head = self.model.model[-1]
        head.max_det = MAX_DETECTIONS
        if self.job.recipe.heads == "raw":
            drop_one_to_one_head(head)
        if self.job.recipe.freeze >= len(self.model.model):
            found, layers = str(self.job.recipe.freeze), len(self.model.model)
            raise InputError("freeze", found, f"the network has {layers} layers", "Freeze fewer.")

    def get_model(self, cfg: Any = None, weights: Any = None, verbose: bool = False) -> Any:
        """The network; new class rows start from their relatives in the checkpoint."""
        model = super().get_model(cfg, weights, verbose=False)
        if weights is not None:
            copy_class_weights(model, weights, list(self.data["names"].values()))
        return model

    def resume_training(self, ckpt: Any) -> None:
        """Goes on from our state; that of ultralytics is not used, as it keeps half the digits."""
        state = self.job.state
        if state is None:
            return
        try:
            self.model.load_state_dict(state.network)
            self.ema.ema.load_state_dict(state.average)
            self.optimizer.load_state_dict(state.optimizer)
            self.scaler.load_state_dict(state.scaler)
            self.scheduler.load_state_dict(state.schedule)
        except (KeyError, RuntimeError, ValueError) as error:
            raise ModelError(
                self.job.recipe.out,
                "its state is that of another network",
                "a run goes on as it began",
                "Start it again in another folder.",
            ) from error
        self.ema.updates = state.updates
        self.start_epoch = state.epochs
        self._history = list(state.history)

    def preprocess_batch(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Scale to 0..1, turn, light; on a CPU with bf16 start autocast for this batch."""
        for key, value in batch.items():
            batch[key] = value.to(self.device, non_blocking=True)
        draws = np.random.SeedSequence((self.args.seed, self.epoch, self._step))
        generator = torch.Generator().manual_seed(int(draws.generate_state(1)[0]))
        with torch.autocast(self.device.type, enabled=False):
            images, boxes = rotate_batch(
                batch["img"], batch["bboxes"], batch["batch_idx"], generator
            )
            lit = focus_batch(relight_batch(images, generator), generator)
        batch["bboxes"] = boxes
        batch["img"] = lit.contiguous(memory_format=torch.channels_last)
        if self.job.half_on_cpu:  # undone when the trainer's own autocast block ends
            torch.set_autocast_dtype("cpu", torch.bfloat16)
            torch.set_autocast_enabled("cpu", True)
        return batch

    def validate(self) -> tuple[dict[str, float], float]:
        """Nothing: `pierwatch evaluate` judges, by counts."""
        return {}, 0.0

    def final_eval(self) -> None:
        """Nothing, for the same reason; the last checkpoint stays as it is."""

    def save_metrics(self, metrics: Any) -> None:
        """Keeps the mean losses of the epoch that is over."""
        self._history.append(tuple(self._losses().values()))

    def save_model(self) -> bool:
        """Writes the checkpoint of the epoch, the last one, the losses, and then the state."""
        content = self._checkpoint()
        write_atomically(self.wdir / f"epoch{self.epoch}.pt", content)
        write_atomically(self.last, content)
        state = self._state()
        write_atomically(self.csv, _table(state))
        state.save(training_state_path(self.save_dir))
        for watcher in self.job.watchers:
            watcher.saved(self.epoch, self._losses())
        return True

    def _setup_train(self) -> None:
        """As ever, but for the trial of mixed precision, which fetches a network for itself."""
        usual, engine.check_amp = engine.check_amp, lambda *_, **__: True
        try:
            super()._setup_train()
        finally:
            engine.check_amp = usual

    def _build_train_pipeline(self) -> None:
        """Once; ultralytics would go on with another batch size where the memory is too small."""
        if self.optimizer is not None:
            raise PierwatchError(
                f"the memory of {self.device} is too small for {self.job.recipe.batch} chips a "
                f"step of {self.job.recipe.side} px; start again with a smaller --batch"
            )
        super()._build_train_pipeline()

    def _handle_nan_recovery(self, epoch: int) -> bool:
        """A run that has lost its way ends; what it was before that epoch is kept."""
        if not torch.isfinite(self.loss).all():
            raise InferenceError(
                f"epoch {epoch + 1}: the loss is no number any more; begin anew with a lower --rate"
            )
        return False

    def _start(self) -> None:
        self.model.criterion = criterion_of(self.model, self.start_epoch)
        self.model.to(memory_format=torch.channels_last)
        for watcher in self.job.watchers:
            watcher.begun(self.epochs, self.start_epoch, len(self.train_loader))

    def _start_epoch(self) -> None:
        self._step = 0
        self.train_loader.sampler.epoch = self.epoch
        seed = int(np.random.SeedSequence((self.args.seed, self.epoch)).generate_state(1)[0])
        random.seed(seed)  # nothing here draws from these three; should ultralytics, it repeats
        np.random.seed(seed)
        torch.manual_seed(seed)

    def _tell_step(self) -> None:
        for watcher in self.job.watchers:
            rate = self.optimizer.param_groups[0]["lr"]
            watcher.stepped(self.epoch, self._step, rate, self._losses())
        self._step += 1

    def _losses(self) -> dict[str, float]:
        return {name: float(value) for name, value in self.tloss.items()}

    def _state(self) -> TrainingState:
        return TrainingState(
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

    def _checkpoint(self) -> bytes:
        """The moving average in the form that ultralytics reads, without a word of its place."""
        network = deepcopy(self.ema.ema).to("cpu").to(memory_format=torch.contiguous_format)
        network.args, network.criterion, network.pt_path = {}, None, None
        network.yaml["yaml_file"] = Path(str(network.yaml.get("yaml_file", ""))).name
        record = {
            "epoch": self.epoch,
            "model": None,
            "ema": network,
            "updates": self.ema.updates,
            "train_args": {"task": "obb", "imgsz": self.job.recipe.side},
            "version": _ultralytics,
            "license": "AGPL-3.0-or-later",
        }
        buffer = io.BytesIO()
        torch.save(record, buffer)
        return buffer.getvalue()


def training_state_path(out: Path) -> Path:
    """Where the run in `out` keeps its state."""
    return out / "state.pt"


def copy_class_weights(model: Any, weights: Any, names: list[str]) -> None:
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


def cpu_has_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 natively."""
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        probe = getattr(torch.cpu, name, None)
        if probe is not None:
            with contextlib.suppress(RuntimeError):
                if probe():
                    return True
    return False


def _table(state: TrainingState) -> str:
    lines = [",".join(("epoch", *state.parts))]
    lines += [
        ",".join((str(epoch), *(f"{value:.6g}" for value in row)))
        for epoch, row in enumerate(state.history, 1)
    ]
    return "\n".join(lines) + "\n"
