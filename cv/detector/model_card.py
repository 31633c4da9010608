"""What a model file says of itself: its card, kept in the metadata of the ONNX file.

Two groups of keys. `pierwatch` holds the whole card as JSON. The keys that the QGIS plug-in
Deepness reads (model_type, det_type, class_names, resolution, tile_size, tiles_overlap, det_conf,
det_iou_thresh, each JSON) repeat the part of it that the plug-in needs; a model that carries only
these is accepted too. Beside the model lies NAME.card.json with the same card and the sha256 of the
file, which a file cannot hold of itself.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from cv.errors import ModelError

KEY = "pierwatch"
CONTAINER = "container"
HULL = "hull"
FP32, INT8 = "fp32", "int8"


class OutputLayout(StrEnum):
    """How the network lays out its answer for one tile."""

    RAW = "raw"
    """(1, 4 + classes + 1, anchors): cx, cy, w, h in tile pixels, class scores, angle (8, 11)."""
    END_TO_END = "end2end"
    """(1, rows, 7): cx, cy, w, h in tile pixels, score, class, angle; ranked (YOLO26)."""


@dataclass(frozen=True)
class InferencePass:
    """One pass of the network over a scene at one scale."""

    gsd_m: float
    """Working ground sampling distance, metres a pixel."""
    overlap_px: int
    """Pixels that neighbouring tiles share: more than the longest object of these classes."""
    classes: tuple[str, ...]
    """Classes that are kept from this pass."""


@dataclass(frozen=True)
class Calibration:
    """How scores and counts of one class relate to the truth, as measured on held-back images.

    See cv.counting.uncertainty for how the numbers make an interval.
    """

    kind: str
    """Class."""
    scores: tuple[float, ...]
    """Scores, ascending from 0 to 1."""
    probabilities: tuple[float, ...]
    """Probability that a detection with that score is an object; linear in between."""
    missed: float = 0.0
    """Objects without any detection, as a part of those that the detections tell of."""
    missed_per_km2: float = 0.0
    """Objects without any detection, beside those, per square kilometre that was looked at."""
    dispersion: float = 1.0
    """Measured spread of counts over the spread that independent detections would have."""
    shared: float = 0.0
    """Standard deviation of the error that all objects of a scene share, as a part of the count."""


@dataclass(frozen=True)
class ModelCard:
    """Everything that a model needs to be used rightly."""

    name: str
    version: str
    classes: tuple[str, ...]
    """Names by index of the network's class scores."""
    layout: OutputLayout
    tile_px: int
    """Side of the square network input, pixels."""
    passes: tuple[InferencePass, ...]
    """Passes; a class that none of them looks for is not found at all."""
    gsd_range_m: tuple[float, float]
    """Ground sampling distances of scenes that are accepted, metres a pixel."""
    thresholds: tuple[float, ...]
    """Least score of a kept detection, by class."""
    merge_overlap: float
    """Two boxes of a class are one object where they share more than this part of the smaller."""
    training_data: str
    licence: str
    calibrations: tuple[Calibration, ...] = ()
    """One for each class whose counts were calibrated."""
    precision: str = FP32
    """Of the arithmetic: FP32, or INT8 where most of it is done in 8-bit integers."""

    @classmethod
    def joined(cls, cards: Sequence[ModelCard]) -> ModelCard:
        """What models that look for different classes say together, of what they look for.

        Raises ModelError where two look for the same, or no GSD suits all of them.
        """
        own = [[name for look in card.passes for name in look.classes] for card in cards]
        classes = tuple(name for names in own for name in names)
        by_class = [(card, name) for card, names in zip(cards, own, strict=True) for name in names]
        found = [card.calibration(name) for card, name in by_class]
        joined = cls(
            name=_together(card.name for card in cards),
            version=_together(card.version for card in cards),
            classes=classes,
            layout=cards[0].layout,
            tile_px=cards[0].tile_px,
            passes=tuple(look for card in cards for look in card.passes),
            gsd_range_m=(
                max(card.gsd_range_m[0] for card in cards),
                min(card.gsd_range_m[1] for card in cards),
            ),
            thresholds=tuple(card.threshold(name) for card, name in by_class),
            merge_overlap=cards[0].merge_overlap,
            training_data=_together((card.training_data for card in cards), "; "),
            licence=_together(card.licence for card in cards),
            calibrations=tuple(one for one in found if one is not None),
            precision=INT8 if any(card.precision == INT8 for card in cards) else FP32,
        )
        return joined.checked(joined.name)

    def measured(
        self, thresholds: Mapping[str, float], calibrations: Iterable[Calibration] = ()
    ) -> ModelCard:
        """This card with thresholds by class, and with `calibrations`, as they were measured."""
        kept = [thresholds.get(*pair) for pair in zip(self.classes, self.thresholds, strict=True)]
        return replace(self, thresholds=tuple(kept), calibrations=tuple(calibrations))

    def only_classes(self, name: str) -> ModelCard:
        """This card without the passes that do not look for class `name`."""
        return replace(self, passes=tuple(look for look in self.passes if name in look.classes))

    def threshold(self, name: str) -> float:
        """Least score of a kept detection of class `name`."""
        return self.thresholds[self.classes.index(name)]

    @property
    def calibrated(self) -> bool:
        """Whether every class that is looked for has a calibration."""
        looked_for = {name for look in self.passes for name in look.classes}
        return all(self.calibration(name) is not None for name in looked_for)

    def calibration(self, name: str) -> Calibration | None:
        """How scores of class `name` relate to the truth, if that was measured."""
        return next((one for one in self.calibrations if one.kind == name), None)

    def pass_for(self, name: str) -> InferencePass:
        """The pass from which detections of class `name` are kept."""
        return next(look for look in self.passes if name in look.classes)

    def to_metadata(self) -> dict[str, str]:
        """Metadata of the ONNX file; see the module for the keys."""
        fine = min(self.passes, key=lambda look: look.gsd_m)
        deepness = {
            "model_type": "Detector",
            "det_type": "YOLO_Ultralytics_obb",
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
        """The card in `metadata` of the model `subject`; raises ModelError."""
        if KEY not in metadata:
            return _from_deepness(subject, metadata)
        record = _json(subject, metadata, KEY)
        try:
            card = cls(
                name=_text(record, "name"),
                version=_text(record, "version"),
                classes=tuple(map(str, record["classes"])),
                layout=OutputLayout(record["layout"]),
                tile_px=int(record["tile_px"]),
                passes=tuple(_look(look) for look in record.get("passes", record.get("looks"))),
                gsd_range_m=(float(record["gsd_range_m"][0]), float(record["gsd_range_m"][1])),
                thresholds=tuple(map(float, record["thresholds"])),
                merge_overlap=float(record["merge_overlap"]),
                training_data=_text(record, "training_data"),
                licence=_text(record, "licence"),
                calibrations=tuple(_calibration(one) for one in record.get("calibrations", ())),
                precision=str(record.get("precision", FP32)),
            )
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise _wrong(subject, f"its metadata {KEY!r} is incomplete ({error!r})") from error
        card = card.checked(subject)
        for key, value in card.to_metadata().items():
            if (
                key != KEY
                and key in metadata
                and _json(subject, metadata, key) != json.loads(value)
            ):
                raise _wrong(subject, f"its {key} is {metadata[key][:60]}, its card says {value}")
        return card

    def checked(self, subject: str | Path) -> ModelCard:
        """This card, where its parts do not contradict each other; raises ModelError."""
        known = [name for name in (CONTAINER, HULL) if name in self.classes]
        looked = [name for look in self.passes for name in look.classes]
        low, high = self.gsd_range_m
        faults = [
            (not known, f"its classes are {self.classes}, none of them container or hull"),
            (len(set(self.classes)) != len(self.classes), f"its classes repeat: {self.classes}"),
            (
                not looked
                or len(set(looked)) < len(looked)
                or not set(looked) <= set(self.classes),
                f"its passes look for {looked}",
            ),
            (len(self.thresholds) != len(self.classes), f"it has thresholds {self.thresholds}"),
            (not all(0 < t < 1 for t in self.thresholds), f"thresholds are {self.thresholds}"),
            (not 0 < self.merge_overlap < 1, f"its merge_overlap is {self.merge_overlap}"),
            (not 32 <= self.tile_px <= 4096, f"its tile is {self.tile_px} px"),
            (self.precision not in (FP32, INT8), f"its precision is {self.precision!r}"),
            (not 0 < low < high < math.inf, f"its GSD range is {self.gsd_range_m} m"),
            (
                not all(0 < look.gsd_m < math.inf for look in self.passes),
                "a working GSD is not positive",
            ),
            (
                not {one.kind for one in self.calibrations} <= set(self.classes)
                or len({one.kind for one in self.calibrations}) < len(self.calibrations),
                f"it is calibrated for {[one.kind for one in self.calibrations]}",
            ),
            (
                not all(0 <= look.overlap_px < self.tile_px for look in self.passes),
                "a pass overlaps by more than a tile",
            ),
        ]
        for wrong, found in faults:
            if wrong:
                raise _wrong(subject, found)
        return self


def _together(texts: Iterable[str], mark: str = " + ") -> str:
    return mark.join(dict.fromkeys(texts))


def _look(record: Mapping[str, Any]) -> InferencePass:
    return InferencePass(
        float(record["gsd_m"]), int(record["overlap_px"]), tuple(record["classes"])
    )


def _text(record: Mapping[str, Any], key: str) -> str:
    value = record[key]
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{key} is {value!r}")
    return value


def _calibration(record: Mapping[str, Any]) -> Calibration:
    scores = tuple(map(float, record["scores"]))
    probabilities = tuple(map(float, record["probabilities"]))
    if len(scores) != len(probabilities) or list(scores) != sorted(scores) or len(scores) < 2:
        raise ValueError("calibration needs ascending scores and as many probabilities")
    if not all(0 <= p <= 1 for p in probabilities):
        raise ValueError("calibrated probabilities lie in 0 to 1")
    names = ("missed", "missed_per_km2", "dispersion", "shared")
    rest = {name: float(record[name]) for name in names}
    if not all(map(math.isfinite, scores)) or not all(0 <= v < math.inf for v in rest.values()):
        raise ValueError("a calibration is made of finite numbers that are not negative")
    return Calibration(_text(record, "kind"), scores, probabilities, **rest)


def _from_deepness(subject: str | Path, metadata: Mapping[str, str]) -> ModelCard:
    """A card from the keys of the Deepness plug-in; accepts half to three times its resolution."""
    for key in ("model_type", "det_type", "class_names", "resolution", "tile_size"):
        if key not in metadata:
            raise _wrong(subject, f"its metadata lacks {KEY!r} and {key!r}")
    if _json(subject, metadata, "det_type") != "YOLO_Ultralytics_obb":
        raise _wrong(subject, f"its det_type is {metadata['det_type']}")
    names = _json(subject, metadata, "class_names")
    try:
        classes = tuple(str(names[key]) for key in sorted(names, key=int))
        gsd = float(_json(subject, metadata, "resolution")) / 100
        tile = int(_json(subject, metadata, "tile_size"))
        overlap = float(json.loads(metadata.get("tiles_overlap", "15"))) / 100
        conf = float(json.loads(metadata.get("det_conf", "0.3")))
        merge = float(json.loads(metadata.get("det_iou_thresh", "0.5")))
    except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
        raise _wrong(subject, f"its Deepness metadata is wrong ({error})") from error
    card = ModelCard(
        name=Path(subject).stem,
        version="unknown",
        classes=classes,
        layout=OutputLayout.RAW,
        tile_px=tile,
        passes=(InferencePass(gsd, round(overlap * tile), classes),),
        gsd_range_m=(gsd / 2, gsd * 3),
        thresholds=(conf,) * len(classes),
        merge_overlap=merge,
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
    return ModelError(
        subject,
        found,
        "a model must describe itself as cv.detector.model_card says",
        "Make it again with cv.export.release.",
    )
