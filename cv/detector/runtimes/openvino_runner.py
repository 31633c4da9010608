"""OpenVINO, where it is installed (extra `openvino`): a network compiled for this processor."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cv.detector.runtimes.openvino_graph import fuse_silus
from cv.errors import InferenceError, ModelError

_CONVERTER = "openvino.tools.ovc"
"""Its part that converts models. It reports its import to a server, and is never needed here."""


def openvino_runner(
    path: Path, content: bytes, threads: int
) -> Callable[[NDArray[Any]], NDArray[np.float32]]:
    """What answers to the input tensor of the ONNX file `content`, `threads` calls at once.

    One thread alone has to ask it first, as `Network.load` does: two that OpenVINO sets up for can
    wait for each other for ever (one in a static initialisation that needs Python's lock, the other
    for its end with that lock). Raises ModelError where OpenVINO is not installed, or cannot
    compile the file.
    """
    openvino = _imported(path)
    try:
        core = openvino.Core()
        model = core.read_model(content)
        fuse_silus(model)
        compiled = core.compile_model(
            model,
            "CPU",
            {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": threads},
        )
    except RuntimeError as error:
        raise ModelError(
            path,
            f"OpenVINO cannot compile it ({' '.join(str(error).split())[:200]})",
            "its operators must be known to it",
            "Use the engine onnxruntime.",
        ) from error
    return _Runner(compiled)


class _Runner:
    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled
        self._own = threading.local()

    def __call__(self, tensor: NDArray[Any]) -> NDArray[np.float32]:
        if not hasattr(self._own, "request"):
            self._own.request = self._compiled.create_infer_request()
        try:
            answer = self._own.request.infer({0: tensor})[0]
        except RuntimeError as error:
            raise InferenceError(f"the model failed: {error}") from error
        return np.array(answer, dtype=np.float32)


def _imported(path: Path) -> Any:
    """The library without what reports to others."""
    sys.modules.setdefault(_CONVERTER, None)  # type: ignore[arg-type]  # None: not to be imported
    try:
        import openvino
    except ImportError as error:
        raise ModelError(
            path,
            "the engine openvino is not installed",
            "it is an extra of its own",
            'Install it: pip install "pierwatch[openvino]".',
        ) from error
    return openvino
