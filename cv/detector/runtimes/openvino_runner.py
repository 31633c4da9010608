"""Run networks with OpenVINO (extra `openvino`), compiled for this processor."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cv.detector.runtimes.engine import Runner
from cv.detector.runtimes.openvino_graph import fuse_silus
from cv.errors import InferenceError, ModelError

_CONVERTER = "openvino.tools.ovc"
"""OpenVINO's model converter: not needed here, and it sends telemetry when imported."""


def openvino_runner(path: Path, content: bytes, threads: int) -> Runner:
    """Return a runner of the ONNX file `content` for `threads` calls at once.

    Its first call must come from one thread alone, as `OnnxModel.load` does: when OpenVINO sets
    itself up for two threads they can deadlock (one in a static initialisation that needs Python's
    global lock, the other holding that lock until the initialisation ends). Raises ModelError where
    OpenVINO is not installed or cannot compile the file.
    """
    openvino = _import_openvino(path)
    try:
        core = openvino.Core()
        model = core.read_model(content)
        fuse_silus(model)
        settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": threads}
        compiled = core.compile_model(model, "CPU", settings)
    except RuntimeError as error:
        found = f"OpenVINO cannot compile it ({' '.join(str(error).split())[:200]})"
        limit, remedy = "its operators must be known to it", "Use the engine onnxruntime."
        raise ModelError(path, found, limit, remedy) from error
    per_thread = threading.local()

    def run(tensor: NDArray[Any]) -> NDArray[np.float32]:
        if not hasattr(per_thread, "request"):
            per_thread.request = compiled.create_infer_request()
        try:
            output = per_thread.request.infer({0: tensor})[0]
        except RuntimeError as error:
            raise InferenceError(f"the model failed: {error}") from error
        return np.array(output, dtype=np.float32)

    return run


def _import_openvino(path: Path) -> Any:
    """Return the module openvino, imported without its telemetry; raises ModelError."""
    sys.modules.setdefault(_CONVERTER, None)  # type: ignore[arg-type]  # None: cannot be imported
    try:
        import openvino
    except ImportError as error:
        found, limit = "the engine openvino is not installed", "it is an optional dependency"
        remedy = 'Install it: pip install "pierwatch[openvino]".'
        raise ModelError(path, found, limit, remedy) from error
    return openvino
