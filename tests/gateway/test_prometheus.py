"""A real Prometheus scrapes the gateway, and understands the rules and the dashboard's queries."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tornado.httpclient import AsyncHTTPClient

from ..backend import Backend
from ..programs import need
from ..waiting import PATIENCE_S

ROOT = Path(__file__).parent.parent.parent
RULES = ROOT / "deploy" / "prometheus-rules.yaml"
DASHBOARD = ROOT / "deploy" / "grafana-dashboard.json"

CONFIG = """
global: {{scrape_interval: 200ms, evaluation_interval: 200ms}}
rule_files: [{rules}]
scrape_configs:
  - job_name: tornado-ollama
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


def queries() -> list[str]:
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return [
        target["expr"].replace("$__rate_interval", "1m")
        for panel in panels
        for target in panel["targets"]
    ]


class Prometheus:
    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/api/v1"

    async def ask(self, path: str) -> Any:
        response = await AsyncHTTPClient().fetch(f"{self._url}/{path}", raise_error=False)
        return json.loads(response.body)

    async def query(self, expression: str) -> Any:
        answer = await self.ask(f"query?query={quote(expression)}")
        assert answer["status"] == "success", (expression, answer)
        return answer["data"]["result"]


@asynccontextmanager
async def prometheus(directory: Path, scraped: int) -> AsyncIterator[Prometheus]:
    program = need("prometheus")
    config = directory / "prometheus.yaml"
    config.write_text(CONFIG.format(rules=RULES, port=scraped))
    with sockets.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        program,
        f"--config.file={config}",
        f"--storage.tsdb.path={directory / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        found = Prometheus(port)
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with contextlib.suppress(OSError, ValueError, AssertionError):
                    if await found.query("tornado_ollama_build_info"):
                        break
                await asyncio.sleep(0.05)
        yield found
    finally:
        process.kill()
        await process.wait()


async def scraped(connect: Any) -> bytes:
    return bytes((await (await connect()).request("GET", "/metrics")).body)


@pytest.mark.gen_test
async def test_prometheus_scrapes_the_gateway(
    connect: Any, http_port: int, http_server: Any, backend: Backend, tmp_path: Path
) -> None:
    chat = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x"}]}).encode()
    await (await connect()).request("POST", "/api/chat", (), chat)
    async with prometheus(tmp_path, http_port) as asked:
        [requests] = await asked.query("sum(tornado_ollama_model_requests_total)")
        assert requests["value"][1] == "1"
        [target] = (await asked.ask("targets"))["data"]["activeTargets"]
        assert (target["health"], target["lastError"]) == ("up", "")
        for expression in queries():
            await asked.query(expression)
        families = set(re.findall(r"# TYPE (\w+?)(?:_total)? ", (await scraped(connect)).decode()))
        rules = [
            rule
            for group in (await asked.ask("rules"))["data"]["groups"]
            for rule in group["rules"]
        ]
        assert rules and all(rule["health"] != "err" for rule in rules)
        for name in metric_names(queries() + [rule["query"] for rule in rules]):
            assert name.removesuffix("_bucket").removesuffix("_total") in families


def metric_names(expressions: list[str]) -> set[str]:
    """The names of the metrics in expressions of PromQL."""
    bare = (re.sub(r"\{[^}]*\}|by \([^)]*\)", "", text) for text in expressions)
    words = {word for text in bare for word in re.findall(r"[a-z]\w*_\w+", text)}
    return words - {"histogram_quantile"}


@pytest.mark.gen_test
async def test_promtool_accepts_the_rules() -> None:
    promtool = need("promtool", "prometheus")
    check = await asyncio.create_subprocess_exec(
        promtool, "check", "rules", str(RULES), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await check.communicate()
    assert check.returncode == 0, said.decode()
