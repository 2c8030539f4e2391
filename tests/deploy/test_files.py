"""No file of `deploy/` is without a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tornado_ollama.services import TEMPLATES  # tests/services reads each of them

from .proxies import DEPLOY

TESTS = Path(__file__).parent.parent
SOURCES = [path.read_text(encoding="utf-8") for path in TESTS.rglob("*.py")]


@pytest.mark.parametrize("name", sorted(path.name for path in DEPLOY.iterdir()))
def test_a_test_reads_it(name: str) -> None:
    assert name in TEMPLATES.values() or any(f'"{name}"' in source for source in SOURCES)
