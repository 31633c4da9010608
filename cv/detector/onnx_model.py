"""ONNX models: verify a model file, load it and run it on CPU."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cv.detector.model_card import MAKE_AGAIN, ModelCard, OutputLayout
from cv.detector.onnx_external_data import InvalidOnnx, has_external_data
from cv.detector.runtimes import engine as engines
from cv.detector.runtimes import openvino_runner
from cv.detector.runtimes.engine import InferenceEngine, Runner
from cv.errors import InferenceError, ModelError
from cv.geometry.arrays import Float32Array
from cv.io.hashing import sha256
from cv.io.safe_loading import SafeLoader

MAX_BYTES = 512 * 2**20
"""Maximum size of a model file, bytes."""
_GET_AGAIN = "Get the model file again."
_CARD_FILE = SafeLoader(error=ModelError, max_bytes=2**20, remedy="Get model and card again.")
_FIRST_RUN_LOCK = threading.Lock()
"""Only one model at a time has its first run: see `openvino_runner`."""
_INPUT_TYPES = {"tensor(uint8)": True, "tensor(float)": False}
"""Types of input tensors, and whether they hold bytes."""
_CHECKPOINT_PREFIXES = (b"PK\x03\x04", *(bytes([0x80, protocol]) for protocol in range(2, 6)))
"""First bytes of PyTorch checkpoints (zip archives with a pickle) and of bare pickles."""


@dataclass(frozen=True)
class InputSpec:
    """Name, data type and axis order of a network's input."""

    name: str
    """Name of the input in the graph."""
    raw: bool
    """True: uint8, 0 to 255, scaled inside the graph. False: float32, 0 to 1."""
    channels_first: bool
    """True: (1, 3, rows, columns). False: (1, rows, columns, 3). Channels: red, green, blue."""

    @classmethod
    def of(cls, subject: str | Path, inputs: list[Any], tile_px: int) -> InputSpec:
        """Return the specification of the only one of `inputs` of an onnxruntime session.

        `tile_px` is the side of a tile. Raises ModelError, about the model file `subject`, where it
        is neither uint8 nor float32, or has another shape.
        """
        orders = {True: (1, 3, tile_px, tile_px), False: (1, tile_px, tile_px, 3)}
        if len(inputs) == 1 and inputs[0].type in _INPUT_TYPES:
            for channels_first, shape in orders.items():
                if _shape_matches(inputs[0].shape, shape):
                    return cls(inputs[0].name, _INPUT_TYPES[inputs[0].type], channels_first)
        found = f"it takes {[(one.type, tuple(one.shape)) for one in inputs]}"
        limit = f"one uint8 or float tensor {orders[True]} or {orders[False]} is needed"
        raise ModelError(subject, found, limit, MAKE_AGAIN)

    def to_tensor(self, rgb: NDArray[np.uint8]) -> NDArray[Any]:
        """Return the input tensor for a tile `rgb` (rows, columns, 3)."""
        pixels = rgb.transpose(2, 0, 1) if self.channels_first else rgb
        if self.raw:
            return np.ascontiguousarray(pixels[None])
        return np.ascontiguousarray(pixels[None].astype(np.float32) / np.float32(255.0))


