"""The engine: which library runs the graph of a network, on CPU and one thread a call."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from cv.errors import InferenceError, ModelError

ORT_ERRORS = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoSuchFile,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
    UnicodeDecodeError,  # a message of its own that quotes a damaged name
)
"""What onnxruntime raises."""

Runner = Callable[[NDArray[Any]], NDArray[np.float32]]
"""The answer to an input tensor; called from several threads at once."""


class InferenceEngine(StrEnum):
    """A library that runs networks."""

    ONNXRUNTIME = "onnxruntime"
    """The default: the same answer on every run."""
    OPENVINO = "openvino"
    """In bfloat16 where the processor computes with it: faster there, and a little less exact. A
    network in 8 bits is faster everywhere."""

    def session_threads(self, threads: int) -> int:
        """How many threads have to call, so that `threads` networks are never idle.

        onnxruntime computes in the thread that calls, OpenVINO in others, which would wait for the
        next tile to be read.
        """
        return 2 * threads if self is InferenceEngine.OPENVINO else threads


def create_session(path: Path, content: bytes) -> Any:
    """The onnxruntime.InferenceSession of a file's `content`; raises ModelError."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # it takes 50 MB more and gains no time
    options.log_severity_level = 4
    options.use_deterministic_compute = True
    try:
        return ort.InferenceSession(
            content, options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
    except ORT_ERRORS as error:
        raise ModelError(
            path,
            f"onnxruntime cannot load it ({str(error)[:200]})",
            "a complete ONNX file is needed",
            "Get the model file again.",
        ) from error


def session_runner(session: Any) -> Runner:
    """The runner of an onnxruntime session with one input and one output."""
    (taken,) = session.get_inputs()

    def run(tensor: NDArray[Any]) -> NDArray[np.float32]:
        try:
            (answer,) = session.run(None, {taken.name: tensor})
        except ORT_ERRORS as error:
            raise InferenceError(f"the model failed: {error}") from error
        return np.asarray(answer, dtype=np.float32)

    return run
