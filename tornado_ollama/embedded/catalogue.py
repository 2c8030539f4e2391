"""Describes the one model for `/api/tags`, `/api/ps` and `/api/show`, and knows its names.

Pure, but for reading the file's header when it is made. Source of keys and their order: the
recorded transcripts.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .engine import CONTEXT
from .gguf import read_header
from .installed import ModelFile
from .options import FOREVER, MODEL_PARAMETERS
from .prompt import STOP, SYSTEM, TEMPLATE
from .refusal import Refusal, model_not_found
from .reply import timestamp

NAME = "smollm2:135m"
NAMES = frozenset([NAME, "smollm2", "smollm2:latest"])
PREFIXES = ("registry.ollama.ai/library/", "registry.ollama.ai/", "library/")
CAPABILITIES = ["completion", "tools", "embedding"]
FAR_AWAY = "2318-01-01T00:00:00Z"
"""What Ollama's largest duration after now comes to: never."""


def is_served(name: str) -> bool:
    name = name.lower()
    for prefix in PREFIXES:
        if name.startswith(prefix):
            name = name.removeprefix(prefix)
            break
    return name in NAMES


def require(name: str) -> None:
    """Checks that the model is served. Raises the 404 `Refusal` that `/api/chat` and
    `/api/generate` give otherwise."""
    if not is_served(name):
        raise model_not_found(name)


class Catalogue:
    def __init__(self, file: ModelFile) -> None:
        """Raises `ValueError` when the file is not a model."""
        header = read_header(file.path)
        stat = file.path.stat()
        self._file, self._header, self._size = file, header, stat.st_size
        self._modified_at = timestamp(stat.st_mtime_ns)
        family = str(header.metadata.get("general.architecture", ""))
        self._details = {
            "parent_model": "",
            "format": "gguf",
            "family": family,
            "families": [family],
            "parameter_size": f"{header.parameter_count / 1e6:.2f}M",
            "quantization_level": header.quantization,
        }

    def tags(self) -> dict[str, Any]:
        metadata, family = self._header.metadata, self._details["family"]
        details = {
            **self._details,
            "context_length": metadata[f"{family}.context_length"],
            "embedding_length": metadata[f"{family}.embedding_length"],
        }
        entry = {
            "name": NAME,
            "model": NAME,
            "modified_at": self._modified_at,
            "size": self._size,
            "digest": self._file.digest,
            "details": details,
            "capabilities": CAPABILITIES,
        }
        return {"models": [entry]}

    def ps(self, loaded: bool, expires_at: float) -> dict[str, Any]:
        """The reply of `/api/ps`. `expires_at` is in seconds since 1970, or `FOREVER`."""
        if not loaded:
            return {"models": []}
        expires = FAR_AWAY
        if expires_at != FOREVER:
            expires = datetime.fromtimestamp(expires_at, UTC).isoformat().replace("+00:00", "Z")
        entry = {
            "name": NAME,
            "model": NAME,
            "size": self._size,
            "digest": self._file.digest,
            "details": self._details,
            "expires_at": expires,
            "size_vram": 0,
            "context_length": CONTEXT,
        }
        return {"models": [entry]}

    def show(self, name: str, verbose: bool) -> dict[str, Any]:
        """The reply of `/api/show`. Raises a `Refusal`: 400 without a name, 404 for another
        model."""
        if not name:
            raise Refusal(400, "model is required")
        if not is_served(name):
            raise model_not_found(name if ":" in name else f"{name}:latest")
        parameters = [(key, str(value)) for key, value in MODEL_PARAMETERS.items()]
        parameters += [("stop", f'"{word}"') for word in STOP]
        return {
            "license": self._file.license,
            "modelfile": self._modelfile(parameters),
            "parameters": "\n".join(f"{key:<30} {value}" for key, value in parameters),
            "template": TEMPLATE,
            "system": SYSTEM,
            "details": self._details,
            "model_info": self._model_info(verbose),
            "tensors": [
                {"name": tensor.name, "type": tensor.type, "shape": list(tensor.shape)}
                for tensor in self._header.tensors
            ],
            "capabilities": CAPABILITIES,
            "modified_at": self._modified_at,
        }

    def _modelfile(self, parameters: list[tuple[str, str]]) -> str:
        lines = [
            f"FROM {self._file.path.name}",
            f'TEMPLATE """{TEMPLATE}"""',
            f"SYSTEM {SYSTEM}",
            *(f"PARAMETER {key} {value}" for key, value in parameters),
        ]
        return "\n".join(lines) + "\n"

    def _model_info(self, verbose: bool) -> dict[str, Any]:
        info = {
            key: None if isinstance(value, list) and not verbose else value
            for key, value in self._header.metadata.items()
            if key != "tokenizer.chat_template"
        }
        info.pop("general.name", None)
        info["general.parameter_count"] = self._header.parameter_count
        return dict(sorted(info.items()))
