"""Fine-tune an oriented-box network on a YOLO-OBB dataset, stopped and gone on with at any time."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from cv.errors import InputError
from cv.labels.dataset_yaml import DatasetYaml
from cv.training.callbacks import TrainingCallback, make_callbacks
from cv.training.config import CHIP, TrainingConfig
from cv.training.dataset_checks import (
    dataset_sha256,
    file_sha256,
    require_dataset_yaml,
    require_valid_dataset,
)
from cv.training.initial_weights import WeightsKind, check_weights
from cv.training.run_record import NAME, RunRecord, package_versions
from cv.training.ultralytics_setup import available_cores, isolate_ultralytics

__all__ = ["CHIP", "TrainingConfig", "last_checkpoint", "resume_training", "train_model"]

_OURS = (NAME, "recipe.json", "state.pt", "weights")
"""What a folder that holds a run has."""
_OFF = (
    "hsv_h",
    "hsv_s",
    "hsv_v",
    "degrees",
    "translate",
    "scale",
    "shear",
    "perspective",
    "flipud",
    "fliplr",
    "mosaic",
    "mixup",
    "cutmix",
    "copy_paste",
    "erasing",
    "bgr",
    "multi_scale",
)
"""Augmentation of ultralytics: ours is exact."""

Say = Callable[[str], None]


def _say(line: str) -> None:
    print(line, flush=True)


def _warn(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def train_model(
    recipe: TrainingConfig,
    command: tuple[str, ...] = (),
    tensorboard: bool = False,
    say: Say = _say,
) -> Path:
    """A run from its start to its end; returns the last checkpoint.

    Every epoch is kept as out/weights/epochN.pt. Raises InputError, before anything heavy begins,
    where the run cannot be made.
    """
    recipe = recipe.checked()
    _refuse_taken(recipe.out)
    watchers = make_callbacks(recipe.out, say, tensorboard)
    manifest = require_dataset_yaml(recipe.data)
    kind = check_weights(recipe.weights, manifest.names)
    if kind is WeightsKind.RELEASED and recipe.heads == "both":
        raise InputError(
            "heads", "both", "an ONNX model has the raw head only", "Use --heads raw with it."
        )
    require_valid_dataset(manifest, _warn)
    run = RunRecord(
        command=command,
        recipe=recipe,
        weights_sha256=file_sha256(recipe.weights),
        data_sha256=dataset_sha256(manifest),
        device=choose_device(recipe.device),
        threads=cpu_threads(),
        versions=package_versions(),
    )
    recipe.out.mkdir(parents=True, exist_ok=True)
    run.write()
    return _run(run, manifest, watchers, say)


def resume_training(out: Path, tensorboard: bool = False, say: Say = _say) -> Path:
    """The run in `out` from its last whole epoch to its end; returns the last checkpoint.

    Ends with the weights of an unbroken run. Raises InputError where its data or the weights that
    it began with are not what they were.
    """
    run = RunRecord.read(out)
    recipe = run.recipe
    watchers = make_callbacks(out, say, tensorboard)
    manifest = require_dataset_yaml(recipe.data)
    check_weights(recipe.weights, manifest.names)
    if file_sha256(recipe.weights) != run.weights_sha256:
        raise _changed(recipe.weights, "the weights are not those that the run began with")
    if dataset_sha256(manifest) != run.data_sha256:
        raise _changed(recipe.data, "the dataset is not what it was when the run began")
    for line in _differences(run):
        _warn(line)
    for draft in (*out.glob(".*.tmp"), *(out / "weights").glob(".*.tmp")):
        shutil.rmtree(draft, ignore_errors=True)  # of a file whose writing was cut off
    return _run(run, manifest, watchers, say)


def last_checkpoint(out: Path) -> Path:
    """The checkpoint of the last epoch of the run in `out`."""
    return out / "weights" / "last.pt"


def choose_device(wanted: str) -> str:
    """ "cpu" or "cuda:N"; raises InputError where there is no such GPU."""
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wanted == "auto":
        return "cuda:0" if count else "cpu"
    if wanted == "cpu":
        return wanted
    number = int(wanted.rpartition(":")[2])
    if number >= count:
        raise InputError(
            "device", wanted, f"PyTorch sees {count} GPUs", "Use --device cpu or another number."
        )
    return f"cuda:{number}"


def cpu_threads() -> int:
    """Threads of the CPU: OMP_NUM_THREADS, or the cores that this process may use."""
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    if wanted.isdecimal() and int(wanted):
        return int(wanted)
    return available_cores()


def _run(
    run: RunRecord, manifest: DatasetYaml, watchers: tuple[TrainingCallback, ...], say: Say
) -> Path:
    """On from the state of the run, if there is one."""
    isolate_ultralytics()
    import torch

    from cv.training.checkpoint_state import TrainingState
    from cv.training.torch_dataset import ChipDataset, ChipTransform
    from cv.training.trainer import PierTrainer, TrainingJob, cpu_has_bfloat16, training_state_path

    recipe = run.recipe
    device = choose_device(recipe.device)
    saved = training_state_path(recipe.out)
    state = TrainingState.load(saved) if saved.exists() else None
    if state is not None and state.epochs >= recipe.epochs:
        say(f"finished: all {recipe.epochs} epochs are done")
        return last_checkpoint(recipe.out)
    bfloat16 = recipe.precision == "bfloat16"
    wanted = bfloat16 or (recipe.precision == "auto" and cpu_has_bfloat16())
    chips = ChipDataset(manifest, ChipTransform(recipe.side, recipe.jitter, recipe.seed))
    workers = 0 if device == "cpu" else min(8, os.cpu_count() or 1)
    job = TrainingJob(recipe, chips, state, watchers, workers, device == "cpu" and wanted)
    trainer = PierTrainer(_settings(recipe, device), job)
    torch.set_num_threads(cpu_threads())  # ultralytics leaves one core idle
    say(f"{len(chips)} chips, {recipe.batch} a step, on {device} with {cpu_threads()} threads")
    try:
        trainer.train()
    finally:
        for watcher in watchers:
            watcher.close()
    return last_checkpoint(recipe.out)


def _settings(recipe: TrainingConfig, device: str) -> dict[str, object]:
    """Settings of ultralytics."""
    half: object = "bf16" if recipe.precision == "bfloat16" else recipe.precision == "auto"
    return {
        **dict.fromkeys(_OFF, 0.0),
        "task": "obb",
        "mode": "train",
        "model": recipe.weights.name,
        "epochs": recipe.epochs,
        "batch": recipe.batch,
        "nbs": recipe.batch,
        "imgsz": recipe.side,
        "optimizer": "AdamW",
        "lr0": recipe.rate,
        "lrf": 0.02,
        "cos_lr": True,
        "warmup_epochs": 0.5,
        "warmup_bias_lr": 0.0,
        "weight_decay": 5e-4,
        "seed": recipe.seed,
        "device": device.removeprefix("cuda:"),
        "amp": half if device != "cpu" else False,
        "freeze": recipe.freeze,
        "auto_augment": None,
        "max_det": 1500,
        "close_mosaic": 0,
        "patience": 0,
        "val": False,
        "plots": False,
        "project": str(recipe.out.parent.resolve()),
        "name": recipe.out.resolve().name,
        "exist_ok": True,
    }


def _refuse_taken(out: Path) -> None:
    taken = [name for name in _OURS if (out / name).exists()]
    if taken or (out.exists() and not out.is_dir()):
        raise InputError(
            out,
            f"it holds {', '.join(taken)}" if taken else "it is a file",
            "a run has a folder of its own",
            "Name another folder, or go on with that run: train.py --resume OUT.",
        )


def _changed(path: Path, found: str) -> InputError:
    limit = "a run goes on with what it began with"
    return InputError(path, found, limit, "Restore it, or begin a new run in another folder.")


def _differences(run: RunRecord) -> list[str]:
    """A line for all that may change the last bits of a resumed run."""
    lines = []
    for (name, then), (_, now) in zip(run.versions, package_versions(), strict=False):
        if then != now:
            lines.append(f"warning: the run began with {name} {then}, this is {now}")
    if run.threads != cpu_threads():
        lines.append(
            f"warning: the run began with {run.threads} threads, these are {cpu_threads()}"
        )
    if run.device != (now := choose_device(run.recipe.device)):
        lines.append(f"warning: the run began on {run.device}, this is {now}")
    return lines
