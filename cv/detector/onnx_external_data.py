"""Detect external data in ONNX files, from their bytes alone.

onnxruntime follows references from tensors to other files, even outside the model's folder; models
with such references are refused. ONNX files are protocol buffers: fields, each with a number and a
wire type. Only messages of onnx.proto that can hold a tensor are parsed, all others are skipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

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
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class InvalidOnnx(ValueError):
    """The bytes are not an ONNX model."""


class WireField(NamedTuple):
    """One field of a message."""

    number: int
    value: int
    """Value of a varint field; 0 for other wire types."""
    start: int
    """Offset of the first byte of the content."""
    end: int
    """Offset of the byte after the field."""
    length_delimited: bool
    """Whether it holds bytes, text or a message."""


def has_external_data(content: bytes) -> bool:
    """Return whether any tensor of the ONNX model `content` lies in another file.

    Raises InvalidOnnx.
    """
    pending = [("Model", 0, len(content), 0)]
    graphs = 0
    while pending:
        message, start, end, depth = pending.pop()
        graphs += message == "Graph"
        if depth > _MAX_DEPTH:
            raise InvalidOnnx(f"nested deeper than {_MAX_DEPTH}")
        for field in _fields(content, start, end):
            nested = _NESTED[message].get(field.number)
            if nested and field.length_delimited:
                pending.append((nested, field.start, field.end, depth + 1))
            elif message == "Tensor" and (
                (field.number == _EXTERNAL_DATA and field.length_delimited)
                or (field.number == _DATA_LOCATION and field.value != 0)
            ):
                return True
    if not graphs:
        raise InvalidOnnx("it holds no graph")
    return False


def _fields(content: bytes, start: int, end: int) -> Iterator[WireField]:
    """Yield the fields of the message in `content[start:end]`."""
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
    """Return the varint at offset `at`, and the offset after it."""
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
