"""Reads the header of a GGUF file: its metadata and the list of its tensors.

Source: the GGUF specification, version 3 (little endian), of the ggml project. Weights are not
read. Only what `/api/show` and `/api/tags` report is kept.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

MAGIC = b"GGUF"
STRING, ARRAY = 8, 9
SCALARS = dict(zip((0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12), "BbHhIif?Qqd", strict=True))
TENSOR_TYPES = {0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0"}
FILE_TYPES = {0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1"}


@dataclass(frozen=True, slots=True)
class Tensor:
    name: str
    type: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Header:
    metadata: dict[str, Any]
    tensors: tuple[Tensor, ...]

    @property
    def parameter_count(self) -> int:
        return sum(math.prod(tensor.shape) for tensor in self.tensors)

    @property
    def quantization(self) -> str:
        return FILE_TYPES.get(self.metadata.get("general.file_type", -1), "unknown")


def read_header(path: Path) -> Header:
    """Reads the header of a GGUF file. Raises `ValueError` for a file that is not GGUF, `OSError`
    for one that cannot be read."""
    with path.open("rb") as stream:
        if stream.read(4) != MAGIC:
            raise ValueError(f"{path.name} is not a GGUF file")
        _scalar(stream, "I")
        tensor_count, key_count = _scalar(stream, "Q"), _scalar(stream, "Q")
        metadata = {}
        for _ in range(key_count):
            key = _string(stream)
            metadata[key] = _value(stream, _scalar(stream, "I"))
        return Header(metadata, tuple(_tensor(stream) for _ in range(tensor_count)))


def _tensor(stream: BinaryIO) -> Tensor:
    name = _string(stream)
    shape = tuple(_scalar(stream, "Q") for _ in range(_scalar(stream, "I")))
    kind = _scalar(stream, "I")
    _scalar(stream, "Q")
    return Tensor(name, TENSOR_TYPES.get(kind, str(kind)), shape)


def _value(stream: BinaryIO, kind: int) -> Any:
    if kind == STRING:
        return _string(stream)
    if kind == ARRAY:
        item, count = _scalar(stream, "I"), _scalar(stream, "Q")
        if item in SCALARS:
            layout = f"<{count}{SCALARS[item]}"
            return list(struct.unpack(layout, _exactly(stream, struct.calcsize(layout))))
        return [_value(stream, item) for _ in range(count)]
    if kind in SCALARS:
        return _scalar(stream, SCALARS[kind])
    raise ValueError(f"unknown GGUF value type {kind}")


def _string(stream: BinaryIO) -> str:
    return _exactly(stream, _scalar(stream, "Q")).decode("utf-8", "replace")


def _scalar(stream: BinaryIO, code: str) -> Any:
    return struct.unpack("<" + code, _exactly(stream, struct.calcsize("<" + code)))[0]


def _exactly(stream: BinaryIO, count: int) -> bytes:
    data = stream.read(count)
    if len(data) != count:
        raise ValueError("the GGUF file is cut short")
    return data
