"""Fixtures of all tests, and the two rules that every test keeps without asking for them.

From pytest-tornado (mark async tests with `pytest.mark.gen_test`):
    io_loop         the test's own loop
    http_server     `app` served the way `serve` does it (overridden here), on `http_port`
    http_client     Tornado's AsyncHTTPClient
    http_port, base_url

Of the gateway:
    config          a dict over the default configuration; override it in a module, or
                    parametrize it: @pytest.mark.parametrize("config", [{"auth": {...}}])
    settings        what `load` makes of it; `service.base_url` is the scripted backend
    app             `Gateway(settings)`, closed at the end
    backend         the scripted backend (tests/backend), answering like Ollama until scripted
    connect         `await connect()` opens a RawConnection to `http_server` (tests/raw_client.py)
    gateway_process starts `python -m tornado_ollama serve` as a process of its own
    certificate     paths of a self-signed certificate for localhost and its key
    tls_backend     a scripted backend that speaks TLS with it
    ollama          the embedded backend with its small model, one for all tests of a process; tests
                    of the page have a scripted Ollama by this name

Rules (autouse):
    expect_log      what is logged at WARNING or above fails the test unless it was claimed:
                    expect_log("tornado_ollama.upstream", "refused")
    no_secret_leaves  what a test uses as a credential, prompt or reply is in no log line, metric,
                    error, file, process title or header for Ollama (tests/canary.py)
    _nothing_left   no task still runs and no socket is still open when a test ends
    _clean_environment  the gateway's variables, and those of HTTP proxies, are not set; its state
                    is not the user's
"""

from __future__ import annotations

import asyncio
import functools
import gc
import json
import logging
import os
import ssl
import uuid
from collections.abc import Awaitable, Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from prometheus_client import CollectorRegistry
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop

from tornado_ollama import app as app_module
from tornado_ollama.app import Gateway
from tornado_ollama.certificates import Certificates
from tornado_ollama.config import layers, load
from tornado_ollama.config.files import Files
from tornado_ollama.config.load import settings_from
from tornado_ollama.errors import GatewayError
from tornado_ollama.handlers import assets, event_stream
from tornado_ollama.logs import JsonFormatter, TextFormatter
from tornado_ollama.server import make_http_server

from . import canary
from .backend import Backend
from .backend.certificate import Certificate, self_signed
from .backend.ollama_like import ollama_like
from .embedded.model_process import ollama  # noqa: F401  (a fixture)
from .leaks import left_behind, open_sockets
from .left_out import is_left_out, names_page, with_page
from .logs import LogBook
from .process import VARIABLES, GatewayProcess
from .programs import closing_line
from .raw_client import RawConnection
from .workers import WEIGHTS, InParts, seconds_by_file, tell_less

HANG_S = 120.0
"""A test that hangs fails after this, later than any wait inside it (tests/waiting.py)."""

