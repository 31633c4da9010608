"""Card of a fitness model: JSON under the key `pierwatch_fitness` of its ONNX metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from cv.errors import ModelError
from cv.image_fitness.unfit_reasons import REASONS, FitnessReason

KEY = "pierwatch_fitness"
"""Key of the ONNX metadata."""


@dataclass(frozen=True, kw_only=True)
class FitnessCard:
    """Everything that is needed to run a fitness model and to interpret its output."""

    name: str
    version: str
    gsd_m: float
    """Working ground sampling distance, metres per pixel."""
    patch_px: int
    """Side of a patch, pixels."""
    min_recall: float
    """Recall below which a patch is unfit, for containers and hulls."""
    detectors: tuple[str, ...]
    """Names and first digits of the sha256 of the detectors whose recall it predicts."""
    training_data: str
    licence: str
    reasons: tuple[FitnessReason, ...] = REASONS
    """Reasons, in the order of the network's outputs."""

    def to_record(self) -> dict[str, Any]:
        """Return the card as JSON values."""
        return json.loads(json.dumps(asdict(self)))  # type: ignore[no-any-return]

    @classmethod
    def from_metadata(cls, subject: str | Path, metadata: Mapping[str, str]) -> Self:
        """Read the card from the metadata of the ONNX file `subject`; raises ModelError."""
        try:
            record = json.loads(metadata[KEY])
            reasons = tuple(FitnessReason(name) for name in record["reasons"])
            card = cls(
                name=str(record["name"]),
                version=str(record["version"]),
                gsd_m=float(record["gsd_m"]),
                patch_px=int(record["patch_px"]),
                min_recall=float(record["min_recall"]),
                detectors=tuple(map(str, record["detectors"])),
                training_data=str(record["training_data"]),
                licence=str(record["licence"]),
                reasons=reasons,
            )
        except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
            raise ModelError(
                subject,
                f"its metadata {KEY!r} is missing or wrong ({error!r})",
                "a fitness model must describe itself as cv.image_fitness.fitness_card says",
                "Get the model file again.",
            ) from error
        if not (0 < card.gsd_m < 100 and 1 <= card.patch_px <= 4096 and 0 < card.min_recall < 1):
            raise ModelError(
                subject,
                f"GSD {card.gsd_m} m, patches of {card.patch_px} px, recall {card.min_recall}",
                "0 to 100 m, 1 to 4096 px and 0 to 1 are possible",
                "Get the model file again.",
            )
        return card
