"""Hostile shapes of frames, bodies and headers: the bytes that one client sends on one connection.

Each is built for a size in bytes and aims at one thing that could cost more than its bytes: many
values, many keys, escapes, nesting, texts within texts, parts, chunks, headers. The shapes whose
name ends in `plain` are the measure: what any bytes of that size cost on that way in.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from tests.gateway.keys import BOUND

from .sent import chunked, fill, frame, heads, numbered, post, socket

Build = Callable[[int], bytes]


@dataclass(frozen=True)
class Shape:
    """`build(size)` gives all that the client sends; `door` is the way in, and `DOOR plain` the
    shape it is measured by."""

    door: str
    name: str
    build: Build
    server: Literal["gateway", "embedded"] = "gateway"
    units: bool = False
    """It is many small things, each with a price of its own."""


HEAD = 31_000
"""Bytes of headers in one request, just below the limit."""

CHAT = b'{"type":"chat","id":"1","model":"m",'
V1 = b'{"model":"m",'
EMOJI = "\U0001f600".encode()

# -- values as a list's content; each goes in on several ways ---------------------------------

UNITS: dict[str, bytes] = {
    "empty lists": b"[],",
    "empty objects": b"{},",
    "objects of one key": b'{"":0},',
    "short texts": b'"a",',
    "texts with marks": b'":,",',
    "emoji": b'"%b",' % EMOJI,
    "numbers": b"-9,",
    "floats": b"1.5,",
    "nulls": b"null,",
    "lists in lists": b"[[[[]]]],",
    "empty messages": b'{"role":"user","content":""},',
    "parts": b'{"role":"user","content":[{"type":"text","text":""}]},',
}


def _listed(unit: bytes, head: bytes, tail: bytes) -> Build:
    return lambda size: fill(size, head, unit, tail)


def _then(make: Callable[[bytes], bytes], build: Build) -> Build:
    return lambda size: make(build(size))


def _ways() -> list[Shape]:
    shapes = []
    for name, unit in UNITS.items():
        chat = _listed(unit, CHAT + b'"messages":[', b"]}")
        body = _listed(unit, V1 + b'"messages":[', b"]}")
        shapes += [
            Shape("ws", name, _then(socket, _then(frame, chat))),
            Shape("v1", name, _then(partial(post, "/v1/chat/completions"), body)),
            Shape("bound", name, _then(_bound, body)),
            Shape("embedded", name, _then(_embedded, body), "embedded"),
        ]
    return shapes


def _bound(body: bytes) -> bytes:
    return post("/api/chat", body.replace(b'"m"', b'"smollm2"', 1), token=BOUND)


def _embedded(body: bytes) -> bytes:
    return post("/api/chat", body)


def _ws(name: str, build: Build) -> Shape:
    return Shape("ws", name, lambda size: socket(frame(build(size))))


def _v1(name: str, build: Build, path: str = "/v1/chat/completions") -> Shape:
    return Shape("v1", name, lambda size: post(path, build(size)))


def _form(name: str, boundary: str, build: Build) -> Shape:
    kind = f"Content-Type: multipart/form-data; boundary={boundary}"
    path = "/v1/audio/transcriptions"
    return Shape("form", name, lambda size: post(path, build(size), kind, token=BOUND))


def _head(name: str, *lines: bytes, path: bytes = b"/api/version") -> Shape:
    return Shape("head", name, lambda size: heads(size, *lines, path=path), units=True)


def _part(name: bytes, value: bytes, boundary: bytes = b"B") -> bytes:
    disposition = b'Content-Disposition: form-data; name="%b"' % name
    return b"--%b\r\n%b\r\n\r\n%b\r\n" % (boundary, disposition, value)


_MESSAGE = b'"messages":[{"role":"user","content":"'
_TOOL = b'"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{'
_CALL = b'"messages":[{"role":"assistant","tool_calls":[{"type":"function","function":{"name":"f",'
_CALLS = b'"messages":[{"role":"assistant","content":"","tool_calls":['

SHAPES: list[Shape] = [
    # What any bytes cost.
    _ws("plain", lambda size: fill(size, CHAT + _MESSAGE, b"x", b'"}]}')),
    _v1("plain", lambda size: fill(size, V1 + _MESSAGE, b"x", b'"}]}')),
    Shape("bound", "plain", lambda size: _bound(fill(size, V1 + _MESSAGE, b"x", b'"}]}'))),
    Shape(
        "embedded",
        "plain",
        lambda size: _embedded(fill(size, V1 + _MESSAGE, b"x", b'"}]}')),
        "embedded",
    ),
    _form(
        "plain",
        "B",
        lambda size: (
            _part(b"model", b"smollm2")
            + fill(size, _part(b"file", b"")[:-2], b"x", b"\r\n--B--\r\n")
        ),
    ),
    _head("plain", b"X-A: " + b"a" * HEAD),
    *_ways(),
    # Frames.
    _ws("escapes, not closed", lambda size: fill(size, b'{"type":"x","a":"', rb"\n")),
    _ws("backslashes, no JSON", lambda size: fill(size, b"{", b"\\")),
    _ws("halves of surrogates", lambda size: fill(size, b'{"text":"', rb"\ud83d", b'"}')),
    _ws("halves in messages", lambda size: fill(size, CHAT + _MESSAGE, rb"x\ud83d", b'"}]}')),
    _ws(
        "pairs and one half",
        lambda size: fill(size, CHAT + _MESSAGE, rb"\ud83d\ude00", rb'\ud83d"}]}'),
    ),
    _ws("keys", lambda size: numbered(size, CHAT + b'"messages":[],', b'"%d":0,', b"}")),
    _ws("keys, all one", lambda size: fill(size, CHAT + b'"messages":[],', b'"a":0,', b"}")),
    _ws("type a list of lists", lambda size: fill(size, b'{"type":[', b"[],", b"]}")),
    _ws("type a list of texts", lambda size: fill(size, b'{"type":[', b'"a",', b"]}")),
    _ws("id a list of lists", lambda size: fill(size, b'{"type":"chat","id":[', b"[],", b"]}")),
    _ws("model a list of lists", lambda size: fill(size, b'{"text":"x","model":[', b"[],", b"]}")),
    _ws(
        "options of lists",
        lambda size: fill(size, CHAT + b'"messages":[],"options":{"a":[', b"[],", b"]}}"),
    ),
    _ws("id of texts", lambda size: fill(size, b'{"type":"chat","id":"', b"x", b'"}')),
    _ws(
        "path of texts",
        lambda size: fill(size, b'{"type":"request","id":"1","path":"/', b"x/", b'"}'),
    ),
    _ws("text of escapes", lambda size: fill(size, b'{"text":"', rb"\u0001", b'"}')),
    _ws("plain text of control characters", lambda size: b"\x01" * size),
    _ws("plain text of emoji", lambda size: fill(size, b"", EMOJI)),
    _ws("one emoji in much ASCII", lambda size: fill(size, CHAT + _MESSAGE, b"x", EMOJI + b'"}]}')),
    _ws("nested", lambda size: fill(size, b'{"text":', b"[")),
    Shape(
        "ws",
        "body of a request, bound",
        lambda size: socket(
            frame(
                fill(
                    size,
                    b'{"type":"request","id":"1","method":"POST","path":"/api/chat",'
                    b'"body":{"model":"smollm2","messages":[',
                    b"[],",
                    b"]}}",
                )
            ),
            token=BOUND,
        ),
    ),
    Shape(
        "ws",
        "token of a megabyte",
        lambda size: socket(
            frame(fill(size, b'{"type":"auth","token":"', b"x", b'"}')), frame(b'{"type":"x"}')
        ),
    ),
    # Bodies that are translated.
    _v1("keys", lambda size: numbered(size, V1, b'"%d":0,', b"}")),
    _v1("nested", lambda size: fill(size, V1 + b'"messages":', b"[")),
    _v1(
        "stop",
        lambda size: fill(
            size, V1 + b'"messages":[{"role":"user","content":"x"}],"stop":[', b'"a",', b"]}"
        ),
    ),
    _v1(
        "logit_bias",
        lambda size: numbered(
            size,
            V1 + b'"messages":[{"role":"user","content":"x"}],"logit_bias":{',
            b'"%d":1,',
            b"}}",
        ),
    ),
    _v1(
        "metadata",
        lambda size: numbered(
            size, V1 + b'"messages":[{"role":"user","content":"x"}],"metadata":{', b'"%d":1,', b"}}"
        ),
    ),
    _v1(
        "tools",
        lambda size: fill(
            size,
            V1 + b'"messages":[{"role":"user","content":"x"}],"tools":[',
            b'{"type":"function","function":{"name":"f"}},',
            b"]}",
        ),
    ),
    _v1(
        "calls with blanks",
        lambda size: fill(
            size,
            V1 + _CALLS,
            b'{"id":"1","type":"function","function":{"name":"f","arguments":"{}%b"}},'
            % (b" " * 95),
            b"]}]}",
        ),
    ),
    _v1(
        "calls with halves of surrogates",
        lambda size: fill(
            size,
            V1 + _CALLS,
            b'{"id":"1","type":"function","function":{"name":"f","arguments":'
            rb'"{\"a\":\"\\ud800%b\"}"}},' % (b"x" * 335),
            b"]}]}",
        ),
    ),
    _v1(
        "calls, as many as pass",
        lambda size: fill(
            size,
            V1 + _CALLS,
            b'{"id":"1","type":"function","function":{"name":"f","arguments":"{}%b"}},'
            % (b" " * 340),
            b"]}]}",
        ),
    ),
    _v1(
        "pictures",
        lambda size: fill(
            size,
            V1 + b'"messages":[{"role":"user","content":[',
            b'{"type":"image_url","image_url":{"url":"data:image/png;base64,%b"}},' % (b"A" * 60),
            b"]}]}",
        ),
    ),
    _v1(
        "pictures, as many as pass",
        lambda size: fill(
            size,
            V1 + b'"messages":[{"role":"user","content":[',
            b'{"type":"image_url","image_url":{"url":"data:image/png;base64,%b"}},' % (b"A" * 352),
            b"]}]}",
        ),
    ),
    _v1(
        "results of tools",
        lambda size: fill(
            size,
            V1 + b'"messages":[',
            b'{"role":"tool","tool_call_id":"1","content":"%b"},' % (b"x" * 60),
            b"]}",
        ),
    ),
    _v1(
        "tools without parameters",
        lambda size: fill(
            size,
            V1 + b'"messages":[{"role":"user","content":"x"}],"tools":[',
            b'{"type":"function","function":{"name":"f","description":"%b"}},' % (b"x" * 350),
            b"]}",
        ),
    ),
    _v1(
        "schema of objects",
        lambda size: numbered(
            size,
            V1 + _TOOL + b'"name":"f","parameters":{"type":"object","properties":{',
            b'"%d":{},',
            b"}}}}]}",
        ),
    ),
    _v1(
        "forced call, references",
        lambda size: fill(
            size,
            V1 + b'"tool_choice":"required",' + _TOOL + b'"name":"f","parameters":{"a":[',
            b'{"$ref":"#"},',
            b"]}}}]}",
        ),
    ),
    _v1(
        "arguments of lists",
        lambda size: fill(size, V1 + _CALL + rb'"arguments":"{\"a\":[', b"[],", rb']}"}}]}]}'),
    ),
    _v1(
        "arguments of texts",
        lambda size: fill(size, V1 + _CALL + rb'"arguments":"{\"a\":[', rb"\"a\",", rb']}"}}]}]}'),
    ),
    _v1(
        "calls",
        lambda size: fill(
            size,
            V1 + b'"messages":[{"role":"assistant","tool_calls":[',
            b'{"function":{"name":"f"}},',
            b"]}]}",
        ),
    ),
    _v1("escapes, not closed", lambda size: fill(size, V1 + _MESSAGE, rb"\n")),
    _v1("halves of surrogates", lambda size: fill(size, V1 + _MESSAGE, rb"x\ud83d", b'"}]}')),
    _v1("emoji in much ASCII", lambda size: fill(size, V1 + _MESSAGE, b"x", EMOJI + b'"}]}')),
    _v1(
        "image with line ends",
        lambda size: fill(
            size,
            V1 + b'"messages":[{"role":"user","content":[{"type":"image_url","image_url":'
            b'"data:image/png;base64,',
            rb"AAAA\n",
            b'"}]}]}',
        ),
    ),
    _v1(
        "semicolons before an image",
        lambda size: fill(
            size,
            V1 + b'"messages":[{"role":"user","content":[{"type":"image_url","image_url":"data:',
            b";",
            b'"}]}]}',
        ),
    ),
    _v1(
        "input of short texts",
        lambda size: fill(size, V1 + b'"input":[', b'"a",', b"]}"),
        "/v1/embeddings",
    ),
    _v1(
        "input of tokens",
        lambda size: fill(size, V1 + b'"input":[', b"1234,", b"]}"),
        "/v1/embeddings",
    ),
    _v1(
        "input of token lists",
        lambda size: fill(size, V1 + b'"input":[', b"[12],", b"]}"),
        "/v1/embeddings",
    ),
    _v1("prompts", lambda size: fill(size, V1 + b'"prompt":[', b'"a",', b"]}"), "/v1/completions"),
    Shape(
        "v1",
        "chunks of one byte",
        lambda size: chunked("/v1/chat/completions", b"1\r\n \r\n" * (size // 6)),
        units=True,
    ),
    # Native bodies that are read.
    Shape("bound", "keys", lambda size: _bound(numbered(size, V1, b'"%d":0,', b"}"))),
    Shape(
        "bound", "keys, all one", lambda size: _bound(fill(size, V1, b'"model":"smollm2",', b"}"))
    ),
    Shape("bound", "escapes", lambda size: _bound(fill(size, V1 + _MESSAGE, rb"\n", b'"}]}'))),
    Shape(
        "bound",
        "halves of surrogates",
        lambda size: _bound(fill(size, V1 + _MESSAGE, rb"x\ud83d", b'"}]}')),
    ),
    Shape("bound", "not UTF-8", lambda size: _bound(fill(size, V1 + _MESSAGE, b"\xff", b'"}]}'))),
    Shape("bound", "nested", lambda size: _bound(fill(size, V1 + b'"messages":', b"["))),
    Shape("bound", "blanks", lambda size: _bound(fill(size, b"", b" ", b'{"model":"smollm2"}'))),
    Shape(
        "bound", "text after the object", lambda size: _bound(fill(size, V1 + b'"a":1}', b"[],"))
    ),
    Shape(
        "bound",
        "name of 1 to 32 MB",
        lambda size: _bound(fill(size, b'{"model":"', b"smollm2", b'"}')),
    ),
    # Forms.
    _form(
        "empty parts",
        "B",
        lambda size: fill(size, _part(b"model", b"smollm2"), _part(b"a", b""), b"--B--\r\n"),
    ),
    _form(
        "parameters",
        "B",
        lambda size: fill(
            size, b"--B\r\nContent-Disposition: form-data", b";a=b", b"\r\n\r\n\r\n--B--\r\n"
        ),
    ),
    _form(
        "near misses of the boundary",
        "-" * 68 + "ab",
        lambda size: fill(size, _part(b"model", b"smollm2", b"-" * 68 + b"ab"), b"-", b"\r\n"),
    ),
    _form(
        "near misses at the front",
        "a" + "b" * 69,
        lambda size: fill(
            size, _part(b"model", b"smollm2", b"a" + b"b" * 69), b"--" + b"b" * 69, b"\r\n"
        ),
    ),
    _form(
        "boundaries without parts",
        "B",
        lambda size: fill(size, _part(b"model", b"smollm2"), b"--B\r\n", b"--B--\r\n"),
    ),
    # Frames and messages that are small themselves.
    Shape(
        "ws",
        "fragments of one byte",
        lambda size: socket(
            frame(b'{"type":"x","a":"', final=False),
            frame(b"x", 0, final=False) * (size // 7),
            frame(b'"}', 0),
        ),
        units=True,
    ),
    Shape(
        "ws",
        "pings",
        lambda size: socket(frame(b"", 9) * (size // 6), frame(b'{"type":"x"}')),
        units=True,
    ),
    Shape(
        "ws",
        "small frames",
        lambda size: socket(frame(b'{"type":"ping"}') * (size // 21), frame(b'{"type":"x"}')),
        units=True,
    ),
    # Heads, as many as come to the size.
    _head("short headers", *[b"a:b"] * (HEAD // 5)),
    _head("names", *[b"a%d:b" % number for number in range(HEAD // 9)]),
    _head("cookies", b"Cookie: " + b"a=b; " * (HEAD // 5)),
    _head("forwarded for", b"X-Forwarded-For: " + b"127.0.0.1," * (HEAD // 10)),
    _head("connection tokens", b"Connection: keep-alive" + b",a" * (HEAD // 2)),
    _head(
        "subprotocols",
        b"Sec-WebSocket-Protocol: " + b"ollama.bearer," * (HEAD // 14),
        b"Upgrade: websocket",
        path=b"/ws",
    ),
    _head("origin", b"Origin: http://" + b"a." * (HEAD // 2)),
    _head("bearer of blanks", b"Authorization: Bearer " + b"a " * (HEAD // 2)),
    _head("basic", b"Authorization: Basic " + base64.b64encode(b":" * 23_000)),
    _head("authorizations", *[b"Authorization: Bearer a"] * (HEAD // 25)),
    _head(
        "jwt of lists",
        b"Authorization: Bearer %b.%b.AAAA"
        % (
            base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode()).rstrip(
                b"="
            ),
            base64.urlsafe_b64encode(b'{"a":[' + b"[]," * 1500 + b"1]}").rstrip(b"="),
        ),
    ),
    _head(
        "jwt head of lists",
        b"Authorization: Bearer %b.AAAA.AAAA"
        % (base64.urlsafe_b64encode(b'{"a":[' + b"[]," * 1500 + b"1]}").rstrip(b"="),),
    ),
    _head("content lengths", b"Content-Length: 0" + b",0" * (HEAD // 2)),
    _head("target of encodings", path=b"/" + b"%41" * (HEAD // 3)),
    _head("target of segments", path=b"/a" * (8000 // 2)),
    _head("target of queries", path=b"/api/version?" + b"a&" * 4000),
    _head("folded", b"X-A: a", *[b" a"] * (HEAD // 4)),
    _head("more headers than the limit", b"X-A: " + b"a" * 200_000),
]
