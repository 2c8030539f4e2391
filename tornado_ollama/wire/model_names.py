"""Normalises model names as Ollama does, and finds every model that a request body names.

Two spellings that Ollama takes for one model must be one here, or a credential with restricted
models could reach others. The rules of names are Ollama's `types/model/name.go`:
`[host/][namespace/]model[:tag]`, case-insensitive, defaults `registry.ollama.ai`, `library`,
`latest`. The rules of bodies are those of Go's `encoding/json`: keys match case-insensitively by
Unicode simple folding, of two equal keys the last wins, and only the first value is read.
"""

from __future__ import annotations

from functools import lru_cache

from .globs import PathGlob
from .native_request import outermost_values

DEFAULT_HOST = "registry.ollama.ai"
DEFAULT_NAMESPACE = "library"
DEFAULT_TAG = "latest"

_EVERY_MODEL = ("*", "**")

MAX_NAME_CHARS = 1024
"""Above any name Ollama takes (host 350, the other parts 80 each): nothing longer is a name."""

NAMING_KEYS = frozenset(("model", "name", "from", "source", "destination"))
"""The keys of Ollama's request types that hold a model name (`api/types.go`)."""


def canonical(name: str) -> str:
    """The normal form of a model's name: lower case, with its tag, without default host and
    namespace. As in Ollama, an empty part stands for the default, and space around the name is
    ignored."""
    rest, tag = _split_tag(name.strip().lower())
    _, scheme, without_scheme = rest.partition("://")
    *places, model = (without_scheme if scheme else rest).split("/")
    if len(places) <= 2:
        host, namespace = ("", "", *places)[-2:]
        host, namespace = host or DEFAULT_HOST, namespace or DEFAULT_NAMESPACE
        places = [host, namespace] if host != DEFAULT_HOST else [namespace]
    if places == [DEFAULT_NAMESPACE]:
        places = []
    return f"{'/'.join((*places, model))}:{tag or DEFAULT_TAG}"


def matches(glob: str, name: str) -> bool:
    """Whether a glob matches a model. `*` stands for anything without a slash, `:` included, and
    `**` for anything; alone, both do.

    A glob that ends neither in a tag nor in `*` means the tag `latest`, as a name does.
    """
    if len(name) > MAX_NAME_CHARS:
        return False
    if glob in _EVERY_MODEL:
        return True
    name = canonical(name)
    if _spelled(glob).startswith(f"{DEFAULT_HOST}/"):
        name = _with_defaults(name)
    return _compiled(glob).fits(name)


def admits(glob: str, name: str) -> bool:
    """Whether a credential that is bound to a glob may use a model: one that Ollama sends to its
    own service, by its tag, only where the glob says so itself, or means every model."""
    return matches(glob, name) and (_says_cloud(glob) or not _in_the_cloud(canonical(name)))


def covers(glob: str, other: str) -> bool:
    """Whether a glob admits every model that another one admits; False also where that cannot be
    decided simply."""
    if glob in _EVERY_MODEL or other in _EVERY_MODEL:
        return glob in _EVERY_MODEL
    if _in_the_cloud(_spelled(other)) and not _says_cloud(glob):
        return False
    # In place of a star stands a character that only a star matches; of a double one, with a slash.
    text = _spelled(other).replace("**", "\0/\0").replace("*", "\0")
    return _compiled(glob).fits(text)


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


def _in_the_cloud(name: str) -> bool:
    """Whether Ollama sends the model of a canonical name, or of a glob, to its own service."""
    return name.endswith((":cloud", "-cloud", "*cloud"))


def _says_cloud(glob: str) -> bool:
    return glob in _EVERY_MODEL or glob.lower().endswith("cloud")


def _spelled(glob: str) -> str:
    """A glob in the form of the names that it is compared with. Omitted parts are filled in as in
    a name; but `library/*` must not become `*`, so with stars the defaults are kept."""
    if "*" not in glob:
        return canonical(glob)
    glob = glob.lower()
    if not glob.endswith("*") and not _split_tag(glob)[1]:
        glob += f":{DEFAULT_TAG}"
    if glob.startswith(f"{DEFAULT_NAMESPACE}/"):
        glob = f"{DEFAULT_HOST}/{glob}"
    return glob


@lru_cache(maxsize=1024)
def _compiled(glob: str) -> PathGlob:
    return PathGlob(_spelled(glob))
