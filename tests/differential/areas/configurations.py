"""What is wrong in configurations, and how that is said: files, tokens, variables,
and every key with
values that it cannot have."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from ...process import ROOT, VARIABLES
from ..command_case import case
from ..lanes import Case

SERVE = ("serve", "--port", "{port}")
"""Comes as far as to listen: the port is taken."""

READ = ("token", "inspect", "x")
"""Reads the configuration and no more."""

VALUES: tuple[Any, ...] = (
    None, True, 5, -1, 0, 1e12, 0.5, "", "text", "5", [], {}, [5], ["a"], {"a": 1}, [[]], "*",
    "a\nb",
    ".nan",
)  # fmt: skip
SERVED = (5, "text", ["a"])
"""Those with which `serve` is tried too."""


def cases() -> Iterator[Case]:
    yield from _files()
    yield from _entries()
    yield from _environments()
    yield from _keys()


def _files() -> Iterator[Case]:
    contents: dict[str, str | bytes] = {
        "empty": "", "a list": "[]", "a text": "text", "null": "null", "a number": "5",
        "a tab": "\ta: 1",
        "not YAML": "a: [", "not UTF-8": b"\xff\xfe\x00", "two documents": "a: 1\n---\nb: 2",
        "a key twice": "log:\n  level: info\nlog:\n  level: debug",
        "an anchor": "log: &a {level: info}",
        "an alias": "log: &a {level: info}\nchat: *a", "a merge": "log:\n  <<: {level: info}",
        "a tag": "log: !!python/object:x {}", "a number as key": "5: 1", "null as key": "null: 1",
        "a list as key": "[a]: 1", "a date": "log: 2020-01-01", "deep": "a: " + "[" * 3000,
        "a colour": "log:\n  level: \x1b[31m", "unknown": "lisen:\n  port: 1",
        "octal": "listen: {port: 010}",
        "yes": "auth: {anonymous: yes}", "sound": "log: {level: warning}",
        "BOM": "\ufefflog: {level: info}",
        "open elsewhere": "listen: {host: 0.0.0.0}", "all origins": 'cors: {origins: ["*"]}',
        "half of TLS": "listen: {tls: {cert_file: x}}",
        "TLS": "listen: {tls: {cert_file: x, key_file: y}}",
    }  # fmt: skip
    for name, content in contents.items():
        yield from _both(name, {"config.yaml": content})
    for env in (".env", "config.yaml"):
        yield case(f"{env} in no text", *READ, files={env: b"\xff"})
    for text in ("PORT=x", "A", "=", "PORT='", "export PORT=99999", "PORT=1\nPORT=x", "\0"):
        yield case(f".env with {text!r}", *SERVE, files={".env": text})


def _entries() -> Iterator[Case]:
    """Tokens and keys of JWTs."""
    entry: Any
    for entry in (
        "short", "", 5, None, [], {}, {"token": "x" * 40}, {"name": "a"},
        {"name": "", "token": "x" * 40},
        {"token": "x" * 40, "sha256": "0" * 64}, {"sha256": "0" * 63}, {"sha256": "0" * 64},
        {"token_file": "none"}, {"token_file": "config.yaml"},
        {"token": "x" * 40, "expires": "soon"},
        {"token": "x" * 40, "expires": -1}, {"token": "x" * 40, "expires": "2020-01-01"},
        {"token": "x" * 40, "models": []}, {"token": "x" * 40, "models": "a"},
        {"token": "x" * 40, "modles": []},
        {"token": "x" * 40, "models": [""]}, "x" * 5000, "a b c d e f g h i j k l m n", "ollama",
    ):  # fmt: skip
        for key in ("generate_tokens", "model_tokens"):
            yield from _both(
                f"{key}: {entry!r}", {"config.yaml": json.dumps({"auth": {key: [entry]}})}
            )
    twice = [{"name": "a", "token": "x" * 40}, {"name": "a", "token": "y" * 40}]
    yield from _both(
        "a name twice", {"config.yaml": json.dumps({"auth": {"generate_tokens": twice}})}
    )
    same = [{"name": "a", "token": "x" * 40}, {"name": "b", "token": "x" * 40}]
    yield from _both(
        "a token twice", {"config.yaml": json.dumps({"auth": {"generate_tokens": same}})}
    )
    for jwt in (
        {"secret": "short"}, {"secret": "x" * 40, "algorithms": ["RS256"]},
        {"algorithms": ["none"]},
        {"secret": "x" * 40, "secret_file": "y"}, {"secret_file": "none"},
        {"public_key_file": "none"},
        {"public_key_file": "config.yaml"}, {"secret": "x" * 40, "algorithms": []}, {"issuer": "x"},
    ):  # fmt: skip
        yield from _both(f"jwt {jwt}", {"config.yaml": json.dumps({"auth": {"jwt": jwt}})})


def _environments() -> Iterator[Case]:
    for name in VARIABLES:
        for value in ("", "x", "5", "-1", "a,b", "[]", "http://u:p@h/", "*", "\u00e9", "70000"):
            yield case(f"{name}={value}", *SERVE, env={name: value})


def _keys() -> Iterator[Case]:
    """Each key of the shipped file with values that it cannot have, and misspelt."""
    tree = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    for path in _paths(tree):
        for value in VALUES:
            then = SERVE if value in SERVED else ()
            files = {"config.yaml": json.dumps(_nested(path, value))}
            yield case(f"{'.'.join(path)}: {value!r}", *READ, then=then, files=files)
        for misspelt in (path[-1] + "s", path[-1][1:], path[-1].upper(), "x"):
            files = {"config.yaml": json.dumps(_nested((*path[:-1], misspelt), 1))}
            yield case(f"{'.'.join(path)} as {misspelt}", *READ, files=files)
    for name in ("num_ctx", "keep_alive", "think", "options"):
        for value in VALUES:
            path = ("models", "defaults", "smollm2*", name)
            files = {"config.yaml": json.dumps(_nested(path, value))}
            yield case(f"{'.'.join(path)}: {value!r}", *READ, files=files)


def _paths(tree: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in tree.items():
        yield (*above, key)
        if isinstance(value, dict) and value:
            yield from _paths(value, (*above, key))


def _nested(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    for key in reversed(path):
        value = {key: value}
    result: dict[str, Any] = value
    return result


def _both(name: str, files: Mapping[str, str | bytes]) -> Iterator[Case]:
    yield case(name, *READ, then=SERVE, files=files)
