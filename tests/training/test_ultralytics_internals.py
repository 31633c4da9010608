"""Everything of ultralytics that Pierwatch uses, in one place; fails where a new version moves it.

pyproject.toml bounds the version; raise the bound only where these tests pass. `INTERFACE` lists
functions with their parameters, `ATTRIBUTES` what is read or set on objects.
"""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch

pytest.importorskip("ultralytics", reason="needs the extra train")

from cv.training.ultralytics_setup import isolate_ultralytics

isolate_ultralytics()

TRAINER = "ultralytics.models.yolo.obb:OBBTrainer"
INTERFACE = [
    ("ultralytics.nn.tasks:load_checkpoint", ("weight", "device", "inplace", "fuse")),
    ("ultralytics.nn.tasks:OBBModel.__init__", ("self", "cfg", "ch", "nc", "verbose")),
    ("ultralytics.nn.tasks:OBBModel.init_criterion", ("self",)),
    ("ultralytics.nn.tasks:OBBModel.fuse", ("self", "verbose", "imgsz")),
    (f"{TRAINER}.__init__", ("self", "cfg", "overrides", "_callbacks")),
    (f"{TRAINER}.run_callbacks", ("self", "event")),
    (f"{TRAINER}.get_dataset", ("self",)),
    (f"{TRAINER}.get_dataloader", ("self", "dataset_path", "batch_size", "rank", "mode")),
    (f"{TRAINER}.setup_model", ("self",)),
    (f"{TRAINER}.get_model", ("self", "cfg", "weights", "verbose")),
    (f"{TRAINER}.resume_training", ("self", "ckpt")),
    (f"{TRAINER}.preprocess_batch", ("self", "batch")),
    (f"{TRAINER}.validate", ("self",)),
    (f"{TRAINER}.final_eval", ("self",)),
    (f"{TRAINER}.save_metrics", ("self", "metrics")),
    (f"{TRAINER}.save_model", ("self",)),
    (f"{TRAINER}._build_train_pipeline", ("self",)),
    (f"{TRAINER}._handle_nan_recovery", ("self", "epoch")),
    (f"{TRAINER}.train", ("self",)),
    (
        "ultralytics.utils.tal:RotatedTaskAlignedAssigner.forward",
        (
            "self",
            "pd_scores",
            "pd_bboxes",
            "anc_points",
            "gt_labels",
            "gt_bboxes",
            "mask_gt",
            "extra",
        ),
    ),
]
CALLED_BY_THE_LOOP = {
    "_do_train": (
        'self.run_callbacks("on_train_start")',
        'self.run_callbacks("on_train_epoch_start")',
        'self.run_callbacks("on_train_batch_end")',
        "self._setup_train()",
        "self.preprocess_batch(batch)",
        "self._handle_nan_recovery(epoch)",
        "self.save_metrics(",
        "self.save_model()",
        "self._build_train_pipeline()  # retain optimizer state across OOM retries",
        "self.scaler.scale(self.loss).backward()",
        "else self.amp, device=self.device.type)",
    ),
    "_setup_train": (
        "self.setup_model()",
        "self._build_train_pipeline()",
        "self.resume_training(ckpt)",
        "self.ema = ModelEMA(self.model)",
    ),
}
"""Calls that the methods overridden in PierTrainer rely on."""


def find(path: str) -> Any:
    module, _, names = path.partition(":")
    found: Any = import_module(module)
    for name in names.split("."):
        found = getattr(found, name)
    return found


@pytest.mark.parametrize(("path", "parameters"), INTERFACE, ids=[path for path, _ in INTERFACE])
def test_functions_have_the_parameters_that_are_used(path, parameters):
    assert tuple(inspect.signature(find(path)).parameters) == parameters


@pytest.mark.parametrize("method", CALLED_BY_THE_LOOP)
def test_the_loop_calls_what_is_overridden(method):
    source = inspect.getsource(getattr(find(TRAINER), method))
    for call in CALLED_BY_THE_LOOP[method]:
        assert call in source, call
    if method == "_setup_train":  # float16 is switched on after this check was passed
        assert source.index("check_amp(") < source.index("self._build_train_pipeline()")


def test_loading_can_be_restricted():
    tasks = import_module("ultralytics.nn.tasks")
    assert tasks._SafeLoad.SUPPORTED
    assert tasks.SAFE_LOAD is True
    assert "safe_only = SAFE_LOAD" in inspect.getsource(tasks.torch_safe_load)
    assert callable(import_module("ultralytics").settings.update)


@pytest.fixture(scope="module")
def network():
    return find("ultralytics.nn.tasks:OBBModel")("yolo26n-obb.yaml", nc=2, verbose=False)


def test_networks_have_the_parts_that_are_used(network):
    head = network.model[-1]
    for name in (
        "cv3",
        "one2one_cv2",
        "one2one_cv3",
        "one2one_cv4",
        "max_det",
        "export",
        "end2end",
    ):
        assert hasattr(head, name), name
    assert isinstance(head.cv3[0][-1], torch.nn.Conv2d)
    assert head.cv3[0][-1].out_channels == 2
    names = network.state_dict()
    for name in ("model.0.conv.weight", "model.0.bn.running_mean", "model.23.cv2.0.0.conv.weight"):
        assert name in names, name
    assert {"yaml", "names", "stride"} <= set(vars(network))


def test_criteria_have_an_assigner_and_a_schedule(network):
    """YOLO26 has two branches with an assigner each; older networks have one."""
    network.args = import_module("ultralytics.cfg").get_cfg()
    criterion = network.init_criterion()
    assert callable(criterion.update)
    assert hasattr(criterion.one2many, "assigner")
    assert hasattr(criterion.one2one, "assigner")
    older = find("ultralytics.nn.tasks:OBBModel")("yolov8n-obb.yaml", nc=2, verbose=False)
    older.args = network.args
    assert hasattr(older.init_criterion(), "assigner")


def test_pyproject_bounds_the_version():
    text = (Path(__file__).resolve().parents[2] / "pyproject.toml").read_text()
    assert '"ultralytics>=8.4.190,<8.5"' in text
    installed = import_module("ultralytics").__version__
    assert re.match(r"8\.4\.(\d+)", installed)
