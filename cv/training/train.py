"""Fine-tune an oriented-box network on a YOLO-OBB dataset; a run can be stopped and resumed."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from cv.errors import InputError
from cv.io.terminal_text import quantity
from cv.labels.dataset_yaml import DatasetYaml
from cv.training.callbacks import TrainingCallback, make_callbacks
from cv.training.config import TrainingConfig
from cv.training.dataset_checks import (
    dataset_sha256,
    digest_if_file,
    require_dataset_yaml,
    require_valid_dataset,
)
from cv.training.initial_weights import RELEASED, check_weights
from cv.training.run_record import RECORD_NAME, RunRecord, package_versions
from cv.training.ultralytics_setup import available_cores, isolate_ultralytics

_RUN_FILES = (RECORD_NAME, "recipe.json", "state.pt", "weights")
"""Files of a run; a folder that has one of them holds a run."""
Log = Callable[[str], None]


_print = partial(print, flush=True)


def _warn(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def train_model(
    config: TrainingConfig,
    command: tuple[str, ...] = (),
    tensorboard: bool = False,
    log: Log = _print,
) -> Path:
    """Train from start to end and return the last checkpoint; raises InputError beforehand.

    Every epoch is kept as out/weights/epochN.pt. `command` is recorded in run.json.
    """
    config = config.checked()
    _refuse_existing_run(config.out)
    callbacks = make_callbacks(config.out, log, tensorboard)
    manifest = require_dataset_yaml(config.data)
    kind = check_weights(config.weights, manifest.names)
    if kind == RELEASED and config.heads == "both":
        limit = "an ONNX model has the raw head only"
        raise InputError("heads", "both", limit, "Use --heads raw with it.")
    require_valid_dataset(manifest, _warn)
    run = RunRecord(
        command=command,
        config=config,
        weights_sha256=digest_if_file(config.weights),
        data_sha256=dataset_sha256(manifest),
        device=choose_device(config.device),
        threads=cpu_threads(),
        versions=package_versions(),
    )
    config.out.mkdir(parents=True, exist_ok=True)
    run.write()
    return _train(run, manifest, callbacks, log)


def resume_training(out: Path, tensorboard: bool = False, log: Log = _print) -> Path:
    """Continue the run in `out` after its last saved epoch and return the last checkpoint.

    Raises InputError where the dataset or the initial weights have changed since the run began.
    """
    run = RunRecord.read(out)
    config = run.config
    callbacks = make_callbacks(out, log, tensorboard)
    manifest = require_dataset_yaml(config.data)
    check_weights(config.weights, manifest.names)
    for path, now, then in (
        (config.weights, digest_if_file(config.weights), run.weights_sha256),
        (config.data, dataset_sha256(manifest), run.data_sha256),
    ):
        if now != then:
            limit = "a run resumes with what it began with"
            remedy = "Restore it, or start a new run in another folder."
            raise InputError(path, "it is not what it was when the run began", limit, remedy)
    for line in _environment_changes(run):
        _warn(line)
    for draft in (*out.glob(".*.tmp"), *(out / "weights").glob(".*.tmp")):
        shutil.rmtree(draft, ignore_errors=True)  # left by a write that was interrupted
    return _train(run, manifest, callbacks, log)


def last_checkpoint(out: Path) -> Path:
    """Return the path of the last epoch's checkpoint of the run in `out`."""
    return out / "weights" / "last.pt"


def choose_device(requested: str) -> str:
    """Return "cpu" or "cuda:N"; raises InputError where there is no such GPU."""
    import torch

    count = torch.cuda.device_count()
    if requested in ("auto", "cpu"):
        return "cuda:0" if count and requested == "auto" else "cpu"
    number = int(requested.rpartition(":")[2])
    if number >= count:
        limit, remedy = f"PyTorch sees {count} GPUs", "Use --device cpu or another number."
        raise InputError("device", requested, limit, remedy)
    return f"cuda:{number}"


def cpu_threads() -> int:
    """Return the CPU threads of a run: OMP_NUM_THREADS, else the cores of this process."""
    requested = os.environ.get("OMP_NUM_THREADS", "")
    return int(requested) if requested.isdecimal() and int(requested) else available_cores()


def _train(
    run: RunRecord, manifest: DatasetYaml, callbacks: tuple[TrainingCallback, ...], log: Log
) -> Path:
    """Train from the saved state of the run, or from its start where there is none."""
    isolate_ultralytics()
    import torch

    from cv.training.checkpoint_state import STATE_NAME, TrainingState
    from cv.training.torch_dataset import ChipDataset
    from cv.training.trainer import PierTrainer, TrainingJob, cpu_has_bfloat16

    config = run.config
    device = choose_device(config.device)
    saved = config.out / STATE_NAME
    state = TrainingState.load(saved) if saved.exists() else None
    if state is not None and state.epochs >= config.epochs:
        log(f"finished: all {config.epochs} epochs are done")
        return last_checkpoint(config.out)
    auto = config.precision == "auto"
    bfloat16 = config.precision == "bfloat16" or (auto and cpu_has_bfloat16())
    chips = ChipDataset(manifest, config)
    job = TrainingJob(
        config=config,
        chips=chips,
        state=state,
        callbacks=callbacks,
        bfloat16_on_cpu=device == "cpu" and bfloat16,
        float16_on_gpu=device != "cpu" and auto,
    )
    trainer = PierTrainer(_ultralytics_settings(config, device), job)
    torch.set_num_threads(cpu_threads())  # ultralytics leaves one core idle
    amount = quantity(len(chips), "chip")
    log(f"{amount}, {config.batch} a step, on {device} with {quantity(cpu_threads(), 'thread')}")
    try:
        trainer.train()
    finally:
        for callback in callbacks:
            callback.close()
    return last_checkpoint(config.out)


def _ultralytics_settings(config: TrainingConfig, device: str) -> dict[str, object]:
    return {
        # Settings of augmentation have no effect: `cv.training` reads and augments its own chips.
        "model": config.weights.name,
        "epochs": config.epochs,
        "batch": config.batch,
        "nbs": config.batch,
        "imgsz": config.side,
        "optimizer": "AdamW",
        "lr0": config.rate,
        "lrf": 0.02,
        "cos_lr": True,
        "warmup_epochs": 0.5,
        "warmup_bias_lr": 0.0,
        "weight_decay": 5e-4,
        "seed": config.seed,
        "device": device.removeprefix("cuda:"),
        # float16 is switched on by PierTrainer: see there
        "amp": "bf16" if device != "cpu" and config.precision == "bfloat16" else False,
        "freeze": config.freeze,
        "close_mosaic": 0,
        "patience": 0,
        "val": False,
        "plots": False,
        "project": str(config.out.parent.resolve()),
        "name": config.out.resolve().name,
        "exist_ok": True,
    }


def _refuse_existing_run(out: Path) -> None:
    existing = [name for name in _RUN_FILES if (out / name).exists()]
    if existing or out.is_file():
        found = f"it holds {', '.join(existing)}" if existing else "it is a file"
        remedy = "Name another folder, or resume that run: pierwatch train --resume OUT."
        raise InputError(out, found, "each run has its own folder", remedy)


def _environment_changes(run: RunRecord) -> list[str]:
    """Return a warning for every difference that may change the last bits of the result."""
    then = {**dict(run.versions), "threads": str(run.threads), "device": run.device}
    now = {
        **dict(package_versions()),
        "threads": str(cpu_threads()),
        "device": choose_device(run.config.device),
    }
    return [
        f"warning: the run began with {name} {then.get(name)}, this is {value}"
        for name, value in now.items()
        if then.get(name) != value
    ]
