"""What an ONNX file is made of, read from its bytes alone: no file that leads to another passes.

onnxruntime follows a weight that says to lie in another file, even one outside of the model's
folder. ONNX files are protocol buffers: fields, each with a number and a kind. Only those parts are
looked into that can hold a tensor; the rest is stepped over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


class MessageType(Enum):
    """Messages of onnx.proto that hold a tensor, or parts that do."""

    MODEL = "ModelProto"
    GRAPH = "GraphProto"
    NODE = "NodeProto"
    ATTRIBUTE = "AttributeProto"
    SPARSE = "SparseTensorProto"
    FUNCTION = "FunctionProto"
    TRAINING = "TrainingInfoProto"
    TENSOR = "TensorProto"


_INSIDE = MappingProxyType(
    {
        MessageType.MODEL: {
            7: MessageType.GRAPH,
            20: MessageType.TRAINING,
            25: MessageType.FUNCTION,
        },
        MessageType.GRAPH: {1: MessageType.NODE, 5: MessageType.TENSOR, 15: MessageType.SPARSE},
        MessageType.NODE: {5: MessageType.ATTRIBUTE},
        MessageType.ATTRIBUTE: {
            5: MessageType.TENSOR,
            6: MessageType.GRAPH,
            10: MessageType.TENSOR,
            11: MessageType.GRAPH,
            22: MessageType.SPARSE,
            23: MessageType.SPARSE,
        },
        MessageType.SPARSE: {1: MessageType.TENSOR, 2: MessageType.TENSOR},
        MessageType.FUNCTION: {7: MessageType.NODE, 11: MessageType.ATTRIBUTE},
        MessageType.TRAINING: {1: MessageType.GRAPH, 2: MessageType.GRAPH},
        MessageType.TENSOR: {},
    }
)
"""Numbers of the fields that hold another part."""
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14
_DEEPEST = 64
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class InvalidOnnx(ValueError):
    """The bytes are no ONNX model."""


@dataclass(frozen=True)
class WireField:
    """One field of a message."""

    number: int
    value: int
    """Of a field that holds a number of variable length; 0 of others."""
    start: int
    """First byte of what a field with a length holds."""
    end: int
    """The byte after the field."""
    long: bool
    """Whether it is a field with a length."""


def has_external_data(content: bytes) -> bool:
    """Whether any tensor of the ONNX model in `content` lies in another file; raises NotOnnx."""
    waiting = [(MessageType.MODEL, 0, len(content), 0)]
    graphs = 0
    while waiting:
        part, start, end, depth = waiting.pop()
        graphs += part is MessageType.GRAPH
        if depth > _DEEPEST:
            raise InvalidOnnx(f"nested deeper than {_DEEPEST}")
        for field in _fields(content, start, end):
            inside = _INSIDE[part].get(field.number)
            if inside and field.long:
                waiting.append((inside, field.start, field.end, depth + 1))
            elif part is MessageType.TENSOR and _is_elsewhere(field):
                return True
    if not graphs:
        raise InvalidOnnx("it holds no graph")
    return False


def _is_elsewhere(field: WireField) -> bool:
    if field.number == _EXTERNAL_DATA:
        return field.long
    return field.number == _DATA_LOCATION and field.value != 0


def _fields(content: bytes, start: int, end: int) -> Iterator[WireField]:
    at = start
    while at < end:
        key, at = _varint(content, at, end)
        number, kind, value, first = key >> 3, key & 7, 0, at
        if kind == _VARINT:
            value, at = _varint(content, at, end)
        elif kind == _BYTES:
            length, first = _varint(content, at, end)
            at = first + length
        elif kind in (_FIXED64, _FIXED32):
            at += 8 if kind == _FIXED64 else 4
        else:
            raise InvalidOnnx(f"a field of kind {kind}")
        if at > end or number == 0:
            raise InvalidOnnx("a field is cut off")
        yield WireField(number, value, first, at, kind == _BYTES)


def _varint(content: bytes, at: int, end: int) -> tuple[int, int]:
    """The number at `at`, and where what follows begins."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            raise InvalidOnnx("a number is cut off")
        byte = content[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
    raise InvalidOnnx("a number is longer than ten bytes")
