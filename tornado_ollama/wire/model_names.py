"""Normalises model names as Ollama does, and finds every model that a request body names.

Two spellings that Ollama takes for one model must be one here, or a credential with restricted
models could reach others. The rules of names are Ollama's `types/model/name.go`:
`[host/][namespace/]model[:tag]`, case-insensitive, defaults `registry.ollama.ai`, `library`,
`latest`. The rules of bodies are those of Go's `encoding/json`: keys match case-insensitively by
Unicode simple folding, of two equal keys the last wins, and only the first value is read.
"""

from __future__ import annotations

from functools import lru_cache

from .globs import fits
from .native_request import outermost_values

DEFAULT_HOST = "registry.ollama.ai"
DEFAULT_NAMESPACE = "library"
DEFAULT_TAG = "latest"

MAX_NAME_CHARS = 1024
"""Above any name Ollama takes (host 350, the other parts 80 each): nothing longer is a name."""

NAMING_KEYS = frozenset(("model", "name", "from", "source", "destination"))
"""The keys of Ollama's request types that hold a model name (`api/types.go`)."""


def canonical(name: str) -> str:
    """The normal form of a model's name: lower case, with its tag, without default host and
    namespace."""
    rest, tag = _split_tag(name.lower())
    _, scheme, without_scheme = rest.partition("://")
    *places, model = (without_scheme if scheme else rest).split("/")
    if len(places) == 2 and places[0] == DEFAULT_HOST:
        places = places[1:]
    if places == [DEFAULT_NAMESPACE]:
        places = []
    return f"{'/'.join((*places, model))}:{tag or DEFAULT_TAG}"


def matches(glob: str, name: str) -> bool:
    """Whether a glob matches a model. `*` stands for anything, `/` and `:` included. A glob that
    ends neither in a tag nor in `*` means the tag `latest`, as a name does."""
    if len(name) > MAX_NAME_CHARS:
        return False
    pieces = _pieces(glob)
    name = canonical(name)
    if pieces[0].startswith(f"{DEFAULT_HOST}/"):
        name = _with_defaults(name)
    return fits(pieces, name)


def covers(glob: str, other: str) -> bool:
    """Whether a glob matches every model that another one matches; False also where that cannot be
    decided simply."""
    return fits(_pieces(glob), "*".join(_pieces(other)))  # its stars fit nothing but a star


def named_models(body: bytes) -> list[str]:
    """Every model that a JSON request body names, in all spellings of the keys that Go accepts.

    More than Ollama will look at (all duplicates, all keys), never less; empty for a body that
    names none. Raises BadRequest for a body that is not a JSON object, or is too expensive to
    parse.
    """
    return [
        value
        for key, value in outermost_values(body)
        if isinstance(value, str) and key in NAMING_KEYS
    ]


def _split_tag(name: str) -> tuple[str, str]:
    """Splits a name and its tag. A colon before the last slash belongs to the scheme or to the
    host's port."""
    rest, colon, tag = name.rpartition(":")
    return (rest, tag) if colon and "/" not in tag else (name, "")


def _with_defaults(name: str) -> str:
    """A canonical name with default host and namespace, for globs that name these."""
    slashes = name.count("/")
    missing = ((DEFAULT_HOST, DEFAULT_NAMESPACE), (DEFAULT_HOST,))[slashes : slashes + 1]
    return "/".join((*(missing[0] if missing else ()), name))


@lru_cache(maxsize=1024)
def _pieces(glob: str) -> list[str]:
    """The literal texts between the stars of a glob. Omitted parts are filled in as in a name; but
    `library/*` must not become `*`, so with stars the defaults are kept."""
    if "*" not in glob:
        return [canonical(glob)]
    glob = glob.lower()
    if not glob.endswith("*") and not _split_tag(glob)[1]:
        glob += f":{DEFAULT_TAG}"
    if glob.startswith(f"{DEFAULT_NAMESPACE}/"):
        glob = f"{DEFAULT_HOST}/{glob}"
    return glob.split("*")
