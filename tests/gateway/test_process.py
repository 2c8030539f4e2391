"""What only a process shows: its start, its end, its signals (docs/operations.md)."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tornado_ollama.server import SAME_STOP_S

from ..backend import Backend, StallBeforeHeaders, Stream, load
from ..conftest import merged
from ..raw_client import RawConnection
from ..waiting import until
from .keys import BOTH, GENERATE, SECURED, bearer

pytestmark = pytest.mark.gen_test

CHAT = load("chat-stream").request_body

Started = Any


async def stream_under_way(port: int, *headers: tuple[str, str]) -> tuple[RawConnection, Any]:
    client = await RawConnection(port).open()
    await client.send_request("POST", "/api/chat", headers, CHAT)
    response = await client.read_head()
    assert await client.read_chunk(response) == b"one\n"
    return client, response


async def test_it_prints_its_address_and_serves(gateway_process: Started) -> None:
    process = await gateway_process()
    assert f"http://127.0.0.1:{process.port}/" in process.stdout
    client = await RawConnection(process.port).open()
    assert (await client.request("GET", "/api/version")).body == load("version").body
    client.leave()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
async def test_a_signal_stops_it_with_status_0(
    gateway_process: Started, number: signal.Signals
) -> None:
    process = await gateway_process()
    client = await RawConnection(process.port).open()
    assert (await client.request("GET", "/api/version")).status == 200
    process.signal(number)
    assert await process.wait() == 0
    assert "Traceback" not in process.stderr
    client.leave()


async def test_a_stream_under_way_is_finished_and_new_ones_are_not_begun(
    gateway_process: Started, backend: Backend
) -> None:
    gate = asyncio.Event()
    backend.on("/api/chat", Stream(b"one\n", gate, b"two\n"))
    process = await gateway_process()
    client, response = await stream_under_way(process.port)
    kept = await RawConnection(process.port).open()
    await kept.request("GET", "/api/version")
    process.signal(signal.SIGTERM)
    await until(lambda: "hutting down" in process.stderr, "it says that it stops")

    with pytest.raises(OSError):
        await RawConnection(process.port).open()
    try:
        refused = await kept.request("GET", "/api/version")
    except (EOFError, ConnectionError):
        pass  # closed is as clear an answer
    else:
        assert refused.status == 503
        assert refused.header("retry-after")

    gate.set()
    rest = await client.read_body(response)
    assert rest.complete and rest.body == b"two\n"
    assert await process.wait() == 0
    for connection in (client, kept):
        connection.leave()


@pytest.mark.parametrize("config", [{"listen": {"drain_timeout": 0.2}}], ids=["short"])
async def test_a_stream_that_does_not_end_is_cut_after_the_drain_timeout(
    gateway_process: Started, backend: Backend, config: Any
) -> None:
    backend.on("/api/chat", Stream(b"one\n", asyncio.Event()))
    process = await gateway_process()
    client, response = await stream_under_way(process.port)
    process.signal(signal.SIGTERM)
    rest = await client.read_body(response)
    assert not rest.complete
    assert await process.wait() == 0
    assert "Traceback" not in process.stderr
    await backend.requests("/api/chat")[0].closed.wait()
    client.leave()


async def test_a_second_signal_ends_it_at_once(gateway_process: Started, backend: Backend) -> None:
    backend.on("/api/chat", Stream(b"one\n", asyncio.Event()))
    process = await gateway_process()
    client, _ = await stream_under_way(process.port)
    process.signal(signal.SIGTERM)
    await until(lambda: "hutting down" in process.stderr, "it says that it stops")
    await stop_again(process)
    assert await process.wait() == 1
    assert "Traceback" not in process.stderr
    client.leave()


async def stop_again(process: Started) -> None:
    """A signal that comes when it is a second one, and not the first one again."""
    loop = asyncio.get_running_loop()
    late = loop.time() + SAME_STOP_S
    await until(lambda: loop.time() > late, "some time has passed")
    process.signal(signal.SIGTERM)


@pytest.mark.parametrize("numbers", [("SIGTERM", "SIGTERM"), ("SIGINT", "SIGTERM")], ids=str)
async def test_one_request_to_stop_may_come_as_two_signals(
    gateway_process: Started, backend: Backend, numbers: tuple[str, ...]
) -> None:
    """As `timeout` sends them to `make run`: one to make, which passes it on, one to the group."""
    gate = asyncio.Event()
    backend.on("/api/chat", Stream(b"one\n", gate, b"two\n"))
    process = await gateway_process()
    client, response = await stream_under_way(process.port)
    for name in numbers:
        process.signal(signal.Signals[name])
        await until(lambda: "hutting down" in process.stderr, "it says that it stops")
    kept = RawConnection(process.port)
    with pytest.raises(OSError):
        await kept.open()
    gate.set()
    rest = await client.read_body(response)
    assert rest.complete and rest.body == b"two\n"
    assert await process.wait() == 0
    client.leave()


@pytest.mark.parametrize("path", ["/api/chat", "/v1/chat/completions"])
async def test_a_request_that_the_end_leaves_unanswered_is_told_why(
    gateway_process: Started, backend: Backend, path: str
) -> None:
    backend.on("/api/chat", StallBeforeHeaders())
    process = await gateway_process()
    client = await RawConnection(process.port).open()
    await client.send_request("POST", path, body=CHAT)
    await backend.next_request("/api/chat")
    process.signal(signal.SIGTERM)
    await until(lambda: "hutting down" in process.stderr, "it says that it stops")
    await stop_again(process)
    answer = await client.read_response()
    assert answer.status == 503 and "shutting down" in answer.body.decode()
    assert await process.wait() == 1
    assert "Traceback" not in process.stderr and " 500 " not in process.stderr
    client.leave()


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
class TestReload:
    def write(self, config_file: Path, over: dict[str, Any]) -> None:
        settings = json.loads(config_file.read_text())
        settings.pop("auth", None)
        config_file.write_text(json.dumps(merged(settings, over)))

    async def test_new_requests_see_the_new_settings_and_streams_go_on(
        self, gateway_process: Started, backend: Backend, config_file: Path, config: Any
    ) -> None:
        gate = asyncio.Event()
        backend.on("/api/chat", Stream(b"one\n", gate, b"two\n"))
        process = await gateway_process()
        client, response = await stream_under_way(process.port, bearer(BOTH))
        kept = {"auth": {"generate_tokens": [BOTH], "model_tokens": [BOTH]}}
        self.write(config_file, kept)
        process.signal(signal.SIGHUP)
        await until(lambda: "reloaded" in process.stderr, "it says that it has reloaded")

        other = await RawConnection(process.port).open()
        assert (await other.request("GET", "/api/tags", [bearer(GENERATE)])).status == 401
        assert (await other.request("GET", "/api/tags", [bearer(BOTH)])).status == 200
        gate.set()
        rest = await client.read_body(response)
        assert rest.complete and rest.body == b"two\n"
        for connection in (client, other):
            connection.leave()

    @pytest.mark.parametrize("behaviour", ["mid-stream", "silent"])
    async def test_a_stream_whose_credential_is_gone_ends(
        self,
        gateway_process: Started,
        backend: Backend,
        config_file: Path,
        config: Any,
        behaviour: str,
    ) -> None:
        stall = Stream(b"one\n", asyncio.Event())
        backend.on("/api/chat", stall if behaviour == "mid-stream" else StallBeforeHeaders())
        process = await gateway_process()
        client = await RawConnection(process.port).open()
        await client.send_request("POST", "/api/chat", [bearer(GENERATE)], CHAT)
        exchange = await backend.next_request("/api/chat")
        self.write(config_file, {"auth": {"generate_tokens": [BOTH]}})
        process.signal(signal.SIGHUP)
        await exchange.closed.wait()
        try:
            assert not (await client.read_response()).complete
        except (EOFError, ConnectionError):
            pass
        client.leave()

    async def test_a_bad_file_is_refused_and_the_old_settings_stay(
        self, gateway_process: Started, config_file: Path, config: Any
    ) -> None:
        process = await gateway_process()
        config_file.write_text('{"listen": {"prot": 1}}')
        process.signal(signal.SIGHUP)
        await until(lambda: "prot" in process.stderr, "it names the key at fault")
        client = await RawConnection(process.port).open()
        assert (await client.request("GET", "/api/tags", [bearer(GENERATE)])).status == 200
        client.leave()

    async def test_a_token_that_may_do_more_is_in_the_log(
        self, gateway_process: Started, config_file: Path, config: Any
    ) -> None:
        bounded = {"name": "laptop", "token": GENERATE, "models": ["a"]}
        self.write(config_file, {"auth": {"generate_tokens": [bounded]}})
        process = await gateway_process()
        self.write(config_file, {"auth": {"generate_tokens": [bounded | {"models": ["b"]}]}})
        process.signal(signal.SIGHUP)
        await until(lambda: "was reloaded" in process.stderr, "it has reloaded")
        (line,) = [line for line in process.stderr.splitlines() if "laptop" in line]
        assert "WARNING" in line and "may do more" in line and GENERATE not in process.stderr

    @pytest.mark.parametrize("text", ["", "# only a comment\n", "auth: null\nlog: {}\n"])
    async def test_a_file_that_would_open_the_gateway_is_refused_and_health_says_so(
        self, gateway_process: Started, config_file: Path, config: Any, text: str
    ) -> None:
        process = await gateway_process()
        client = await RawConnection(process.port).open()
        whole = config_file.read_text()

        async def reload_error() -> str | None:
            health = (await client.request("GET", "/health", [bearer(GENERATE)])).json()
            found: str | None = health["reload_error"]
            return found

        assert await reload_error() is None
        config_file.write_text(text)
        process.signal(signal.SIGHUP)
        await until(lambda: "ERROR" in process.stderr, "it says that it has not reloaded")
        assert "not reloaded" in str(process.stderr) and "Traceback" not in process.stderr
        assert "refused" in str(await reload_error())
        assert (await client.request("GET", "/api/tags")).status == 401

        config_file.write_text(whole)
        process.signal(signal.SIGHUP)
        await until(lambda: "was reloaded" in process.stderr, "it has reloaded")
        assert await reload_error() is None
        client.leave()


async def test_a_port_in_use_is_said_in_one_line(
    gateway_process: Started, backend: Backend
) -> None:
    with pytest.raises(AssertionError, match="did not start") as caught:
        await gateway_process("--port", str(backend.port))
    assert "Traceback" not in str(caught.value)
    assert str(backend.port) in str(caught.value)


@pytest.mark.parametrize("config", [{"service": {"base_url": "ftp://x"}}], ids=["ftp"])
async def test_an_impossible_setting_stops_the_start_with_one_line(
    gateway_process: Started, config: Any
) -> None:
    with pytest.raises(AssertionError, match="service.base_url") as caught:
        await gateway_process()
    assert "Traceback" not in str(caught.value)


async def test_an_open_gateway_does_not_start_on_other_addresses(
    gateway_process: Started,
) -> None:
    with pytest.raises(AssertionError, match="did not start") as caught:
        await gateway_process("--host", "0.0.0.0")
    assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize("config", [SECURED], ids=["secured"])
async def test_no_secret_is_in_what_the_process_says(
    gateway_process: Started, backend: Backend, config: Any
) -> None:
    process = await gateway_process("--log-level", "debug")
    client = await RawConnection(process.port).open()
    await client.request("POST", "/api/chat", [bearer(BOTH)], CHAT)
    await client.request("GET", f"/api/tags?token={BOTH}", [bearer("wrong-" + BOTH)])
    client.leave()
    process.signal(signal.SIGTERM)
    await process.wait()
    assert "/api/chat" in process.stderr
    for secret in (BOTH, GENERATE, "Say hello", SECURED["auth"]["jwt"]["secret"]):
        assert secret not in process.stdout + process.stderr


@pytest.mark.parametrize("config", [{"listen": {"drain_timeout": 0.2}}], ids=["short drain"])
async def test_a_stream_that_outlasts_the_drain_is_told_before_it_is_cut(
    gateway_process: Started, backend: Backend
) -> None:
    backend.on("/api/chat", Stream(b"one\n", asyncio.Event()))
    process = await gateway_process()
    client, response = await stream_under_way(process.port)
    process.signal(signal.SIGTERM)
    rest = await client.read_body(response)
    assert not rest.complete
    assert "shutting down" in json.loads(rest.body.splitlines()[-1])["error"]
    assert await process.wait() == 0
    client.leave()


@pytest.mark.parametrize("config", [{"log": {"format": "json"}}], ids=["json"])
async def test_a_reload_moves_to_another_ollama(
    gateway_process: Started, backend: Backend, config_file: Path
) -> None:
    process = await gateway_process()
    settings = json.loads(config_file.read_text())
    settings["service"]["base_url"] = "http://127.0.0.1:1"
    config_file.write_text(json.dumps(settings))
    process.signal(signal.SIGHUP)
    await until(lambda: "reloaded" in process.stderr, "the reload is logged")
    client = await RawConnection(process.port).open()
    assert (await client.request("GET", "/api/version")).status == 503
    client.leave()
