"""The calls of the documents the project grew from, which must go on working as they stand.

Their clients, settings and scripts differ from what is written elsewhere in small ways: a bare
token in `Authorization`, bodies without a JSON content type, a page that reads SSE by hand.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from websockets.asyncio.client import connect as dial

from ..backend import Backend, load
from ..later import later
from ..process import GatewayProcess

if TYPE_CHECKING:
    import openai
else:
    openai = later("openai")

pytestmark = pytest.mark.gen_test

CURL = [("User-Agent", "curl/8.5.0"), ("Accept", "*/*")]
"""What curl sends by itself; with `-d` also the content type of a form."""

CURL_FORM = [*CURL, ("Content-Type", "application/x-www-form-urlencoded")]
CURL_JSON = [*CURL, ("Content-Type", "application/json")]

HELLO = {"role": "user", "content": "Hello!"}


class TestOpenAIClients:
    """The OpenAI-compatible proxy, with no tokens configured."""

    @pytest.fixture
    def config(self) -> dict[str, Any]:
        return {}

    @pytest.mark.parametrize("api_key", ["not-needed", "ollama"])
    async def test_the_sdk_with_a_key_that_means_nothing(
        self, http_server: Any, http_port: int, api_key: str
    ) -> None:
        client = openai.OpenAI(base_url=f"http://localhost:{http_port}/v1", api_key=api_key)

        def calls() -> tuple[list[str], str | None, str]:
            models = [model.id for model in client.models.list().data]
            system = {"role": "system", "content": "You are a helpful assistant."}
            answer = client.chat.completions.create(
                model="llama2",
                messages=[system, HELLO],  # type: ignore[list-item]
                temperature=0.7,
                max_tokens=1000,
            )
            pieces = []
            stream: Any = client.chat.completions.create(
                model="llama2",
                messages=[HELLO],  # type: ignore[list-item]
                stream=True,
            )
            for chunk in stream:
                if chunk.choices[0].delta.content:
                    pieces.append(chunk.choices[0].delta.content)
            return models, answer.choices[0].message.content, "".join(pieces)

        with client:
            models, answer, streamed = await asyncio.to_thread(calls)
        assert models and answer and streamed

    async def test_curl_lists_models(self, connect: Any) -> None:
        listed = (await (await connect()).request("GET", "/v1/models", CURL)).json()
        assert listed["object"] == "list"
        assert {"id", "object", "created", "owned_by"} <= listed["data"][0].keys()

    async def test_curl_chats(self, connect: Any) -> None:
        body = {"model": "llama2", "messages": [HELLO], "temperature": 0.7, "max_tokens": 1000}
        response = await (await connect()).request(
            "POST", "/v1/chat/completions", CURL_JSON, json.dumps(body).encode()
        )
        answer = response.json()
        assert answer["object"] == "chat.completion"
        assert answer["model"] == "llama2"
        assert answer["choices"][0]["message"]["role"] == "assistant"
        assert answer["choices"][0]["message"]["content"]
        usage = answer["usage"]
        assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]

    async def test_a_page_that_reads_the_stream_by_hand(self, connect: Any) -> None:
        body = {"model": "vehicle-assistant", "messages": [HELLO], "stream": True}
        headers = [*CURL_JSON[:1], ("Accept", "text/event-stream"), CURL_JSON[2]]
        response = await (await connect()).request(
            "POST", "/v1/chat/completions", headers, json.dumps(body).encode()
        )
        assert (response.header("content-type") or "").startswith("text/event-stream")
        contents, ended = [], False
        for line in response.body.decode().split("\n"):
            if line.startswith("data: "):
                if line[6:] == "[DONE]":
                    ended = True
                else:
                    contents.append(json.loads(line[6:])["choices"][0]["delta"].get("content"))
        assert ended
        assert "".join(filter(None, contents))

    async def test_curl_completes(self, connect: Any) -> None:
        body = {"model": "llama2", "prompt": "The weather today is", "max_tokens": 50}
        response = await (await connect()).request(
            "POST", "/v1/completions", CURL_JSON, json.dumps(body | {"stream": False}).encode()
        )
        assert response.json()["choices"][0]["text"]

    async def test_health(self, connect: Any) -> None:
        health = (await (await connect()).request("GET", "/health", CURL)).json()
        expected = {"status": "healthy", "ollama": "connected", "api": "openai-compatible"}
        assert health.items() >= expected.items()

    async def test_the_monitor_asks_for_tags(self, http_server: Any, http_port: int) -> None:
        url = f"http://localhost:{http_port}/api/tags"
        async with httpx.AsyncClient() as client:
            assert (await client.get(url, timeout=5)).status_code == 200

    async def test_the_health_script_posts_without_a_json_content_type(self, connect: Any) -> None:
        body = b'{"model":"vehicle-assistant","prompt":"test","stream":false}'
        client = await connect()
        response = await client.request("POST", "/api/generate", CURL_FORM, body)
        assert b"response" in response.body
        assert (await client.request("GET", "/api/tags", CURL)).status == 200

    async def test_cors_is_checked_with_a_preflight_of_the_root(self, connect: Any) -> None:
        origin = "http://localhost:3000"
        headers = [*CURL, ("Origin", origin), ("Access-Control-Request-Method", "GET")]
        response = await (await connect()).request("OPTIONS", "/", headers)
        assert response.status == 204
        assert response.header("access-control-allow-origin") == origin
        assert "GET" in (response.header("access-control-allow-methods") or "")


class TestTwoTiersOfTokens:
    """The proxy with `generate_tokens` and `model_tokens`, and bare tokens in the header."""

    WRITE, KEEP = "your-generate-token-1", "your-model-token-2"

    @pytest.fixture
    def config(self) -> dict[str, Any]:
        return {
            "auth": {
                "generate_tokens": ["your-generate-token-1", "your-generate-token-2"],
                "model_tokens": ["your-model-token-1", "your-model-token-2"],
            }
        }

    def headers(self, token: str) -> list[tuple[str, str]]:
        return [("Authorization", token), ("Content-Type", "application/json")]

    @pytest.mark.parametrize(
        ("method", "path", "body", "arrives"),
        [
            ("GET", "/sys/tags", None, "/api/tags"),
            ("POST", "/sys/pull", {"name": "llama2"}, "/api/pull"),
            ("DELETE", "/sys/delete", {"name": "llama2"}, "/api/delete"),
            ("POST", "/sys/copy", {"source": "llama2", "destination": "copy"}, "/api/copy"),
            ("POST", "/sys/push", {"name": "llama2", "insecure": False}, "/api/push"),
            ("POST", "/sys/show", {"name": "llama2"}, "/api/show"),
        ],
    )
    async def test_managing(
        self, connect: Any, backend: Backend, method: str, path: str, body: Any, arrives: str
    ) -> None:
        client = await connect()
        sent = json.dumps(body).encode() if body is not None else None
        assert (await client.request(method, path, self.headers(self.KEEP), sent)).status == 200
        assert (backend.exchanges[0].method, backend.exchanges[0].target) == (method, arrives)
        assert bytes(backend.exchanges[0].body) == (sent or b"")
        refused = await client.request(method, path, self.headers(self.WRITE), sent)
        assert refused.status == 403
        assert (await client.request(method, path, CURL, sent)).status == 401

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/api/chat", {"model": "llama2", "messages": [HELLO], "stream": True}),
            ("/api/generate", {"model": "llama2", "prompt": "讲个故事", "stream": True}),
            ("/api/embeddings", {"model": "llama2", "prompt": "Hello World"}),
        ],
    )
    async def test_generating(
        self, connect: Any, backend: Backend, path: str, body: dict[str, Any]
    ) -> None:
        client = await connect()
        options = {"options": {"temperature": 0.7, "top_p": 0.9}}
        sent = json.dumps(body | options, ensure_ascii=False).encode()
        response = await client.request("POST", path, self.headers(self.WRITE), sent)
        assert response.status == 200 and response.body
        assert bytes(backend.exchanges[0].body) == sent
        assert (await client.request("POST", path, self.headers("x"), sent)).status == 401


class TestJwtAndWebSocket:
    """The WebSocket proxy: a secret and a backend in `.env`, a script that makes a token."""

    SECRET = "a-secret-of-more-than-thirty-two-bytes"

    @pytest.fixture
    def directory(self, backend: Backend, tmp_path: Path) -> Path:
        (tmp_path / ".env").write_text(
            f"JWT_SECRET_KEY={self.SECRET}\nBACKEND_URL={backend.url}\nPORT=0\nTIMEOUT=60\n"
        )
        return tmp_path

    async def test_the_whole_story(self, directory: Path, backend: Backend) -> None:
        maker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tornado_ollama", "token", "jwt"),
            *("--sub", "user", "--ttl", "1h", "--out", "user_token.txt"),
            cwd=directory,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=asyncio.subprocess.DEVNULL,
        )
        assert await maker.wait() == 0
        token = (directory / "user_token.txt").read_text().strip()

        gateway = GatewayProcess(None, directory=directory)
        await gateway.start()
        try:
            await self.chat(f"ws://localhost:{gateway.port}/ws", token)
            await self.post(f"http://localhost:{gateway.port}/api/chat", token)
        finally:
            await gateway.kill()

    async def chat(self, uri: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        # Without max_queue=None this client stops reading, and waits for its own time-out when it
        # closes with answers unread; against its own server, too.
        async with dial(uri, proxy=None, additional_headers=headers, max_queue=None) as websocket:
            await websocket.send(json.dumps({"text": "Hello, Ollama!"}))
            assert await websocket.recv()

    async def post(self, url: str, token: str) -> None:
        async with httpx.AsyncClient() as client:
            body = {"message": "你好 Ollama!"}
            good = await client.post(url, json=body, headers={"Authorization": f"Bearer {token}"})
            assert good.status_code not in (401, 403)
            bad = await client.post(url, json=body, headers={"Authorization": "Bearer x.y.z"})
            assert bad.status_code == 401
            assert (await client.post(url, json=body)).status_code == 401


class TestTheChatPage:
    """The page that sends a line of text and shows what comes back until the socket closes."""

    @pytest.fixture
    def config(self) -> dict[str, Any]:
        return {}

    async def test_a_line_of_text(self, http_server: Any, http_port: int) -> None:
        async with dial(f"ws://localhost:{http_port}/ws", proxy=None) as websocket:
            await websocket.send("为什么天空是蓝色的?")
            shown = "".join([str(piece) async for piece in websocket])
        lines = [json.loads(line) for line in load("chat-stream").chunks]
        assert shown == "".join(line["message"]["content"] for line in lines)
