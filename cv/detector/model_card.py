"""Model cards, stored in the metadata of ONNX files.

The metadata key `pierwatch` holds the whole card as JSON. The keys of the QGIS plug-in Deepness
(model_type, det_type, class_names, resolution, tile_size, tiles_overlap, det_conf, det_iou_thresh,
each JSON) repeat the part that the plug-in needs; a model with only these keys is accepted too.
NAME.card.json beside a model holds the same card and the sha256 of the model file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

from cv.errors import ModelError

KEY = "pierwatch"
CONTAINER = "container"
HULL = "hull"
FP32, INT8 = "fp32", "int8"
MAKE_AGAIN = "Make it again with `pierwatch release`."
"""Remedy for models that do not fit their card."""
_DEEPNESS_OBB = "YOLO_Ultralytics_obb"


class OutputLayout(StrEnum):
    """Layout of the network's output for one tile."""

    RAW = "raw"
    """(1, 4 + classes + 1, anchors): cx, cy, w, h in tile pixels, class scores, angle in radians
    (YOLOv8, YOLO11)."""
    END_TO_END = "end2end"
    """(1, rows, 7): cx, cy, w, h in tile pixels, score, class, angle in radians; by falling score
    (YOLO26)."""


@dataclass(frozen=True)
class InferencePass:
    """One pass of sliced inference over a scene at one working resolution."""

    gsd_m: float
    """Working ground sampling distance, metres per pixel."""
    overlap_px: int
    """Overlap of neighbouring tiles, pixels: more than the longest object of these classes."""
    classes: tuple[str, ...]
    """Classes that this pass detects."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Measured relation of scores and counts of one class to the ground truth of held-out images.

    cv.counting.uncertainty turns it into intervals.
    """

    kind: str
    """Class name."""
    scores: tuple[float, ...]
    """Scores, ascending from 0 to 1."""
    probabilities: tuple[float, ...]
    """Probability that a detection with each score is an object; linear in between."""
    missed: float = 0.0
    """Objects without any detection, relative to the expected number of detected ones."""
    missed_per_km2: float = 0.0
    """Further objects without any detection, per visible square kilometre."""
    dispersion: float = 1.0
    """Ratio of the measured standard deviation of counts to that of independent detections."""
    shared: float = 0.0
    """Relative standard deviation of the error that all objects of a scene have in common."""


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """Everything that is needed to run a model and to interpret its output."""

    name: str
    version: str
    classes: tuple[str, ...]
    """Class names, in the order of the network's outputs."""
    layout: OutputLayout
    tile_px: int
    """Side of the square input tile, pixels."""
    passes: tuple[InferencePass, ...]
    """Inference passes; each detected class belongs to exactly one of them."""
    gsd_range_m: tuple[float, float]
    """Accepted range of ground sampling distances of scenes, metres per pixel."""
    thresholds: tuple[float, ...]
    """Minimum score of a counted detection, by class."""
    merge_overlap: float
    """NMS threshold: common area over the area of the smaller box, within a class."""
    training_data: str
    licence: str
    calibrations: tuple[Calibration, ...] = ()
    """At most one per class."""
    precision: str = FP32
    """Arithmetic precision: FP32, or INT8 if most of it uses 8-bit integers."""

    @classmethod
    def joined(cls, cards: Sequence[ModelCard]) -> ModelCard:
        """Return one card for several models that detect different classes.

        Raises ModelError if two models detect the same class, or their GSD ranges do not overlap.
        """
        by_class = [(card, name) for card in cards for name in card.detected_classes]
        classes = tuple(name for _, name in by_class)
        calibrations = [card.calibration(name) for card, name in by_class]
        joined = cls(
            name=_join_unique(card.name for card in cards),
            version=_join_unique(card.version for card in cards),
            classes=classes,
            layout=cards[0].layout,
            tile_px=cards[0].tile_px,
            passes=tuple(one for card in cards for one in card.passes),
            gsd_range_m=(
                max(card.gsd_range_m[0] for card in cards),
                min(card.gsd_range_m[1] for card in cards),
            ),
            thresholds=tuple(card.threshold(name) for card, name in by_class),
            merge_overlap=cards[0].merge_overlap,
            training_data=_join_unique((card.training_data for card in cards), "; "),
            licence=_join_unique(card.licence for card in cards),
            calibrations=tuple(one for one in calibrations if one is not None),
            precision=INT8 if any(card.precision == INT8 for card in cards) else FP32,
        )
        return joined.checked(joined.name)

    def measured(
        self, thresholds: Mapping[str, float], calibrations: Iterable[Calibration] = ()
    ) -> ModelCard:
        """Return this card with measured `thresholds` (by class name) and `calibrations`."""
        kept = [thresholds.get(*pair) for pair in zip(self.classes, self.thresholds, strict=True)]
        return replace(self, thresholds=tuple(kept), calibrations=tuple(calibrations))

    def only_class(self, name: str) -> ModelCard:
        """Return this card with only the passes that detect class `name`."""
        return replace(self, passes=tuple(one for one in self.passes if name in one.classes))

    def threshold(self, name: str) -> float:
        """Return the minimum score of a counted detection of class `name`."""
        return self.thresholds[self.classes.index(name)]

    @property
    def detected_classes(self) -> tuple[str, ...]:
        """Names of the classes that the passes detect."""
        return tuple(name for one in self.passes for name in one.classes)

    @property
    def calibrated(self) -> bool:
        """Whether every detected class has a calibration."""
        return all(self.calibration(name) is not None for name in self.detected_classes)

    def calibration(self, name: str) -> Calibration | None:
        """Return the calibration of class `name`, or None."""
        return next((one for one in self.calibrations if one.kind == name), None)

    def pass_for(self, name: str) -> InferencePass:
        """Return the pass that detects class `name`."""
        return next(one for one in self.passes if name in one.classes)

    def to_metadata(self) -> dict[str, str]:
        """Return the metadata of the ONNX file: JSON texts by key (see the module)."""
        fine = min(self.passes, key=lambda one: one.gsd_m)
        deepness = {
            "model_type": "Detector",
            "det_type": _DEEPNESS_OBB,
            "class_names": {str(i): name for i, name in enumerate(self.classes)},
            "resolution": fine.gsd_m * 100,
            "tile_size": self.tile_px,
            "tiles_overlap": round(100 * fine.overlap_px / self.tile_px),
            "det_conf": min(self.thresholds),
            "det_iou_thresh": self.merge_overlap,
        }
        return {key: json.dumps(value) for key, value in {**deepness, KEY: asdict(self)}.items()}

    @classmethod
    def from_metadata(cls, subject: str | Path, metadata: Mapping[str, str]) -> ModelCard:
        """Return the card in the `metadata` of the model file `subject`; raises ModelError."""
        if KEY not in metadata:
            return _from_deepness(subject, metadata)
        record = _json(subject, metadata, KEY)
        try:
            card = cls(
                name=record["name"],
                version=record["version"],
                classes=tuple(map(str, record["classes"])),
                layout=OutputLayout(record["layout"]),
                tile_px=int(record["tile_px"]),
                passes=tuple(map(_inference_pass, record.get("passes", record.get("looks")))),
                gsd_range_m=(float(record["gsd_range_m"][0]), float(record["gsd_range_m"][1])),
                thresholds=tuple(map(float, record["thresholds"])),
                merge_overlap=float(record["merge_overlap"]),
                training_data=record["training_data"],
                licence=record["licence"],
                calibrations=tuple(map(_calibration, record.get("calibrations", ()))),
                precision=str(record.get("precision", FP32)),
            )
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise _wrong(subject, f"its metadata {KEY!r} is incomplete ({error!r})") from error
        return card.checked(subject)

    def checked(self, subject: str | Path) -> ModelCard:
        """Return this card if it is consistent; raises ModelError."""
        texts = (self.name, self.version, self.training_data, self.licence)
        classes, detected = set(self.classes), self.detected_classes
        calibrated = [one.kind for one in self.calibrations]
        gsds = [one.gsd_m for one in self.passes] or [math.nan]
        overlaps = [one.overlap_px for one in self.passes] or [0]
        tile, (low, high) = self.tile_px, self.gsd_range_m
        in_range = [0 < threshold < 1 for threshold in self.thresholds]
        rules = [
            (all(isinstance(one, str) and one.strip() for one in texts), f"its texts are {texts}"),
            (classes & {CONTAINER, HULL}, f"its classes are {self.classes}, none of them known"),
            (len(classes) == len(self.classes), f"its classes repeat: {self.classes}"),
            (0 < len(detected) == len(classes & set(detected)), f"its passes detect {detected}"),
            (all(in_range) and len(in_range) == len(classes), f"thresholds are {self.thresholds}"),
            (0 < self.merge_overlap < 1, f"its merge_overlap is {self.merge_overlap}"),
            (32 <= tile <= 4096, f"its tile is {tile} px"),
            (self.precision in (FP32, INT8), f"its precision is {self.precision!r}"),
            (0 < low < high < math.inf, f"its GSD range is {self.gsd_range_m} m"),
            (0 < min(gsds) <= max(gsds) < math.inf, "a working GSD is not positive"),
            (0 <= min(overlaps) <= max(overlaps) < tile, "a pass overlaps by more than a tile"),
            (len(classes & set(calibrated)) == len(calibrated), f"calibrated for {calibrated}"),
        ]
        for holds, found in rules:
            if not holds:
                raise _wrong(subject, found)
        return self


