"""The journal of a batch: a line a scene, the sums at the end, and the same for Prometheus."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from cv.errors import InputError
from cv.io.atomic_files import write_atomically
from cv.io.terminal_text import printable_line
from cv.pipeline.outcome import PierSummary, SceneOutcome, SceneStatus

JSON_LINES = ".jsonl"
"""A journal whose name ends so holds JSON, an object a line; any other holds text."""
_STAGES = ("open_s", "count_s", "record_s")


@dataclass(frozen=True)
class _Sums:
    """How a batch ended."""

    complete: bool
    """It came to its end."""
    seconds: float


@dataclass
class RunLog:
    """What is written while a batch runs. Without files it only keeps the sums.

    A context manager: at its end the sums are noted, also of a batch that breaks off. What cannot
    be written is kept as `trouble`, and ends no batch.
    """

    log: Path | None = None
    """Lines are added at its end."""
    metrics: Path | None = None
    """Written whole at the end, in the text format of Prometheus."""
    fates: Counter[SceneStatus] = field(default_factory=Counter)
    spent: Counter[str] = field(default_factory=Counter)
    """Seconds by stage, and bytes."""
    began: float = field(default_factory=time.monotonic)
    trouble: InputError | None = None
    """Why log or metrics are not complete."""

    def add(self, outcome: SceneOutcome) -> None:
        """Notes one scene."""
        self.fates[outcome.status] += 1
        self.spent.update(asdict(outcome.timing))
        self._write(_json_of(outcome) if self._is_json else _text_of(outcome))

    def check(self) -> None:
        """Raises InputError where its files cannot be written: to be told before a batch begins."""
        try:
            if self.log:
                self.log.open("a+b").close()
        except OSError as error:
            raise _unwritable(self.log or "", error) from error
        if self.metrics and not os.access(self.metrics.parent, os.W_OK):
            raise InputError(
                self.metrics,
                "its folder is missing, or may not be written to",
                "the file is written anew after each batch",
                "Check the path.",
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close(_Sums(kind is None, time.monotonic() - self.began))

    def _close(self, sums: _Sums) -> None:
        """Notes the sums."""
        self._write(self._sums_json(sums) if self._is_json else self._sums_text(sums))
        if self.metrics:
            try:
                write_atomically(self.metrics, self._prometheus(sums).encode())
            except OSError as error:
                self.trouble = self.trouble or _unwritable(self.metrics, error)

    @property
    def _is_json(self) -> bool:
        return self.log is not None and self.log.suffix.lower() == JSON_LINES

    def _write(self, line: str) -> None:
        if self.log is None or self.trouble:
            return
        try:
            with self.log.open("a+b") as file:
                file.write(f"{_missing_end(file)}{line}\n".encode())
        except OSError as error:
            self.trouble = _unwritable(self.log, error)

    def _sums_text(self, sums: _Sums) -> str:
        told = ", ".join(f"{self.fates[fate]} {fate.value}" for fate in SceneStatus)
        stages = ", ".join(f"{name[:-2]} {self.spent[name]:.2f} s" for name in _STAGES)
        kind = "batch" if sums.complete else "interrupted batch"
        scenes = f"{self.fates.total()} scenes in {sums.seconds:.2f} s"
        return f"{_now()} {kind} of {scenes}: {told}; {stages}"

    def _sums_json(self, sums: _Sums) -> str:
        batch = {
            "complete": sums.complete,
            "scenes": self.fates.total(),
            "seconds": round(sums.seconds, 3),
            "fates": {fate.value: self.fates[fate] for fate in SceneStatus},
            **_rounded(self.spent),
        }
        return json.dumps({"at": _now(), "batch": batch})

    def _prometheus(self, sums: _Sums) -> str:
        lines = [
            "# HELP pierwatch_batch_scenes Scenes of the last batch by what became of them.",
            "# TYPE pierwatch_batch_scenes gauge",
            *(
                f'pierwatch_batch_scenes{{fate="{fate}"}} {self.fates[fate]}'
                for fate in SceneStatus
            ),
            "# HELP pierwatch_batch_complete 1 where it came to its end, 0 where it broke off.",
            "# TYPE pierwatch_batch_complete gauge",
            f"pierwatch_batch_complete {sums.complete:d}",
            "# HELP pierwatch_batch_seconds Seconds that the last batch took.",
            "# TYPE pierwatch_batch_seconds gauge",
            f"pierwatch_batch_seconds {sums.seconds:.3f}",
            "# HELP pierwatch_batch_stage_seconds Seconds of all its scenes by stage.",
            "# TYPE pierwatch_batch_stage_seconds gauge",
            *(
                f'pierwatch_batch_stage_seconds{{stage="{name[:-2]}"}} {self.spent[name]:.3f}'
                for name in _STAGES
            ),
            "# HELP pierwatch_batch_bytes Bytes of its image files.",
            "# TYPE pierwatch_batch_bytes gauge",
            f"pierwatch_batch_bytes {self.spent['bytes']}",
            "# HELP pierwatch_batch_end_timestamp_seconds When it ended, Unix time.",
            "# TYPE pierwatch_batch_end_timestamp_seconds gauge",
            f"pierwatch_batch_end_timestamp_seconds {time.time():.0f}",
        ]
        return "\n".join(lines) + "\n"


def _missing_end(file: BinaryIO) -> str:
    """What ends the last line of `file`, which a full disk or a killed batch may have cut."""
    if file.seek(0, os.SEEK_END) == 0:
        return ""
    file.seek(-1, os.SEEK_END)
    return "" if file.read(1) == b"\n" else "\n"


def _text_of(outcome: SceneOutcome) -> str:
    """One line of text."""
    cost = outcome.timing
    parts = [
        f"{_now()} {outcome.status.value:<11} {printable_line(outcome.scene)}",
        f"{cost.bytes / 1e6:.1f} MB, "
        + ", ".join(f"{name[:-2]} {getattr(cost, name):.2f} s" for name in _STAGES),
        *(_brief_text(brief) for brief in outcome.piers),
    ]
    if outcome.reason:
        parts.append(printable_line(outcome.reason))
    return "; ".join(parts)


def _brief_text(brief: PierSummary) -> str:
    numbers = ", ".join(
        f"{name} {'unknown' if value is None else format(value, 'g')}"
        for name, value in (("containers", brief.containers), ("hulls", brief.hulls))
    )
    return f"{printable_line(brief.pier)}: {numbers} ({brief.status})"


def _json_of(outcome: SceneOutcome) -> str:
    said = {
        "at": _now(),
        "scene": outcome.scene,
        "fate": outcome.status.value,
        "reason": outcome.reason,
        **_rounded(asdict(outcome.timing)),
        "piers": [asdict(brief) for brief in outcome.piers],
    }
    return json.dumps(said)


def _rounded(numbers: dict[str, float] | Counter[str]) -> dict[str, float]:
    return {name: round(numbers[name], 3) for name in (*_STAGES, "bytes")}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _unwritable(path: Path | str, error: OSError) -> InputError:
    return InputError(
        path, error.strerror or str(error), "it must be writable", "Check the path and the disk."
    )
