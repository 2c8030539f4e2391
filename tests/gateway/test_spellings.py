"""Spellings of paths, hosts, headers and bodies that try to reach a route of `manage`, or a model
that the credential may not use, with every kind of credential. Nothing of that gets to Ollama."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from tornado_ollama.access.principal import Scope
from tornado_ollama.identity.token_admin import TokenAdmin

from ..backend import Backend
from ..raw_client import RawConnection
from .keys import BOTH, PATH_CONFIG, PATH_GENERATE, bearer, signed
from .sockets import socket
from .test_ollama_keys import LINE
from .test_ollama_keys import signed as signed_by_key
from .test_paths import TRICKS

pytestmark = pytest.mark.gen_test

GLOBS = ["smollm2*"]


@pytest.fixture
def config() -> dict[str, Any]:
    key = {"key": LINE, "name": "ann", "scopes": ["generate"], "models": GLOBS}
    tokens = [
        token | {"models": GLOBS} if token["name"] == "phone" else token
        for token in PATH_CONFIG["auth"]["generate_tokens"]
    ]
    auth = PATH_CONFIG["auth"] | {"ollama_keys": [key], "generate_tokens": tokens}
    return {"auth": auth, "service": {"forward_unknown": True}}


@pytest.fixture
def admin(app: Any) -> TokenAdmin:
    found: TokenAdmin = app._credentials.token_admin
    return found


async def credentials(admin: TokenAdmin) -> dict[str, str]:
    """Tokens with the scope `generate` and one family of models."""
    made = await admin.create("kept", [Scope.GENERATE], {"models": GLOBS})
    return {"kept": made.text, "jwt": signed(models=GLOBS, scope="generate")}


# -- paths ------------------------------------------------------------------------------------

MANAGED = ("/api/pull", "/sys/delete", "/admin/tokens", "/api/blobs/sha256:" + "0" * 64)


def spellings(path: str) -> list[bytes]:
    """A path in the ways that servers read alike, or take for another."""
    first, _, rest = path[1:].partition("/")
    letter = f"%{ord(first[0]):02x}"
    texts = [
        path,
        f"/{path}",
        f"/{first}//{rest}",
        f"{path}/",
        f"{path}//",
        f"/{letter}{first[1:]}/{rest}",
        f"/{letter.upper()}{first[1:]}/{rest}",
        f"/./{first}/{rest}",
        f"/v1/../{first}/{rest}",
        f"/{first}/../{first}/{rest}",
        f"/{first}%2f{rest}",
        f"/{first}\\{rest}",
        f"/{first};x/{rest}",
        f"/{first.upper()}/{rest}",
        f"{path}?x=1",
        f"{path}%3fx",
        f"{path}%00",
        f"{path}.json",
        f"http://localhost{path}",
        f"http://evil.example{path}",
        f"/static{path}",
        f"/v1{path}",
        f"/v1/models/..{path}",
        f"/v1/models/%2e%2e{path}",
        f"/k/{PATH_GENERATE}{path}",
        f"/k/{PATH_GENERATE}/{path}",
        f"/k/{PATH_GENERATE}/v1/..{path}",
        f"//k//{PATH_GENERATE}//{path}",
    ]
    return [text.encode("latin-1") for text in texts]


PATHS = [target for path in MANAGED for target in spellings(path)]
HEADERS = [
    (name, value)
    for value in ("/api/pull", "/admin/tokens")
    for name in ("X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix", "X-Forwarded-Uri")
] + [
    ("X-HTTP-Method-Override", "DELETE"),
    ("X-Forwarded-Host", "admin.example"),
    ("X-Forwarded-For", "127.0.0.1"),
    ("X-Real-IP", "127.0.0.1"),
    ("Forwarded", "for=127.0.0.1"),
    ("X-Remote-User", "root"),
    ("X-Forwarded-User", "root"),
    ("X-OpenWebUI-User-Role", "admin"),
    ("Cookie", "token=admin"),
    ("Connection", "Authorization"),
    ("Proxy-Authorization", "Bearer admin"),
    ("X-Scope", "manage"),
]
HOSTS = ["evil.example", "localhost:1", "127.0.0.1/api/pull", "user@localhost", "[::1]", "", "a b"]


def test_there_are_enough_of_them() -> None:
    assert len({*PATHS, *TRICKS}) + len(HEADERS) + len(HOSTS) + len(BODIES) >= 250


async def sent(connect: Any, raw: bytes) -> int | None:
    """The status of the answer; None where the connection was closed without one."""
    client: RawConnection = await connect()
    await client.send(raw)
    try:
        return (await client.read_head()).status
    except Exception:
        return None
    finally:
        client.leave()


def raw(
    method: str, target: bytes, headers: list[tuple[str, str]], host: str = "localhost"
) -> bytes:
    body = b'{"model":"smollm2"}'
    lines = [("Host", host), ("Content-Length", str(len(body))), *headers]
    head = "".join(f"{name}: {value}\r\n" for name, value in lines).encode()
    return b"%b %b HTTP/1.1\r\n%b\r\n%b" % (method.encode(), target, head, body)


async def test_no_spelling_of_a_path_reaches_a_managed_route(
    connect: Any, backend: Backend, admin: TokenAdmin, settings: Any
) -> None:
    found = await credentials(admin)
    for target in dict.fromkeys((*PATHS, *TRICKS)):
        for token in found.values():
            for method in ("POST", "DELETE"):
                status = await sent(connect, raw(method, target, [bearer(token)]))
                assert status in (None, 400, 401, 403, 404, 405), (target, status)
    for path in MANAGED:  # a signature that is right for the path
        for method in ("POST", "DELETE"):
            exact, header = signed_by_key(method, path)
            status = await sent(connect, raw(method, exact.encode(), [header]))
            assert status in (403, 404, 405), (path, status)
    assert not backend.exchanges
    assert [row["name"] for row in await admin.listed() if row["source"] == "store"] == ["kept"]


async def test_the_right_credential_passes_where_the_spelling_is_legal(
    connect: Any, backend: Backend
) -> None:
    for target in (b"/api/pull", b"//api//pull//", b"/%61pi/pull", b"/sys/pull", b"/api/pull?x=1"):
        assert await sent(connect, raw("POST", target, [bearer(BOTH)])) == 200
    assert len(backend.exchanges) == 5
    assert await sent(connect, raw("GET", b"//admin//tokens/", [bearer(BOTH)])) == 200


async def test_no_header_and_no_host_leads_elsewhere(
    connect: Any, backend: Backend, admin: TokenAdmin
) -> None:
    found = await credentials(admin)
    for token in found.values():
        for header in HEADERS:
            for target in (b"/api/pull", b"/admin/tokens"):
                status = await sent(connect, raw("POST", target, [bearer(token), header]))
                assert status in (400, 401, 403), header
        for host in HOSTS:
            status = await sent(connect, raw("POST", b"/api/pull", [bearer(token)], host))
            assert status in (None, 400, 403), host
    assert not backend.exchanges


# -- bodies -----------------------------------------------------------------------------------

OTHERS = [
    "llama3", "LLAMA3", "llama3:latest", " llama3", "llama3 ", "library/llama3", "/llama3",
    "//llama3", "registry.ollama.ai/library/llama3", "https://registry.ollama.ai/library/llama3",
    "smollm2/llama3", "smollm2/../llama3", "smollm2/x/llama3", "evil.example/smollm2/llama3",
    "llama3:smollm2", "llama3\u0000smollm2", "smollm2:latest/llama3", "\u212alama3/llama3",
    "hf.co/smollm2/llama3",
]  # fmt: skip
NO_NAMES = (
    b'{"model":["llama3"]}',
    b'{"model":{"name":"llama3"}}',
    b'{"model":"smollm2"}{"model":"llama3"}',
)
"""Go refuses the first two, where a text belongs; of the last it reads the first object alone."""
BODIES: list[bytes] = [
    *NO_NAMES,
    *(json.dumps({"model": name}).encode() for name in OTHERS),
    *(
        json.dumps({key: "llama3"}).encode()
        for key in ("model", "MODEL", "Model", "name", "NAME", "from", "source", "destination")
    ),
    b'{"mode\\u006c":"llama3"}',
    b'{"model":"ll\\u0061ma3"}',
    b'{"model":"smollm2","model":"llama3"}',
    b'{"model":"llama3","model":"smollm2"}',
    b'{"model":"smollm2","MODEL":"llama3"}',
    b'{"model":"smollm2","name":"llama3"}',
    b'{"model":"llama3"} x',
    b'\xef\xbb\xbf{"model":"llama3"}',
    b' \r\n\t{"model":"llama3"}',
    b'{"model":"llama3",}',
    b"{'model':'llama3'}",
    b'[{"model":"llama3"}]',
    b'"llama3"',
    b"model=llama3",
    b'{"model":"llama3\xff"}',
    b'{"model":"llama3\\ud800"}',
    b'{"model":"llama3","x":' + b"[" * 2000,
    b'{"a":{"model":"smollm2"},"model":"llama3"}',
    b'{"model":null,"model":"llama3"}',
    b'{"model":"llama3","model":null}',
    '{"model":"llama3"}'.encode("utf-16"),
    gzip.compress(b'{"model":"llama3"}'),
]
ROUTES = (
    "/api/chat", "/api/generate", "/api/embed", "/api/show", "/v1/chat/completions",
    "/v1/completions", "/v1/embeddings", "/v1/responses", "/v1/messages",
)  # fmt: skip


def names_another(body: bytes) -> bool:
    """Whether a body that got to Ollama makes it use a model that is not the credential's."""
    text = body.decode("utf-8", "replace")
    return "llama3" in text.replace("\\u0061", "a").lower()