def _join_unique(texts: Iterable[str], separator: str = " + ") -> str:
    return separator.join(dict.fromkeys(texts))


def _inference_pass(record: Mapping[str, Any]) -> InferencePass:
    gsd_m, overlap_px = float(record["gsd_m"]), int(record["overlap_px"])
    return InferencePass(gsd_m, overlap_px, tuple(record["classes"]))


def _calibration(record: Mapping[str, Any]) -> Calibration:
    scores = tuple(map(float, record["scores"]))
    probabilities = tuple(map(float, record["probabilities"]))
    if len(scores) != len(probabilities) or list(scores) != sorted(scores) or len(scores) < 2:
        raise ValueError("calibration needs ascending scores and as many probabilities")
    names = ("missed", "missed_per_km2", "dispersion", "shared")
    values = {name: float(record[name]) for name in names}
    if not all(0 <= value <= 1 for value in (*scores, *probabilities)):
        raise ValueError("scores and probabilities of a calibration lie in 0 to 1")
    if not all(0 <= value < math.inf for value in values.values()):
        raise ValueError("a calibration is made of finite numbers that are not negative")
    return Calibration(kind=record["kind"], scores=scores, probabilities=probabilities, **values)


def _from_deepness(subject: str | Path, metadata: Mapping[str, str]) -> ModelCard:
    """Return a card from the keys of the Deepness plug-in.

    It accepts scenes of half to three times the working GSD.
    """
    for key in ("model_type", "det_type", "class_names", "resolution", "tile_size"):
        if key not in metadata:
            raise _wrong(subject, f"its metadata lacks {KEY!r} and {key!r}")
    optional = {"tiles_overlap": "15", "det_conf": "0.3", "det_iou_thresh": "0.5"}
    read = partial(_json, subject, {**optional, **metadata})
    if read("det_type") != _DEEPNESS_OBB:
        raise _wrong(subject, f"its det_type is {metadata['det_type']}")
    names = read("class_names")
    try:
        classes = tuple(str(names[key]) for key in sorted(names, key=int))
        gsd, tile = float(read("resolution")) / 100, int(read("tile_size"))
        overlap = round(float(read("tiles_overlap")) / 100 * tile)
        threshold, merge_overlap = float(read("det_conf")), float(read("det_iou_thresh"))
    except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
        raise _wrong(subject, f"its Deepness metadata is wrong ({error})") from error
    card = ModelCard(
        name=Path(subject).stem,
        version="unknown",
        classes=classes,
        layout=OutputLayout.RAW,
        tile_px=tile,
        passes=(InferencePass(gsd, overlap, classes),),
        gsd_range_m=(gsd / 2, gsd * 3),
        thresholds=(threshold,) * len(classes),
        merge_overlap=merge_overlap,
        training_data="unknown",
        licence="unknown",
    )
    return card.checked(subject)


def _json(subject: str | Path, metadata: Mapping[str, str], key: str) -> Any:
    try:
        return json.loads(metadata[key])
    except (ValueError, RecursionError) as error:
        raise _wrong(subject, f"its metadata {key!r} is not JSON") from error


def _wrong(subject: str | Path, found: str) -> ModelError:
    limit = "a model must describe itself as cv.detector.model_card says"
    return ModelError(subject, found, limit, MAKE_AGAIN)
