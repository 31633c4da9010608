"""The log of a batch: one line per scene and a summary, as text or JSON, and Prometheus metrics."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from cv.errors import InputError
from cv.io.terminal_text import printable_line, quantity
from cv.pipeline.scene_outcome import PierSummary, SceneOutcome, SceneStatus

JSON_LINES = ".jsonl"
"""A log file with this suffix holds JSON, one object per line; any other holds text."""
_STAGES = ("open_s", "count_s", "record_s")


@dataclass
class RunLog:
    """Collects the outcomes of one batch, and writes them to a log and a metrics file if given.

    A context manager: when the batch ends it writes the summary, also for a batch that is
    interrupted. A file that cannot be written does not stop the batch: the reason is kept as
    `trouble`, and the log ends there.
    """

    log: Path | None = None
    """Lines are appended to it."""
    metrics: Path | None = None
    """Replaced at the end, in the text format of Prometheus."""
    statuses: Counter[SceneStatus] = field(default_factory=Counter)
    """Number of scenes by status."""
    totals: Counter[str] = field(default_factory=Counter)
    """Seconds by stage, and bytes, of all scenes."""
    start: float = field(default_factory=time.monotonic)
    """Seconds of the monotonic clock."""
    trouble: InputError | None = None
    """Why the log or the metrics are incomplete."""

    def check(self) -> None:
        """Raise InputError if a file cannot be written or prometheus_client is missing."""
        if self.log:
            try:
                self.log.open("a").close()
            except OSError as error:
                raise _unwritable(self.log, error) from error
        if self.metrics and not os.access(self.metrics.parent, os.W_OK):
            raise InputError(
                self.metrics,
                "its folder is missing or not writable",
                "the file is replaced after each batch",
                "Check the path.",
            )
        if self.metrics and find_spec("prometheus_client") is None:
            raise InputError(
                "--metrics",
                "prometheus_client is not installed",
                "metrics need it",
                'Install it: pip install "pierwatch[metrics]".',
            )

    def add(self, outcome: SceneOutcome) -> None:
        """Log one scene."""
        self.statuses[outcome.status] += 1
        self.totals.update(asdict(outcome.timing))
        self._write(_scene_text(outcome), _scene_fields(outcome))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        complete, seconds = kind is None, time.monotonic() - self.start
        self._write(self._summary_text(complete, seconds), self._summary_fields(complete, seconds))
        if self.metrics:
            try:
                self._write_metrics(self.metrics, complete, seconds)
            except OSError as failure:
                self.trouble = self.trouble or _unwritable(self.metrics, failure)

    def _write(self, text: str, fields: dict[str, object]) -> None:
        """Append one line: `text`, or `fields` to a file of JSON lines; both with the time."""
        if self.log is None or self.trouble:
            return
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        as_json = self.log.suffix.lower() == JSON_LINES
        line = json.dumps({"at": now, **fields}) if as_json else f"{now} {text}"
        try:
            with self.log.open("a", encoding="utf-8", newline="\n") as file:
                file.write(f"{line}\n")
        except OSError as error:
            self.trouble = _unwritable(self.log, error)

    def _summary_text(self, complete: bool, seconds: float) -> str:
        statuses = ", ".join(f"{self.statuses[status]} {status.value}" for status in SceneStatus)
        stages = ", ".join(f"{name[:-2]} {self.totals[name]:.2f} s" for name in _STAGES)
        kind = "batch" if complete else "interrupted batch"
        scenes = f"{quantity(self.statuses.total(), 'scene')} in {seconds:.2f} s"
        return f"{kind} of {scenes}: {statuses}; {stages}"

    def _summary_fields(self, complete: bool, seconds: float) -> dict[str, object]:
        batch = {
            "complete": complete,
            "scenes": self.statuses.total(),
            "seconds": round(seconds, 3),
            "fates": {status.value: self.statuses[status] for status in SceneStatus},
            **_rounded(self.totals),
        }
        return {"batch": batch}

    def _write_metrics(self, path: Path, complete: bool, seconds: float) -> None:
        """Write the metrics of the batch; raise OSError."""
        from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

        registry = CollectorRegistry()

        def gauge(name: str, help_text: str, *labels: str) -> Gauge:
            return Gauge(f"pierwatch_batch_{name}", help_text, labels, registry=registry)

        scenes = gauge("scenes", "Scenes of the last batch by status.", "fate")
        for status in SceneStatus:
            scenes.labels(status.value).set(self.statuses[status])
        gauge("complete", "1 if the batch came to its end, 0 if it was interrupted.").set(complete)
        gauge("seconds", "Duration of the last batch.").set(round(seconds, 3))
        stages = gauge("stage_seconds", "Seconds of all its scenes by stage.", "stage")
        for name in _STAGES:
            stages.labels(name[:-2]).set(round(self.totals[name], 3))
        gauge("bytes", "Bytes of its image files.").set(self.totals["bytes"])
        gauge("end_timestamp_seconds", "When it ended, Unix time.").set(round(time.time()))
        write_to_textfile(str(path), registry)


def _scene_text(outcome: SceneOutcome) -> str:
    timing = outcome.timing
    stages = ", ".join(f"{name[:-2]} {getattr(timing, name):.2f} s" for name in _STAGES)
    parts = [
        f"{outcome.status.value:<11} {printable_line(outcome.scene)}",
        f"{timing.bytes / 1e6:.1f} MB, {stages}",
        *(_pier_text(pier) for pier in outcome.piers),
    ]
    if outcome.reason:
        parts.append(printable_line(outcome.reason))
    return "; ".join(parts)


def _pier_text(pier: PierSummary) -> str:
    numbers = ", ".join(
        f"{name} {'unknown' if value is None else format(value, 'g')}"
        for name, value in (("containers", pier.containers), ("hulls", pier.hulls))
    )
    return f"{printable_line(pier.pier)}: {numbers} ({pier.status})"


def _scene_fields(outcome: SceneOutcome) -> dict[str, object]:
    return {
        "scene": outcome.scene,
        "fate": outcome.status.value,
        "reason": outcome.reason,
        **_rounded(asdict(outcome.timing)),
        "piers": [asdict(pier) for pier in outcome.piers],
        "distant": [asdict(pier) for pier in outcome.distant],
    }


def _rounded(numbers: dict[str, float] | Counter[str]) -> dict[str, float]:
    return {name: round(numbers[name], 3) for name in (*_STAGES, "bytes")}


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(
        path, error.strerror or str(error), "it must be writable", "Check the path and the disk."
    )
