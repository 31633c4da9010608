"""Export of a small network to an ONNX file that holds its card."""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import nn

from cv.io.atomic_files import write_atomically
from cv.io.hashing import sha256

_OPSET = 17


@dataclass(frozen=True, eq=False)
class ExportedModule:
    """A module in evaluation mode, and what its ONNX file calls its tensors."""

    module: nn.Module
    example: Sequence[torch.Tensor]
    """Inputs that it is traced with."""
    inputs: Sequence[str]
    """Their names."""
    output: str
    """Name of its one output."""
    axes: Mapping[str, Mapping[int, str]]
    """Names of the axes of free size, by tensor and position."""


def write_onnx_with_card(
    exported: ExportedModule, key: str, record: Mapping[str, Any], path: Path
) -> None:
    """Write the ONNX file `path`, and NAME.card.json beside it.

    `record` is the card: JSON values, stored in the file's metadata under `key`.
    """
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        draft = Path(folder) / path.name
        torch.onnx.export(
            exported.module.eval(),
            tuple(exported.example),
            draft,
            input_names=list(exported.inputs),
            output_names=[exported.output],
            dynamic_axes={name: dict(axes) for name, axes in exported.axes.items()},
            opset_version=_OPSET,
            dynamo=False,
        )
        model = onnx.load(draft)
    for node in model.graph.node:
        node.ClearField("doc_string")
    entry = model.metadata_props.add()
    entry.key, entry.value = key, json.dumps(record)
    content = model.SerializeToString()
    write_atomically(path, content)
    beside = {"sha256": sha256(content), **record}
    write_atomically(path.with_suffix(".card.json"), json.dumps(beside, indent=1) + "\n")
