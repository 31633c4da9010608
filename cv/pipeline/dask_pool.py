"""The workers of an existing Dask cluster as a pool (extra `distributed`).

The results are those of `cv.pipeline.process_pool`: one for each file. The cluster limits the
memory of its workers; a timer in the worker limits the time. Results come back as pickles, so the
cluster must be trusted like this computer: elsewhere both sides need certificates (TLS).
"""

from __future__ import annotations

import logging
import os
import pickle
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from cv.errors import InputError
from cv.io.hosts import is_loopback
from cv.pipeline.process_pool import TaskFactory, TaskOutput, TaskResult, run_task

_ADDRESS = re.compile(r"(?:(tcp|tls)://)?(\[[0-9a-f:.]+\]|[^][:/@\s]+):(\d{1,5})", re.IGNORECASE)
_CONNECT_S = 20.0
_WORKER_TIMEOUT_S = 120.0
"""How long to wait for the first worker."""
_CLOSE_S = 5.0
_thread_state = threading.local()


class DaskPool:
    """The workers of one scheduler."""

    def __init__(self, client: Any, time_s: float) -> None:
        """`client` is connected; a worker that takes longer than `time_s` for a file is ended."""
        self._client = client
        self._time_s = time_s

    @classmethod
    @contextmanager
    def at(cls, address: str, time_s: float) -> Iterator[DaskPool]:
        """Connect to the scheduler at `address`, HOST:PORT or tls://HOST:PORT.

        Certificates are those of Dask's own configuration (distributed.comm.tls). Raises InputError
        for an address elsewhere without TLS, and if the scheduler does not answer.
        """
        distributed = _import_distributed()
        security = _security(distributed, address)
        with distributed.utils.silence_logging_cmgr(logging.CRITICAL):  # errors are raised instead
            try:
                client = distributed.Client(
                    address, security=security, timeout=_CONNECT_S, set_as_default=False
                )
            except (OSError, ValueError, RuntimeError) as error:
                raise InputError(
                    address,
                    f"no connection ({error or type(error).__name__})",
                    "a Dask scheduler that uses the same protocol (tcp:// or tls://) is needed",
                    "Check the address, and the certificates of both ends.",
                ) from error
            try:
                yield cls(client, time_s)
            finally:
                with suppress(OSError, TimeoutError, AttributeError):
                    client.close(timeout=_CLOSE_S)

    def map_unordered(
        self, paths: Iterable[Path], make: TaskFactory[TaskOutput]
    ) -> Iterator[TaskResult[TaskOutput]]:
        """Run the task that `make` creates on every path; yield the results as they are finished.

        Dask blames every task on a worker that died, so a file with a death may only have been
        beside the cause: it is tried again alone when all others are done. Raises InputError if a
        worker cannot start, and if there is none, or no scheduler any more.
        """
        run = partial(_run_on_worker, pickled=pickle.dumps(make), time_s=self._time_s)
        suspects = []
        for result in self._run(run, list(paths)):
            if result.death:
                suspects.append(result.path)
            else:
                yield result
        for path in suspects:
            yield from self._run(run, [path])

    def _run(self, run: Any, paths: Sequence[Path]) -> Iterator[TaskResult[Any]]:
        distributed = _import_distributed()
        try:
            self._client.wait_for_workers(1, timeout=_WORKER_TIMEOUT_S)
        except (OSError, ValueError) as error:
            raise _lost_cluster(f"no worker in {_WORKER_TIMEOUT_S:g} s ({error})") from error
        futures = dict(zip(self._client.map(run, paths, pure=False), paths, strict=True))
        completed = distributed.as_completed(list(futures), loop=self._client.loop)
        for future in completed:
            path = futures.pop(future)
            result = self._result(path, future)
            if result is None:
                again = self._client.submit(run, path, pure=False)
                futures[again] = path
                completed.add(again)
            else:
                yield result

    def _result(self, path: Path, future: Any) -> Any:
        """Return the result of a finished future; None if it was lost together with its worker."""
        try:
            return future.result()
        except _import_distributed().KilledWorker as error:
            ended = f"{error.allowed_failures + 1} workers of the cluster ended over it"
            why = f"it took more than {self._time_s:g} s, or more memory than there was, or crashed"
            return TaskResult(path, death=f"{ended}: {why}")
        except CancelledError as error:
            if future.status == "lost":
                return None
            raise _lost_cluster("its scheduler has gone") from error
        except Exception as error:
            raise InputError(
                "a worker of the cluster",
                f"{type(error).__name__}: {error}",
                "it cannot start",
                "Every worker needs this version of Pierwatch, the model, and the scenes at the "
                "same paths.",
            ) from error


def _run_on_worker(path: Path, pickled: bytes, time_s: float) -> TaskResult[Any]:
    """Run a task on a worker, which exits when the time is over; `pickled` is its factory."""
    if getattr(_thread_state, "pickled", None) != pickled:  # models are not shared by threads
        _thread_state.task, _thread_state.pickled = pickle.loads(pickled)(), pickled
    timer = threading.Timer(time_s, os._exit, (1,))
    timer.daemon = True
    timer.start()
    try:
        return run_task(_thread_state.task, path)
    finally:
        timer.cancel()


def _import_distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise InputError(
            "--dask",
            "distributed is not installed",
            "a Dask cluster needs it",
            'Install it: pip install "pierwatch[distributed]".',
        ) from error
    return distributed


def _security(distributed: Any, address: str) -> Any:
    """Return the TLS settings for the scheduler at `address`; None on this computer without TLS."""
    parts = _ADDRESS.fullmatch(address)
    if not parts:
        raise InputError(
            "--dask",
            re.sub(".*@", "***@", address)[:200],
            "HOST:PORT or tls://HOST:PORT is needed",
            "Correct it.",
        )
    if (parts[1] or "").lower() != "tls":
        if is_loopback(parts[2]):
            return None
        raise InputError(
            "--dask",
            f"{address}, without TLS",
            "only a scheduler on this computer may be used without",
            "Give the cluster certificates, and its address as tls://HOST:PORT.",
        )
    security = distributed.Security(require_encryption=True)
    try:
        context = security.get_connection_args("client").get("ssl_context")
        problem = "" if context else "without certificates"
    except (OSError, ValueError) as error:
        problem = f"certificates that cannot be used ({error})"
    if problem:
        raise InputError(
            "--dask",
            f"{address}, {problem}",
            "TLS needs the certificates of a client",
            "Set distributed.comm.tls (ca-file, client.cert, client.key) in Dask's configuration.",
        )
    return security


def _lost_cluster(found: str) -> InputError:
    limit = "a scheduler with workers is needed until the batch has ended"
    return InputError("the cluster", found, limit, "Run the same command again.")
