"""The network: an ONNX file, verified and ready to run on CPU."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from cv.detector.card import Card, Layout
from cv.errors import InferenceError, ModelError

MAX_BYTES = 512 * 2**20
"""Largest model file that is read."""

_LOAD_ERRORS = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoSuchFile,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
)


@dataclass(frozen=True, eq=False)
class Network:
    """One loaded model."""

    card: Card
    digest: str
    """sha256 of the file, hexadecimal."""
    session: Any
    """onnxruntime.InferenceSession of one thread: calls may come from several threads at once."""

    @classmethod
    def load(cls, path: str | Path) -> Network:
        """The model in ONNX file `path`, checked against its card; raises ModelError.

        The file is read once: what is hashed is what is run. A model never reads other files.
        """
        path = Path(path)
        content = _content(path)
        digest = hashlib.sha256(content).hexdigest()
        _check_digest(path, digest)
        session = _session(path, content)
        card = Card.from_metadata(path, session.get_modelmeta().custom_metadata_map)
        _check_shapes(path, card, session)
        return cls(card, digest, session)

    def run(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        """The answer to `tensor` (1, 3, tile, tile); raises InferenceError if the runtime fails."""
        try:
            (answer,) = self.session.run(None, {self.session.get_inputs()[0].name: tensor})
        except _LOAD_ERRORS as error:
            raise InferenceError(f"the model {self.card.name} failed: {error}") from error
        return np.asarray(answer, dtype=np.float32)


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if not 0 < size <= MAX_BYTES:
            raise ModelError(
                path,
                f"{size} bytes",
                f"1 to {MAX_BYTES} bytes are read",
                "Get the model file again.",
            )
        return path.read_bytes()
    except OSError as error:
        raise ModelError(
            path, error.strerror or str(error), "a readable ONNX file is needed", "Check the path."
        ) from error


def card_path(model: Path) -> Path:
    """Where the card of the model file `model` lies."""
    return model.with_suffix(".card.json")


def _check_digest(path: Path, digest: str) -> None:
    """Compares with the card beside the model; a model without one is taken at its metadata."""
    beside = card_path(path)
    if not beside.exists():
        return
    try:
        stated = json.loads(beside.read_text(encoding="utf-8"))["sha256"]
    except (OSError, ValueError, RecursionError, KeyError, TypeError) as error:
        raise ModelError(
            beside,
            "not a card with a sha256",
            "a card states the sha256 of its model",
            "Get model and card again.",
        ) from error
    if stated != digest:
        raise ModelError(
            path,
            f"its sha256 is {digest}",
            f"its card says {stated}",
            "Get model and card again; one of them is not the released file.",
        )


def _session(path: Path, content: bytes) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.use_deterministic_compute = True
    try:
        return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except _LOAD_ERRORS as error:
        raise ModelError(
            path,
            f"onnxruntime cannot load it ({str(error)[:200]})",
            "a complete ONNX file is needed",
            "Get the model file again.",
        ) from error


def _check_shapes(path: Path, card: Card, session: Any) -> None:
    inputs, outputs = session.get_inputs(), session.get_outputs()
    tile = (1, 3, card.tile_px, card.tile_px)
    takes = [tuple(i.shape) for i in inputs]
    if len(inputs) != 1 or inputs[0].type != "tensor(float)" or not _fits(inputs[0].shape, tile):
        raise ModelError(
            path,
            f"it takes {takes}",
            f"one float tensor {tile} is needed",
            "Export it again with cv.training.export.",
        )
    columns = 4 + len(card.classes) + 1
    wanted = (1, columns, None) if card.layout is Layout.RAW else (1, None, 7)
    gives = [tuple(o.shape) for o in outputs]
    if len(outputs) != 1 or not _fits(outputs[0].shape, wanted):
        raise ModelError(
            path,
            f"it answers {gives}",
            f"layout {card.layout} of {len(card.classes)} classes is {wanted}",
            "Export it again with cv.training.export.",
        )


def _fits(shape: list[Any], wanted: tuple[int | None, ...]) -> bool:
    """Whether `shape` is `wanted`; names and None stand for any size."""
    return len(shape) == len(wanted) and all(
        want is None or not isinstance(have, int) or have == want
        for have, want in zip(shape, wanted, strict=True)
    )
