"""The network: an ONNX file, verified and ready to run on CPU."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cv.detector.model_card import ModelCard, OutputLayout
from cv.detector.onnx_external_data import InvalidOnnx, has_external_data
from cv.detector.preprocess import InputSpec, shape_matches
from cv.detector.runtimes import engine as engines
from cv.detector.runtimes import openvino_runner
from cv.detector.runtimes.engine import InferenceEngine, Runner
from cv.errors import InferenceError, ModelError
from cv.io.hashing import sha256
from cv.io.safe_loading import SafeLoader

MAX_BYTES = 512 * 2**20
"""Largest model file that is read."""
MAX_CARD_BYTES = 2**20
"""Largest card beside a model that is read."""

_CARD_FILE = SafeLoader(
    error=ModelError, max_bytes=MAX_CARD_BYTES, remedy="Get model and card again."
)
_ALONE = threading.Lock()
"""One network is tried out at a time: see `openvino_runner`."""
_CHECKPOINTS = (b"PK\x03\x04", *(bytes([0x80, protocol]) for protocol in range(2, 6)))
"""How PyTorch checkpoints (archives of a pickle) and bare pickles begin."""


@dataclass(frozen=True, eq=False)
class OnnxModel:
    """One loaded model."""

    card: ModelCard
    digest: str
    """sha256 of the file, hexadecimal."""
    input_spec: InputSpec
    """How it takes a tile."""
    runner: Runner
    """Answers to a tensor that the intake made."""

    @classmethod
    def load(
        cls,
        path: str | Path,
        engine: InferenceEngine = InferenceEngine.ONNXRUNTIME,
        threads: int = 1,
    ) -> OnnxModel:
        """The model in ONNX file `path`, checked against its card; raises ModelError.

        `engine` runs it, for `threads` tiles at once.

        The file is read once: what is hashed is what is run. A model never reads other files, and
        what could run code when it is read, a checkpoint or a pickle, is not opened at all.
        """
        path = Path(path)
        content = _content(path)
        _check_kind(path, content)
        digest = sha256(content)
        _check_digest(path, digest)
        session = engines.create_session(path, content)
        card = ModelCard.from_metadata(path, session.get_modelmeta().custom_metadata_map)
        intake = InputSpec.of(path, session.get_inputs(), card.tile_px)
        _check_answer(path, card, session)
        runner = engines.session_runner(session)
        if engine is InferenceEngine.OPENVINO:
            runner = openvino_runner.openvino_runner(path, content, threads)
        network = cls(card, digest, intake, runner)
        network._try_out(path)
        return network

    def run(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The answer to tile `rgb` (rows, columns, 3); raises InferenceError if it fails."""
        try:
            return self.runner(self.input_spec.to_tensor(rgb))
        except InferenceError as error:
            raise InferenceError(f"{self.card.name}: {error}") from error

    def _try_out(self, path: Path) -> None:
        """Asks it once, about a black tile; raises ModelError where it cannot answer."""
        size = self.card.tile_px
        try:
            with _ALONE:
                self.run(np.zeros((size, size, 3), np.uint8))
        except InferenceError as error:
            raise ModelError(
                path, str(error), "it has to answer to a tile", "Get the model file again."
            ) from error


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


def _check_kind(path: Path, content: bytes) -> None:
    """Refuses what is no ONNX model, and one whose weights lie in other files."""
    if content.startswith(_CHECKPOINTS):
        raise ModelError(
            path,
            "it is a PyTorch checkpoint or a pickle",
            "such files can run code when read, only ONNX files are",
            "Export it with cv.export.release.",
        )
    try:
        elsewhere = has_external_data(content)
    except InvalidOnnx as error:
        raise ModelError(
            path,
            f"it is no ONNX model ({error})",
            "a complete ONNX file is needed",
            "Get the model file again.",
        ) from error
    if elsewhere:
        raise ModelError(
            path,
            "some of its weights lie in another file",
            "a model is one file",
            "Save it without external data.",
        )


def model_card_path(model: Path) -> Path:
    """Where the card of the model file `model` lies."""
    return model.with_suffix(".card.json")


def _check_digest(path: Path, digest: str) -> None:
    """Compares with the card beside the model; a model without one is taken at its metadata."""
    beside = model_card_path(path)
    if not beside.exists():
        return
    try:
        stated = _CARD_FILE.read_json_object(beside)["sha256"]
    except (ModelError, KeyError) as error:
        raise ModelError(
            beside,
            "not a card with a sha256",
            "a card states the sha256 of its model",
            _CARD_FILE.remedy,
        ) from error
    if stated != digest:
        raise ModelError(
            path,
            f"its sha256 is {digest}",
            f"its card says {stated}",
            "Get model and card again; one of them is not the released file.",
        )


def _check_answer(path: Path, card: ModelCard, session: Any) -> None:
    outputs = session.get_outputs()
    columns = 4 + len(card.classes) + 1
    wanted = (1, columns, None) if card.layout is OutputLayout.RAW else (1, None, 7)
    gives = [tuple(o.shape) for o in outputs]
    if len(outputs) != 1 or not shape_matches(outputs[0].shape, wanted):
        raise ModelError(
            path,
            f"it answers {gives}",
            f"layout {card.layout} of {len(card.classes)} classes is {wanted}",
            "Make it again with cv.export.release.",
        )