@dataclass(frozen=True, eq=False)
class OnnxModel:
    """One loaded model with its card."""

    card: ModelCard
    digest: str
    """sha256 of the file, hexadecimal."""
    input_spec: InputSpec
    """Format of its input tensor."""
    runner: Runner
    """Computes the output of an input tensor."""

    @classmethod
    def load(
        cls,
        path: str | Path,
        engine: InferenceEngine = InferenceEngine.ONNXRUNTIME,
        threads: int = 1,
    ) -> OnnxModel:
        """Load the ONNX file `path` to run `threads` tiles at once, and check it against its card.

        The file is read once, so that the hashed bytes are those that run. Raises ModelError for
        what is not a complete model that fits its card, for models that refer to other files, and
        for checkpoints and pickles, which could run code when read.
        """
        path = Path(path)
        content = _read(path)
        _check_format(path, content)
        digest = sha256(content)
        _check_digest(path, digest)
        session = engines.create_session(path, content)
        card = ModelCard.from_metadata(path, session.get_modelmeta().custom_metadata_map)
        input_spec = InputSpec.of(path, session.get_inputs(), card.tile_px)
        _check_output(path, card, session)
        runner = engines.session_runner(session)
        if engine is InferenceEngine.OPENVINO:
            runner = openvino_runner.openvino_runner(path, content, threads)
        model = cls(card, digest, input_spec, runner)
        model._check_run(path)
        return model

    def run(self, rgb: NDArray[np.uint8]) -> Float32Array:
        """Return the output for tile `rgb` (rows, columns, 3); raises InferenceError."""
        try:
            return self.runner(self.input_spec.to_tensor(rgb))
        except InferenceError as error:
            raise InferenceError(f"{self.card.name}: {error}") from error

    def _check_run(self, path: Path) -> None:
        """Run it once on a black tile; raises ModelError if that fails."""
        size = self.card.tile_px
        try:
            with _FIRST_RUN_LOCK:
                self.run(np.zeros((size, size, 3), np.uint8))
        except InferenceError as error:
            raise ModelError(path, str(error), "it has to answer to a tile", _GET_AGAIN) from error


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if not 0 < size <= MAX_BYTES:
            limit = f"1 to {MAX_BYTES} bytes are read"
            raise ModelError(path, f"{size} bytes", limit, _GET_AGAIN)
        return path.read_bytes()
    except OSError as error:
        found = error.strerror or str(error)
        raise ModelError(path, found, "an ONNX file is needed", "Check the path.") from error


def _check_format(path: Path, content: bytes) -> None:
    """Raise ModelError for what is not an ONNX model, or has weights in other files."""
    if content.startswith(_CHECKPOINT_PREFIXES):
        raise ModelError(
            path,
            "it is a PyTorch checkpoint or a pickle",
            "such files can run code when read, only ONNX files are",
            "Export it with cv.model_export.model_release.",
        )
    try:
        external = has_external_data(content)
    except InvalidOnnx as error:
        found = f"it is not an ONNX model ({error})"
        raise ModelError(path, found, "a complete ONNX file is needed", _GET_AGAIN) from error
    if external:
        found, limit = "some of its weights lie in another file", "a model is one file"
        raise ModelError(path, found, limit, "Save it without external data.")


def model_card_path(model: Path) -> Path:
    """Return the path of the card file of `model`."""
    return model.with_suffix(".card.json")


def _check_digest(path: Path, digest: str) -> None:
    """Raise ModelError if the card file beside the model, if any, states another digest."""
    card_path = model_card_path(path)
    if not card_path.exists():
        return
    try:
        stated = _CARD_FILE.read_json_object(card_path)["sha256"]
    except (ModelError, KeyError) as error:
        found, limit = "not a card with a sha256", "a card states the sha256 of its model"
        raise ModelError(card_path, found, limit, _CARD_FILE.remedy) from error
    if stated != digest:
        limit = f"its card says {stated}"
        raise ModelError(path, f"its sha256 is {digest}", limit, _CARD_FILE.remedy)


def _check_output(path: Path, card: ModelCard, session: Any) -> None:
    """Raise ModelError if the shape of the output does not match the card."""
    shapes = [tuple(output.shape) for output in session.get_outputs()]
    columns = 4 + len(card.classes) + 1
    expected = (1, columns, None) if card.layout is OutputLayout.RAW else (1, None, 7)
    if len(shapes) != 1 or not _shape_matches(shapes[0], expected):
        limit = f"layout {card.layout} of {len(card.classes)} classes is {expected}"
        raise ModelError(path, f"it answers {shapes}", limit, MAKE_AGAIN)


def _shape_matches(shape: Sequence[Any], expected: tuple[int | None, ...]) -> bool:
    """Return whether `shape` can be `expected`; symbolic sizes and None match any size."""
    return len(shape) == len(expected) and all(
        size is None or not isinstance(actual, int) or actual == size
        for actual, size in zip(shape, expected, strict=True)
    )
