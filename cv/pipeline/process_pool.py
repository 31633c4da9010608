"""A crew at work: many files, a few workers, and what became of each file."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Generic

from cv.errors import InputError
from cv.pipeline.pool_worker import TaskError, TaskFactory, TaskOutput, TaskReply, run_worker
from cv.pipeline.worker_limits import WorkerLimits

_START_S = 120.0
"""A worker that is not ready by then is ended, seconds."""
_GRACE_S = 5.0
_FALSE_STARTS = 3
"""So many workers in a row that end before they are ready are the end of it all."""


@dataclass(frozen=True)
class TaskResult(Generic[TaskOutput]):
    """What became of one file: exactly one of the three is there."""

    path: Path
    found: TaskOutput | None = None
    fault: TaskError | None = None
    """It could not be examined."""
    death: str | None = None
    """Its workers died of it, each time; why the last one did."""


@dataclass
class _Worker(Generic[TaskOutput]):
    """A process, and what it is at."""

    process: BaseProcess
    connection: Connection
    path: Path | None
    """None while it gets ready, or has nothing to do."""
    since: float
    """When it began with that, seconds of the monotonic clock."""
    ready: bool = False


def map_unordered(
    paths: Iterable[Path], make: TaskFactory[TaskOutput], workers: int, limits: WorkerLimits
) -> Iterator[TaskResult[TaskOutput]]:
    """What `workers` processes find in each of `paths`, as they are done; none is left out.

    A worker that dies, or takes too long, is replaced, and its file tried again by another, until
    it was the end of as many as `limits` say. When the caller stops, workers end. Raises
    InputError where a worker cannot be made.
    """
    crew = _Crew(deque(paths), make, limits)
    try:
        yield from crew.work(workers)
    finally:
        crew.end()


class _Crew(Generic[TaskOutput]):
    def __init__(
        self, waiting: deque[Path], make: TaskFactory[TaskOutput], limits: WorkerLimits
    ) -> None:
        self._waiting = waiting
        self._make = make
        self._limits = limits
        self._deaths: Counter[Path] = Counter()
        self._workers: list[_Worker[TaskOutput]] = []
        self._false_starts = 0

    def work(self, workers: int) -> Iterator[TaskResult[TaskOutput]]:
        """All results."""
        while self._waiting or any(worker.path for worker in self._workers):
            while len(self._workers) < min(workers, self._open):
                self._workers.append(self._hired())
            self._hand_out()
            yield from self._heard()

    @property
    def _open(self) -> int:
        """Files that are waiting or at work."""
        return len(self._waiting) + sum(worker.path is not None for worker in self._workers)

    def end(self) -> None:
        """Ends all workers: idle ones end themselves, as nobody will ask them again."""
        for worker in self._workers:
            worker.connection.close()
            if worker.path is not None or not worker.ready:
                worker.process.kill()
        for worker in self._workers:
            worker.process.join(_GRACE_S)
            if worker.process.is_alive():
                worker.process.kill()
        self._workers = []

    def _hired(self) -> _Worker[TaskOutput]:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=run_worker, args=(theirs, self._make, self._limits.memory_mb), daemon=True
        )
        process.start()
        theirs.close()
        return _Worker(process, ours, None, time.monotonic())

    def _hand_out(self) -> None:
        for worker in self._workers:
            if worker.ready and worker.path is None and self._waiting:
                worker.path, worker.since = self._waiting.popleft(), time.monotonic()
                try:
                    worker.connection.send(worker.path)
                except OSError:
                    continue  # it died meanwhile: `_heard` notices

    def _heard(self) -> Iterator[TaskResult[TaskOutput]]:
        """Waits until a worker says something, dies, or has taken too long."""
        busy = [worker for worker in self._workers if worker.path or not worker.ready]
        ends = [worker.since + self._allowed(worker) for worker in busy]
        patience = max(0.0, min(ends, default=0.0) - time.monotonic())
        heard = set(wait([worker.connection for worker in busy], patience))
        for worker, end in zip(busy, ends, strict=True):
            if worker.connection in heard:
                yield from self._answered(worker)
            elif time.monotonic() >= end:
                worker.process.kill()
                worker.process.join(_GRACE_S)
                yield from self._lost(worker, f"it took more than {self._allowed(worker):g} s")

    def _allowed(self, worker: _Worker[TaskOutput]) -> float:
        return self._limits.time_s if worker.ready else _START_S

    def _answered(self, worker: _Worker[TaskOutput]) -> Iterator[TaskResult[TaskOutput]]:
        try:
            answer: TaskReply[TaskOutput] = worker.connection.recv()
        except (EOFError, OSError):
            worker.process.join(_GRACE_S)
            code = worker.process.exitcode
            how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
            yield from self._lost(worker, f"its worker ended with {how}")
            return
        if not worker.ready:
            if answer.fault:
                raise InputError("worker", answer.fault.reason, "it cannot begin", "Correct that.")
            worker.ready = True
            self._false_starts = 0
            return
        path, worker.path = worker.path, None
        if path is not None:
            yield TaskResult(path, answer.found, answer.fault)

    def _lost(self, worker: _Worker[TaskOutput], why: str) -> Iterator[TaskResult[TaskOutput]]:
        self._workers.remove(worker)
        worker.connection.close()
        path = worker.path
        if path is None:
            self._false_starts += not worker.ready
            if self._false_starts >= _FALSE_STARTS:
                raise InputError("worker", why, "it cannot begin", "Check memory and installation.")
            return
        self._deaths[path] += 1
        if self._deaths[path] < self._limits.deaths:
            self._waiting.appendleft(path)
        else:
            yield TaskResult(path, death=why)
