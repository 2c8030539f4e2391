"""The command line: every `--help`, tokens made and explained, and `check` before Ollamas of all
kinds; the configurations are next door."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from ...backend import Behaviour, Reply, StallBeforeHeaders, json_reply
from ...gateway.keys import BOTH, BOUND, EXPIRED, JWT_SECRET, SECURED, UNKNOWN, signed
from ..command_case import case
from ..lanes import Case, Lane
from . import configurations

KEYS = {"JWT_SECRET_KEY": JWT_SECRET}


def lanes(seed: str) -> list[Lane]:
    cases = [*_helps(), *_tokens(), *_checks(), *configurations.cases()]
    return [Lane("commands", "all", {}, cases)]


def _helps() -> Iterator[Case]:
    commands = (
        "", "serve", "token", "token create", "token jwt", "token inspect", "check", "monitor",
        "embedded",
    )  # fmt: skip
    for command in commands:
        words = command.split()
        yield case(f"help of {command}", *words, "--help")
        yield case(f"{command} alone", *words) if command not in (
            "serve", "monitor", "embedded", "check",
        ) else case(f"{command} --odd", *words, "--odd")  # fmt: skip
        yield case(f"{command} with an odd word", *words, "odd", "odd")
    yield case("version", "--version")
    for flags in (
        ("--port", "x"), ("--port", "-1"), ("--port", "70000"), ("--host", ""),
        ("--host", "0.0.0.0"),
        ("--log-level", "x"), ("--embedded", "x"), ("--config", "none.yaml"), ("--config", "."),
        ("--host", "no.such.host.invalid"), ("--prot", "1"),
    ):  # fmt: skip
        yield case(f"serve {flags}", "serve", *flags)


def _tokens() -> Iterator[Case]:
    for flags in (
        (), ("--scope", "manage"), ("--scope", "generate,manage"), ("--scope", "x"),
        ("--scope", ""),
        ("--ttl", "30d"), ("--ttl", "1h"), ("--ttl", "0"), ("--ttl", "x"), ("--ttl", "-5"),
        ("--ttl", "99999999d"), ("--model", "a*"), ("--model", "a*", "--model", "b"),
        ("--model", ""),
    ):  # fmt: skip
        yield case(f"token create {flags}", "token", "create", "--name", "n", *flags)
        sub = ("token", "jwt", "--sub", "s", "--ttl", "1h", *flags)
        yield case(f"token jwt {flags}", *sub, env=KEYS)
    for name in ("", "a b", "é", "x" * 300, "a\nb", ":", "#"):
        yield case(f"token create --name {name!r}", "token", "create", "--name", name)
        jwt = ("token", "jwt", "--sub", name, "--ttl", "1h")
        yield case(f"token jwt --sub {name!r}", *jwt, env=KEYS)
    jwt = ("token", "jwt", "--sub", "s", "--ttl", "1h")
    yield case("token jwt without a secret", *jwt)
    yield case("token jwt with a short secret", *jwt, env={"JWT_SECRET_KEY": "short"})
    out = (*jwt, "--out", "t.jwt")
    yield case("token jwt --out", *out, env=KEYS)
    yield case("token jwt --out twice", *out, then=out, env=KEYS)
    yield case("token jwt --out nowhere", *jwt, "--out", "no/t.jwt", env=KEYS)
    claims = {"auth": {"jwt": {"issuer": "i", "audience": "a", "default_scopes": ["manage"]}}}
    files = {"config.yaml": json.dumps(claims)}
    yield case("token jwt with issuer and audience", *jwt, env=KEYS, files=files)
    secured = {"config.yaml": json.dumps(SECURED)}
    for token in (
        BOTH, BOUND, EXPIRED, UNKNOWN, "", "-", "a.b.c", signed(), signed(scope="manage"),
        signed(models=["a*"]), signed(ttl_s=-4000), signed("x" * 40), signed(exp=None),
        signed(sub=5),
        signed(nbf=4102444800), signed(scope=5), signed(aud="x"), signed(iss="x"), "eyJ.eyJ.x",
    ):  # fmt: skip
        yield case(f"token inspect {token[:30]}", "token", "inspect", token, files=secured)
        yield case(f"token inspect {token[:30]}, open", "token", "inspect", token)
    yield case("token inspect -", "token", "inspect", "-", files=secured, stdin=f"{BOTH}\n")


def _checks() -> Iterator[Case]:
    answers: Mapping[str, Behaviour | None] = {
        "sound": None,
        "404": Reply(b"404 page not found", 404, "text/plain"),
        "nonsense": Reply(b"{", 200),
        "no version": json_reply({}),
        "an odd version": json_reply({"version": "é\n"}),
        "500": json_reply({"error": "é\u2028 x" * 100}, 500),
    }
    for name, answer in answers.items():
        at = ("check", "--url", "{ollama}")
        yield case(f"check, {name}", *at, script=answer)
        yield case(f"check a model, {name}", *at, "--model", "smollm2", script=answer)
    yield case("check a closed port", "check", "--url", "http://127.0.0.1:1")
    for url in ("", "x", "ftp://a", "http://u:p@h", "http://", "http://h/?q", "http://[::"):
        yield case(f"check --url {url}", "check", "--url", url)
    yield case("check by variable", "check", env={"OLLAMA_BASE_URL": "{ollama}"})
    dotenv = {".env": "OLLAMA_BASE_URL={ollama}\n"}
    yield case("check by .env", "check", files=dotenv)
    slow = {"config.yaml": '{"service": {"base_url": "{ollama}", "load_timeout": 0.2}}'}
    stall = StallBeforeHeaders()
    yield case("check a slow model", "check", "--model", "m", files=slow, script=stall)
