"""Detect external data in ONNX files, from their bytes alone.

onnxruntime follows references from tensors to other files, even outside the model's folder; models
with such references are refused. ONNX files are protocol buffers. Only messages of onnx.proto that
can hold a tensor are parsed, all others are skipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

_NESTED: Mapping[str, Mapping[int, str]] = MappingProxyType(
    {
        "Model": {7: "Graph", 20: "TrainingInfo", 25: "Function"},
        "Graph": {1: "Node", 5: "Tensor", 15: "SparseTensor"},
        "Node": {5: "Attribute"},
        "Attribute": {
            5: "Tensor",
            6: "Graph",
            10: "Tensor",
            11: "Graph",
            22: "SparseTensor",
            23: "SparseTensor",
        },
        "SparseTensor": {1: "Tensor", 2: "Tensor"},
        "Function": {7: "Node", 11: "Attribute"},
        "TrainingInfo": {1: "Graph", 2: "Graph"},
        "Tensor": {},
    }
)
"""Nested messages of each message by their field numbers; names without their ending Proto."""
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14
_MAX_DEPTH = 64


class InvalidOnnx(ValueError):
    """The bytes are not an ONNX model."""


def has_external_data(content: bytes) -> bool:
    """Return whether any tensor of the ONNX model `content` lies in another file.

    Raises InvalidOnnx.
    """
    pending = [("Model", content, 0)]
    graphs = 0
    while pending:
        message, encoded, depth = pending.pop()
        graphs += message == "Graph"
        if depth > _MAX_DEPTH:
            raise InvalidOnnx(f"nested deeper than {_MAX_DEPTH}")
        for field in _fields(encoded):
            number, value = field.field_number, field.data
            nested = _NESTED[message].get(number)
            if nested and isinstance(value, bytes):
                pending.append((nested, value, depth + 1))
            elif message == "Tensor" and (
                number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value != 0)
            ):
                return True
    if not graphs:
        raise InvalidOnnx("it holds no graph")
    return False


def _fields(encoded: bytes) -> UnknownFieldSet:
    """Return the fields of an encoded message: to an empty message all of them are unknown."""
    message = Empty()
    try:
        message.ParseFromString(encoded)
    except DecodeError as error:
        raise InvalidOnnx("a message is damaged or cut off") from error
    return UnknownFieldSet(message)
