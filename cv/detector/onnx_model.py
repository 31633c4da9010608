"""ONNX models: verify a model file, load it and run it on CPU."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cv.detector.model_card import MAKE_AGAIN, ModelCard, OutputLayout
from cv.detector.onnx_external_data import InvalidOnnx, has_external_data
from cv.detector.preprocess import InputSpec, shape_matches
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
_CHECKPOINT_PREFIXES = (b"PK\x03\x04", *(bytes([0x80, protocol]) for protocol in range(2, 6)))
"""First bytes of PyTorch checkpoints (zip archives with a pickle) and of bare pickles."""


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
            "Export it with cv.model_export.release.",
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
    if len(shapes) != 1 or not shape_matches(shapes[0], expected):
        limit = f"layout {card.layout} of {len(card.classes)} classes is {expected}"
        raise ModelError(path, f"it answers {shapes}", limit, MAKE_AGAIN)
