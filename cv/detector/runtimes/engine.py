"""Inference engines: the library that runs a network's graph, on CPU, one thread per call."""

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

_RAISED = (one for one in vars(ort_errors).values() if isinstance(one, type))
ORT_ERRORS: tuple[type[Exception], ...] = (
    *(one for one in _RAISED if issubclass(one, Exception)),
    UnicodeDecodeError,  # from a message that quotes a damaged name
)
"""Errors that onnxruntime raises."""

Runner = Callable[[NDArray[Any]], NDArray[np.float32]]
"""Returns the network's output for an input tensor; may be called from several threads at once."""


class InferenceEngine(StrEnum):
    """A library that runs networks on CPU."""

    ONNXRUNTIME = "onnxruntime"
    """The default: the same output on every run and machine type."""
    OPENVINO = "openvino"
    """Uses bfloat16 on processors that support it: faster, with slightly different scores. 8-bit
    networks are faster on every processor."""

    def session_threads(self, threads: int) -> int:
        """Return how many threads must call to keep `threads` cores busy.

        onnxruntime computes in the calling thread; OpenVINO in threads of its own, which would
        otherwise idle while the next tile is read.
        """
        return 2 * threads if self is InferenceEngine.OPENVINO else threads


def create_session(path: Path, content: bytes) -> Any:
    """Return an onnxruntime.InferenceSession of the ONNX file `content`; raises ModelError."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # would take 50 MB more and save no time
    options.log_severity_level = 4
    options.use_deterministic_compute = True
    try:
        return ort.InferenceSession(
            content, options, providers=["CPUExecutionProvider"], enable_fallback=0
        )
    except ORT_ERRORS as error:
        found = f"onnxruntime cannot load it ({str(error)[:200]})"
        limit, remedy = "a complete ONNX file is needed", "Get the model file again."
        raise ModelError(path, found, limit, remedy) from error


def session_runner(session: Any) -> Runner:
    """Return the runner of an onnxruntime session with one input and one output."""
    (graph_input,) = session.get_inputs()

    def run(tensor: NDArray[Any]) -> NDArray[np.float32]:
        try:
            (output,) = session.run(None, {graph_input.name: tensor})
        except ORT_ERRORS as error:
            raise InferenceError(f"the model failed: {error}") from error
        return np.asarray(output, dtype=np.float32)

    return run
