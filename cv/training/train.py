"""Fine-tune an oriented-box network on a YOLO-OBB dataset."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from cv.training.quiet import hush

CHIP = 640  # pixels, side of every training image


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run."""

    data: Path
    # dataset.yaml
    weights: Path
    # checkpoint to start from
    out: Path
    # run folder, made
    epochs: int = 10
    # passes over the data
    batch: int = 8
    # chips a step
    rate: float = 1e-3
    # learning rate of AdamW after warm-up; falls along a cosine
    seed: int = 0
    # of order, turns and exposure
    device: str = "cpu"
    # "cpu", "0", "cuda:0"
    heads: str = "both"
    # "both", or "raw": only the one-to-many head, a third faster to train, no end-to-end layout
    precision: str = "auto"
    # "auto", "float32" or "bfloat16" (CPU only; a GPU uses its own mixed precision)


def train(recipe: Recipe, resume: bool = False) -> Path:
    """Run to the end, or on from out/weights/last.pt; returns the last checkpoint.

    Every epoch is kept as out/weights/epochN.pt.
    """
    hush()
    from cv.training.trainer import PierTrainer, attach_callbacks, cpu_likes_bfloat16

    recipe.out.mkdir(parents=True, exist_ok=True)
    last = recipe.out / "weights" / "last.pt"
    overrides = _overrides(recipe)
    if resume:
        overrides["resume"] = str(last)
    else:
        record = {key: str(value) for key, value in asdict(recipe).items()}
        (recipe.out / "recipe.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
    trainer = PierTrainer(overrides=overrides)
    trainer.one_head = recipe.heads == "raw"
    wanted = recipe.precision == "bfloat16"
    on_cpu = recipe.device == "cpu"
    trainer.half_on_cpu = on_cpu and (
        wanted or (recipe.precision == "auto" and cpu_likes_bfloat16())
    )
    attach_callbacks(trainer, lambda line: print(line, flush=True))
    trainer.train()
    return last


def resumed(out: Path) -> Recipe:
    """The recipe of an interrupted run, from its folder."""
    record = json.loads((out / "recipe.json").read_text(encoding="utf-8"))
    base = Recipe(Path(record["data"]), Path(record["weights"]), out)
    return replace(
        base,
        epochs=int(record["epochs"]),
        batch=int(record["batch"]),
        rate=float(record["rate"]),
        seed=int(record["seed"]),
        device=record["device"],
        heads=record["heads"],
        precision=record["precision"],
    )


def _overrides(recipe: Recipe) -> dict[str, object]:
    """Settings of ultralytics; all of its own augmentation is off, ours is exact."""
    off = (
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
    )
    return {
        **dict.fromkeys(off, 0.0),
        "task": "obb",
        "mode": "train",
        "model": str(recipe.weights),
        "data": str(_resolve(recipe)),
        "epochs": recipe.epochs,
        "batch": recipe.batch,
        "nbs": recipe.batch,
        "imgsz": CHIP,
        "optimizer": "AdamW",
        "lr0": recipe.rate,
        "lrf": 0.02,
        "cos_lr": True,
        "warmup_epochs": 0.5,
        "warmup_bias_lr": 0.0,
        "weight_decay": 5e-4,
        "seed": recipe.seed,
        "device": recipe.device,
        "amp": recipe.device != "cpu",
        "auto_augment": None,
        "augmentations": [],
        "max_det": 1500,
        "save_period": 1,
        "patience": 0,
        "val": False,
        "plots": False,
        "project": str(recipe.out.parent.resolve()),
        "name": recipe.out.name,
        "exist_ok": True,
        "workers": 4,
    }


def _resolve(recipe: Recipe) -> Path:
    """A copy of dataset.yaml whose path is absolute: ultralytics takes "." for the shell's."""
    import yaml  # type: ignore[import-untyped,unused-ignore]

    source = recipe.data.resolve()
    record = yaml.safe_load(source.read_text(encoding="utf-8"))
    record["path"] = str((source.parent / record.get("path", ".")).resolve())
    target = recipe.out / "dataset.yaml"
    target.write_text(yaml.safe_dump(record, sort_keys=False), encoding="utf-8")
    return target.resolve()
