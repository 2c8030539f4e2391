"""`load` reads the settings: it merges the layers, checks each value, reads the files that keys
name, and then checks the rules that bind several keys."""

from __future__ import annotations

import dataclasses
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from ..access.principal import Scope
from ..errors import ConfigError, StoreFailed
from .credentials import resolved
from .file_reader import Reader
from .files import Files
from .layers import Document, Tree, merged_layers, read_document
from .read import impossible, read, source_of
from .secret_files import files_with_secrets
from .settings import Settings, Written
from .topics.listen import WILDCARDS, Listen, Tls
from .topics.state import State

EVERY_ORIGIN = re.compile(r"\*|https?://\*(:\*)?")

EXPOSED = (
    "listen.host: {host} can be reached from other machines and no credential is configured; "
    "make a token (`tornado-ollama token create`), set "
    "auth.jwt.secret (JWT_SECRET_KEY), or allow everybody to generate with "
    "auth.anonymous: true ({source})"
)


def load(
    path: Path | None,
    environ: Mapping[str, str],
    flags: Mapping[str, object],
    *,
    serving: bool = True,
    holds_tokens: Callable[[Path], bool] | None = None,
) -> Settings:
    """Reads the settings: defaults < file < environment < flags.

    `path`: the configuration file; None: only the built-in defaults. `flags`: by dotted key, None
    for a flag that was not given. `serving`: also check what makes a server safe, which a command
    that opens no port does not need. `holds_tokens`: whether the token store in a state directory
    has or had tokens, which count as configured; it may raise StoreFailed. Raises ConfigError,
    whose message is one line.
    """
    files = Files()
    document = None if path is None else read_document(path, files)
    return settings_from(
        document, environ, flags, files, serving=serving, holds_tokens=holds_tokens
    )


def settings_from(
    document: Document | None,
    environ: Mapping[str, str],
    flags: Mapping[str, object],
    files: Files,
    *,
    serving: bool,
    holds_tokens: Callable[[Path], bool] | None = None,
) -> Settings:
    """Makes the settings as `load` does, from a file that has been read. `files` reads the files
    that its keys name."""
    tree = merged_layers(document, environ, flags)
    written = read(tree)
    directory = document.path.parent if document else Path()
    reader = Reader(directory, lambda key: source_of(tree, key), files)
    topics = {topic.name: getattr(written, topic.name) for topic in dataclasses.fields(written)}
    topics["listen"] = _with_tls(written.listen, reader)
    topics["auth"] = resolved(written.auth, reader)
    topics["state"] = _with_directory(written.state, directory, environ)
    settings = Settings(**topics)
    if holds_tokens is not None:
        settings = _with_stored_tokens(settings, holds_tokens)
    if serving:
        _check_exposure(settings, tree)
        _check_origins(settings, tree)
        _check_not_own_address(settings, tree)
    warnings = tuple(_warnings(settings, written, tree, reader))
    return dataclasses.replace(settings, warnings=warnings)


def _with_tls(listen: Listen, reader: Reader) -> Listen:
    tls = listen.tls
    files = {"cert_file": tls.cert_file, "key_file": tls.key_file}
    given = {name: file for name, file in files.items() if file is not None}
    if len(given) == 1:
        name, file = next(iter(given.items()))
        rule = "given together with the other of cert_file and key_file"
        raise reader.impossible(f"listen.tls.{name}", file, rule)
    found = {}
    for name, file in given.items():
        reader.file(f"listen.tls.{name}", file)
        found[name] = str(reader.directory / Path(file).expanduser())
    return dataclasses.replace(listen, tls=Tls(**found))


def _with_directory(state: State, here: Path, environ: Mapping[str, str]) -> State:
    """The topic with the directory that it means: the setting's, else that of the XDG Base
    Directory Specification, which ignores a relative `XDG_STATE_HOME`."""
    if state.directory is not None:
        return dataclasses.replace(
            state, directory=str((here / Path(state.directory).expanduser()).absolute())
        )
    named = Path(environ.get("XDG_STATE_HOME", ""))
    base = named if named.is_absolute() else Path("~/.local/state").expanduser()
    return dataclasses.replace(state, directory=str(base / "tornado-ollama"))


def _with_stored_tokens(settings: Settings, holds_tokens: Callable[[Path], bool]) -> Settings:
    assert settings.state.directory is not None
    try:
        held = settings.auth.token_store and holds_tokens(Path(settings.state.directory))
    except StoreFailed as error:
        raise ConfigError(f"state.directory: {error.path}: {error.message}") from None
    return settings.with_stored_tokens() if held else settings


def _check_exposure(settings: Settings, tree: Tree) -> None:
    open_to_others = not settings.listen.loopback and not settings.auth.configured
    if open_to_others and settings.auth.anonymous == "auto":
        source = source_of(tree, "listen.host")
        raise ConfigError(EXPOSED.format(host=settings.listen.host, source=source))


def _check_origins(settings: Settings, tree: Tree) -> None:
    if not settings.anonymous_scopes():
        return
    for origin in settings.cors.origins:
        if EVERY_ORIGIN.fullmatch(origin):
            rule = "a list of your own pages while anonymous access is on; any page could call"
            value = list(settings.cors.origins)
            raise impossible("cors.origins", value, rule, source_of(tree, "cors.origins"))


def _check_not_own_address(settings: Settings, tree: Tree) -> None:
    url = urlsplit(settings.service.base_url)
    port = url.port or (443 if url.scheme == "https" else 80)
    here = Listen(host=url.hostname or "localhost")
    same_place = here.loopback and (settings.listen.loopback or settings.listen.host in WILDCARDS)
    if same_place and port == settings.listen.port:
        rule = "Ollama's address, not the gateway's own (listen.host and listen.port)"
        source = source_of(tree, "service.base_url")
        raise impossible("service.base_url", settings.service.base_url, rule, source)


def _warnings(settings: Settings, written: Written, tree: Tree, reader: Reader) -> Iterator[str]:
    yield from unwise(settings)
    for file in sorted(set(files_with_secrets(written, tree))):
        if _readable_by_all(reader.directory / Path(file).expanduser()):
            yield f"{file} holds secrets and every user of this machine can read it: chmod 600."


def unwise(settings: Settings) -> Iterator[str]:
    """Sentences about settings that are possible together, but hardly meant."""
    if settings.auth.anonymous is False and not settings.auth.configured:
        yield "auth.anonymous is false and no credential is configured: nobody can get in."
    if Scope.MANAGE in settings.anonymous_scopes() and settings.listen.trusted_proxies:
        yield (
            "listen.trusted_proxies is set and no credential is configured: "
            "whoever can reach the proxy may do everything, deleting models included."
        )
    for issuer in settings.auth.issuers:
        if issuer.audience is None:
            yield (
                f"auth.jwt: no audience is set for {issuer.issuer}: "
                "what it issues for other applications is let in here too."
            )


def _readable_by_all(path: Path) -> bool:
    if os.name != "posix":
        return False
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False