# An example has 200 ms otherwise, which any has exceeded on a busy machine.
hypothesis.settings.register_profile("untimed", hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keeps what is started once in one process, unless another way was asked for (`--dist`)."""
    return InParts(config, log) if config.getoption("dist") == "load" else None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--page", action="store_true", help="run the tests of the page too")
    parser.addoption("--weigh", action="store_true", help="keep the seconds of each file of tests")


def pytest_configure(config: pytest.Config) -> None:
    if config.option.page or names_page(config.args, config.invocation_params.dir):
        config.option.markexpr = with_page(config.option.markexpr)
    for name in ("tornado_ollama", "tornado"):
        logging.getLogger(name).setLevel(logging.DEBUG)  # all that may be logged is looked at
    logging.getLogger("tornado.general").setLevel(logging.WARNING)  # as `logs.set_up` does
    config.option.async_test_timeout = max(config.option.async_test_timeout, HANG_S)
    wants_all = config.option.weigh or config.option.durations is not None or config.option.xmlpath
    if hasattr(config, "workerinput") and not wants_all:
        tell_less(next(p for p in config.pluginmanager.get_plugins() if hasattr(p, "sendevent")))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collects tests without the garbage collector, and keeps it away from them ever after: it
    would go through all of them again and again, in half of the time that collecting takes."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leaves out what `-m` leaves out whole (setup.cfg): its imports take a second and more."""
    return is_left_out(collection_path, config.option.markexpr) or None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if terminalreporter.config.getoption("weigh"):
        seconds = seconds_by_file(chain.from_iterable(terminalreporter.stats.values()))
        WEIGHTS.write_text(json.dumps(seconds, indent=1) + "\n", encoding="utf-8")
    if line := closing_line(terminalreporter.stats.get("skipped", ())):
        terminalreporter.write_line(line)


@pytest.fixture(scope="session", autouse=True)
def _first_loop() -> Iterator[None]:
    """Tornado asks asyncio for the loop before its own, and asyncio makes one up that nobody
    closes; here it is one that somebody does."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    loop.close()


@pytest.fixture(autouse=True)
def expect_log() -> Iterator[Callable[..., None]]:
    book = LogBook()
    logging.getLogger().addHandler(book)
    yield book.expect
    logging.getLogger().removeHandler(book)
    if complaint := book.verdict():
        pytest.fail(complaint)


def _said_by(registry: CollectorRegistry) -> Iterator[str]:
    """What metrics say but for numbers and for what every gateway says, in any of their formats,
    whose making takes longer than most tests."""
    for family in registry.collect():
        for sample in family.samples:
            yield from sample.labels.values()
            if sample.exemplar is not None:
                yield from sample.exemplar.labels.values()


@pytest.fixture(scope="session", autouse=True)
def _canary_hooks() -> Iterator[None]:
    """Shows the canary of the running test what the gateways of this process get and say."""
    with pytest.MonkeyPatch.context() as patch:
        find, close, fail = Gateway.find_handler, Gateway.close, GatewayError.__init__

        def find_handler(self: Gateway, request: Any, **more: Any) -> Any:
            canary.current.credentials_of(request.headers.get_all())
            return find(self, request, **more)

        async def closed(self: Gateway) -> None:
            canary.current.look("the metrics", "\n".join(_said_by(self._telemetry.registry)))
            canary.current.look_below(self.database.path.parent)
            await close(self)
            canary.current.look_below(self.database.path.parent)

        def error(self: GatewayError, message: str, **more: Any) -> None:
            fail(self, message, **more)
            canary.current.look("an error", f"{message} {self.param} {self.reason}")

        patch.setattr(Gateway, "find_handler", find_handler)
        patch.setattr(Gateway, "close", closed)
        patch.setattr(GatewayError, "__init__", error)
        yield


@pytest.fixture(autouse=True)
def no_secret_leaves() -> Iterator[canary.Canary]:
    found = canary.begin()
    handler = canary.CanaryHandler(found, (TextFormatter(), JsonFormatter()))
    logging.getLogger().addHandler(handler)
    yield found
    logging.getLogger().removeHandler(handler)
    if complaint := found.verdict():
        pytest.fail(complaint)


@pytest.fixture(autouse=True)
def _clean_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for name in os.environ.keys() & VARIABLES:
        monkeypatch.delenv(name)
    state = tmp_path_factory.getbasetemp() / f"state-{uuid.uuid4().hex}"  # seldom made
    monkeypatch.setenv("XDG_STATE_HOME", str(state))


@pytest.fixture(autouse=True)
def _nothing_left(request: pytest.FixtureRequest, expect_log: object) -> Iterator[None]:
    if "io_loop" not in request.fixturenames:
        yield
        return
    io_loop: IOLoop = request.getfixturevalue("io_loop")
    before = open_sockets()
    yield
    if complaint := io_loop.run_sync(lambda: left_behind(before)):
        pytest.fail(complaint)


@pytest.fixture
def backend(io_loop: IOLoop) -> Iterator[Backend]:
    backend = Backend(ollama_like)
    io_loop.run_sync(backend.start)
    yield backend
    io_loop.run_sync(backend.stop)


@pytest.fixture
def config() -> dict[str, Any]:
    return {}


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over` laid upon `base`, table by table."""
    result = dict(base)
    for key, value in over.items():
        old = result.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            result[key] = merged(old, value)
        else:
            result[key] = value
    return result


@pytest.fixture
def config_file(backend: Backend, config: dict[str, Any], tmp_path: Path) -> Path:
    base: dict[str, Any] = {
        "listen": {"host": "127.0.0.1", "port": 0},
        "service": {"base_url": backend.url},
        "state": {"directory": str(tmp_path / "state")},
    }
    path = tmp_path / "config.yaml"
    canary.current.configuration(config)
    path.write_text(json.dumps(merged(base, config)), encoding="utf-8")  # JSON is YAML
    return path


@pytest.fixture
def settings(config_file: Path) -> Any:
    """As `load` reads them; parsing JSON as YAML would take longer than many a test."""
    files = Files()
    raw = files.read(config_file, layers.MAX_FILE_BYTES)
    try:
        document = layers.Document(config_file, raw, json.loads(raw))
    except ValueError:
        return load(config_file, {}, {})
    return settings_from(document, {}, {}, files, serving=True)


@functools.cache
def _assets(root: Path) -> Any:
    """The page's files, read once a session instead of once a test."""
    return assets.read_assets(root)


@pytest.fixture
def app(io_loop: IOLoop, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    monkeypatch.setattr(app_module, "read_assets", _assets)

    async def make() -> Any:
        return Gateway(settings)

    gateway = io_loop.run_sync(make)
    yield gateway
    io_loop.run_sync(gateway.close)


@pytest.fixture
def http_server(
    io_loop: IOLoop, app: Gateway, settings: Any, _unused_port: Any
) -> Iterator[HTTPServer]:
    server = make_http_server(app, Certificates(settings.listen.tls))
    server.add_socket(_unused_port[0])
    yield server
    server.stop()
    io_loop.run_sync(server.close_all_connections)


@pytest.fixture
def quick_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silent streams are kept alive every 10 ms instead of every 10 to 15 s."""
    monkeypatch.setattr(event_stream, "FIRST_PING_S", 0.01)
    monkeypatch.setattr(event_stream, "PING_EVERY_S", 0.01)


@pytest.fixture
def connect(
    io_loop: IOLoop, http_server: HTTPServer, http_port: int
) -> Iterator[Callable[[], Awaitable[RawConnection]]]:
    opened: list[RawConnection] = []

    async def connect() -> RawConnection:
        opened.append(await RawConnection(http_port).open())
        return opened[-1]

    yield connect
    for connection in opened:
        connection.leave()


@pytest.fixture
def gateway_process(
    io_loop: IOLoop, config_file: Path
) -> Iterator[Callable[..., Awaitable[GatewayProcess]]]:
    started: list[GatewayProcess] = []

    async def start(*arguments: str) -> GatewayProcess:
        started.append(GatewayProcess(config_file, arguments))
        await started[-1].start()
        return started[-1]

    async def stop() -> None:
        await asyncio.gather(*(process.kill() for process in started))

    yield start
    io_loop.run_sync(stop)
    canary.current.look_below(config_file.parent / "state")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def tls_backend(io_loop: IOLoop, certificate: Certificate) -> Iterator[Backend]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.cert_file, certificate.key_file)
    backend = Backend(ollama_like, context)
    io_loop.run_sync(backend.start)
    yield backend
    io_loop.run_sync(backend.stop)
