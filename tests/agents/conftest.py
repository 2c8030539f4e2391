"""What every run of an agent needs: a gateway with a token, a home, a directory to work in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tornado.httpserver import HTTPServer

from .runs import TOKEN, Agents


@pytest.fixture
def more() -> dict[str, Any]:
    """Topics of the configuration besides."""
    return {}


@pytest.fixture
def config(more: dict[str, Any]) -> dict[str, Any]:
    return {"auth": {"generate_tokens": [{"name": "agents", "token": TOKEN}]}, **more}


@pytest.fixture
def agents(http_server: HTTPServer, http_port: int, tmp_path: Path) -> Agents:
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    return Agents(f"http://127.0.0.1:{http_port}", home, work)
