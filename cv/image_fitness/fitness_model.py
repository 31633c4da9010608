"""The fitness model: a small network and rules on pixel values that judge images, on CPU."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from cv.detector.model_zoo import FITNESS_MODEL, released_model
from cv.detector.runtimes.engine import Runner, create_session, session_runner
from cv.errors import InferenceError, ModelError
from cv.geometry.arrays import Float32Array
from cv.image_fitness.fitness_card import FitnessCard
from cv.image_fitness.fitness_map import FitnessMap
from cv.image_fitness.pixel_rules import PixelRules
from cv.image_fitness.unfit_reasons import FitnessReason
from cv.io.hashing import sha256

_BLOCK = 24
"""Side of the block that is judged at once, patches."""
_CONTEXT = 4
"""Patches around a block that its answers depend on."""
_MAX_BYTES = 16 * 2**20


@dataclass(frozen=True, eq=False)
class FitnessModel:
    """A loaded fitness model.

    >>> model = FitnessModel.load()
    >>> model.judge(np.zeros((640, 640, 3), np.uint8)).container_recall.shape
    (8, 8)
    """

    card: FitnessCard
    digest: str
    """sha256 of the file, hexadecimal."""
    runner: Runner
    """Computes the output of an input tensor."""

    @classmethod
    def load(cls, path: str | Path | None = None) -> Self:
        """Load the ONNX file `path`, by default the released model.

        Raises:
            ModelError: The file is not a complete fitness model, or not that of its card.
        """
        file = released_model(FITNESS_MODEL) if path is None else Path(path)
        content = _read(file)
        digest = sha256(content)
        session = create_session(file, content)
        card = FitnessCard.from_metadata(file, session.get_modelmeta().custom_metadata_map)
        _check_digest(file, digest)
        return cls(card, digest, session_runner(session))

    def judge(self, image: NDArray[np.uint8]) -> FitnessMap:
        """Judge an image of the working GSD, as the container detector gets it.

        Args:
            image: (rows, columns, 3) RGB; 0 where there is no value. A context of 80 m around what
                matters makes the answer better.

        Raises:
            ValueError: The image has another shape or type, or no pixel.
            InferenceError: The network fails, or its output is not finite.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
            raise ValueError(f"(rows, columns, 3) of uint8 is needed, not {image.shape}")
        padded = _padded(image, self.card.patch_px)
        output = self._run_blocks(padded)
        _apply_rules(output, PixelRules.of(padded, self.card.patch_px), self.card.reasons)
        return FitnessMap(
            container_recall=output[0],
            hull_recall=output[1],
            effective_gsd_m=output[2],
            reason_probability=output[3:],
            patch_px=self.card.patch_px,
            min_recall=self.card.min_recall,
        )

    def _run_blocks(self, image: NDArray[np.uint8]) -> Float32Array:
        """Return the outputs (3 + reasons, rows, columns) for an image of whole patches."""
        side = self.card.patch_px
        rows, columns = image.shape[0] // side, image.shape[1] // side
        output = np.empty((3 + len(self.card.reasons), rows, columns), np.float32)
        for top in range(0, rows, _BLOCK):
            for left in range(0, columns, _BLOCK):
                y, x = max(0, top - _CONTEXT), max(0, left - _CONTEXT)
                end = top + _BLOCK + _CONTEXT, left + _BLOCK + _CONTEXT
                window = image[y * side : end[0] * side, x * side : end[1] * side]
                found = self.runner(np.ascontiguousarray(window[None]))[0]
                block = found[:, top - y :, left - x :][:, :_BLOCK, :_BLOCK]
                output[:, top : top + _BLOCK, left : left + _BLOCK] = block
        if not np.isfinite(output).all():
            raise InferenceError(f"{self.card.name}: the fitness is not finite. Check the model.")
        return output


def _apply_rules(
    output: Float32Array, rules: PixelRules, reasons: tuple[FitnessReason, ...]
) -> None:
    """Set recall to 0, for the rule's reason, where pixel values alone decide.

    White patches that the network takes for cloud stay cloud.
    """
    cloud = output[3:].argmax(0) == reasons.index(FitnessReason.CLOUD)
    for reason, found in rules.by_reason().items():
        output[:2, found] = 0
        patches = found & ~cloud if reason is FitnessReason.SATURATED else found
        output[3:, patches] = 0
        output[3 + reasons.index(reason), patches] = 1


@cache
def released_judge() -> FitnessModel:
    """Return the released fitness model, loaded once in a process; raises ModelError."""
    return FitnessModel.load()


def _padded(image: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return the image mirrored at its right and lower edge to whole patches."""
    missing = (-image.shape[0] % side, -image.shape[1] % side)
    if missing == (0, 0):
        return image
    return np.pad(image, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="symmetric")


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size <= _MAX_BYTES:
            return path.read_bytes()
        found = f"more than {_MAX_BYTES} bytes"
    except OSError as error:
        found = error.strerror or str(error)
    raise ModelError(path, found, "a readable fitness model is needed", "Check the path.")


def _check_digest(path: Path, digest: str) -> None:
    """Raise ModelError if the card file beside the model, if any, states another digest."""
    card = path.with_suffix(".card.json")
    if not card.exists():
        return
    try:
        stated = json.loads(card.read_bytes())["sha256"]
    except (LookupError, OSError, RecursionError, TypeError, ValueError) as error:
        raise ModelError(
            card, "not a card with a sha256", "a card states it", "Get model and card again."
        ) from error
    if stated != digest:
        raise ModelError(
            path,
            f"its sha256 is {digest}",
            f"its card says {stated}",
            "Get model and card again; one of them is not the released file.",
        )
