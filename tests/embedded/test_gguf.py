from __future__ import annotations

import struct
from pathlib import Path

import pytest

from tornado_ollama.embedded.gguf import read_header


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def file(tmp_path: Path, keys: list[bytes], tensors: list[bytes]) -> Path:
    path = tmp_path / "model.gguf"
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys))
    path.write_bytes(head + b"".join(keys) + b"".join(tensors))
    return path


KEYS = [
    text("general.architecture") + struct.pack("<I", 8) + text("llama"),
    text("general.file_type") + struct.pack("<II", 4, 3),
    text("some.numbers") + struct.pack("<IIQ3i", 9, 5, 3, 1, -2, 3),
    text("some.words") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("é"),
]
TENSORS = [text("w") + struct.pack("<IQQIQ", 2, 4, 5, 3, 0)]


def test_metadata_and_tensors_are_read(tmp_path: Path) -> None:
    header = read_header(file(tmp_path, KEYS, TENSORS))
    assert header.metadata == {
        "general.architecture": "llama",
        "general.file_type": 3,
        "some.numbers": [1, -2, 3],
        "some.words": ["a", "é"],
    }
    assert [(tensor.name, tensor.type, tensor.shape) for tensor in header.tensors] == [
        ("w", "Q4_1", (4, 5))
    ]
    assert (header.parameter_count, header.quantization) == (20, "Q4_1")


@pytest.mark.parametrize("length", [0, 3, 10, 30, 60, 100, 200])
def test_a_file_cut_short_is_a_value_error(tmp_path: Path, length: int) -> None:
    path = file(tmp_path, KEYS, TENSORS)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(ValueError):
        read_header(path)