async def test_no_spelling_of_a_body_reaches_a_forbidden_model(
    connect: Any, backend: Backend, admin: TokenAdmin
) -> None:
    found = await credentials(admin)
    client: RawConnection = await connect()
    for path in ROUTES:
        for number, body in enumerate(BODIES):
            kinds = list(found.values())
            tokens = [bearer(kinds[number % len(kinds)])]
            target = path
            if number % 3 == 2:
                target, header = signed_by_key("POST", path)
                tokens = [header]
            for coding in ((), (("Content-Encoding", "gzip"),)) if body[:1] == b"\x1f" else ((),):
                response = await client.request("POST", target, [*tokens, *coding], body)
                assert response.status in (200, 400, 403, 404, 415), (path, body)
    reached = {bytes(e.body) for e in backend.exchanges if names_another(bytes(e.body))}
    assert reached <= set(NO_NAMES)


async def test_no_frame_reaches_them_either(
    http_server: Any, http_port: int, backend: Backend, admin: TokenAdmin
) -> None:
    found = await credentials(admin)
    for token in found.values():
        async with socket(http_port, headers=[bearer(token)]) as ws:
            for name in OTHERS:
                await ws.send({"type": "chat", "id": "a", "model": name, "messages": []})
                [*_, last] = await ws.until("error", "a")
                assert last["status"] in (400, 403, 404)
            for method, path in (("POST", p) for p in (*MANAGED, "//api/pull", "/api/../api/pull")):
                body = {"model": "smollm2"}
                await ws.send(
                    {"type": "request", "id": "b", "method": method, "path": path, "body": body}
                )
                [*_, last] = await ws.until("error", "b")
                assert last["status"] in (400, 403, 404, 405)
    assert not [e for e in backend.exchanges if e.path != "/api/tags"]
