"""The page and its files over HTTP: what caches are told about them."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from tornado_ollama import app as app_module

pytestmark = pytest.mark.gen_test

BROWSER = ("Accept", "text/html,*/*;q=0.8")
GZIP = ("Accept-Encoding", "gzip, br")
LOCAL = ("Origin", "http://localhost:3000")
PAGE = b"<!doctype html>" + b"<p>page</p>" * 100


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comes before `connect`, for the gateway reads its files at the start."""
    root = tmp_path / "static"
    root.mkdir()
    (root / "index.html").write_bytes(PAGE)
    monkeypatch.setattr(app_module, "STATIC_DIR", root)


def varies(response: Any) -> set[str]:
    return {name.strip() for name in response.header("vary").split(",")}


@pytest.mark.parametrize("origin", [[], [LOCAL]], ids=["same origin", "another"])
@pytest.mark.parametrize("accept", [[], [BROWSER]], ids=["greeting", "page"])
async def test_all_that_an_answer_depends_on_is_named(
    page: None, connect: Any, origin: list[Any], accept: list[Any]
) -> None:
    response = await (await connect()).request("GET", "/", [*origin, *accept])
    assert response.status == 200
    assert len([name for name, _ in response.headers if name.lower() == "vary"]) == 1
    assert varies(response) == {"Accept", "Accept-Encoding", "Origin"}
    assert (response.header("access-control-allow-origin") is None) == (not origin)


async def test_files_do_not_depend_on_accept(page: None, connect: Any) -> None:
    response = await (await connect()).request("GET", "/static/index.html", [LOCAL])
    assert varies(response) == {"Accept-Encoding", "Origin"}


async def test_each_form_has_its_own_tag(page: None, connect: Any) -> None:
    client = await connect()
    plain = await client.request("GET", "/static/index.html")
    packed = await client.request("GET", "/static/index.html", [GZIP])
    assert plain.body == gzip.decompress(packed.body) == PAGE
    assert plain.header("content-encoding") is None
    assert packed.header("content-encoding") == "gzip"
    assert plain.header("etag") != packed.header("etag")


@pytest.mark.parametrize("spelling", ["{}", "W/{}", '"other", {}', "*"])
@pytest.mark.parametrize("accepts", [[], [GZIP]], ids=["plain", "gzip"])
async def test_what_a_browser_has_is_not_sent_again(
    page: None, connect: Any, accepts: list[Any], spelling: str
) -> None:
    client = await connect()
    first = await client.request("GET", "/", [BROWSER, *accepts])
    condition = ("If-None-Match", spelling.format(first.header("etag")))
    again = await client.request("GET", "/", [BROWSER, *accepts, condition])
    assert (again.status, again.body) == (304, b"")
    assert again.header("etag") == first.header("etag")
    assert varies(again) == varies(first)


async def test_one_form_is_not_taken_for_the_other(page: None, connect: Any) -> None:
    client = await connect()
    packed = await client.request("GET", "/", [BROWSER, GZIP])
    condition = ("If-None-Match", packed.header("etag"))
    plain = await client.request("GET", "/", [BROWSER, condition])
    assert (plain.status, plain.body) == (200, PAGE)


@pytest.fixture
def page_with_script(tmp_path: Path, page: None) -> None:
    (tmp_path / "static" / "a.js").write_text("let a = 1;")
    (tmp_path / "static" / "index.html").write_text('<script src="/static/a.js">')


async def test_what_a_version_names_is_kept_and_the_page_is_asked_for_each_time(
    page_with_script: None, connect: Any
) -> None:
    client = await connect()
    page_ = await client.request("GET", "/", [BROWSER])
    assert page_.header("cache-control") == "no-cache"
    address = page_.body.decode().split('"')[1]
    script = await client.request("GET", address)
    assert (script.status, script.body) == (200, b"let a = 1;")
    assert script.header("cache-control") == "public, max-age=31536000, immutable"
    for other in ("/static/a.js", "/static/@0123456789abcdef/a.js"):
        answer = await client.request("GET", other)
        assert (answer.status, answer.header("cache-control")) == (200, "no-cache")
    assert (await client.request("GET", "/static/@0123/none.js")).status == 404


@pytest.fixture
def page_with_worker(tmp_path: Path, page: None) -> None:
    (tmp_path / "static" / "js").mkdir()
    (tmp_path / "static" / "js" / "worker.js").write_text("(() => {})();")
    (tmp_path / "static" / "app.webmanifest").write_text("{}")


async def test_the_worker_is_asked_for_each_time_and_may_answer_for_the_page(
    page_with_worker: None, connect: Any
) -> None:
    client = await connect()
    for method in ("GET", "HEAD"):
        worker = await client.request(method, "/static/js/worker.js")
        assert (worker.status, worker.header("cache-control")) == (200, "no-cache")
        assert worker.header("content-type") == "text/javascript; charset=utf-8"
        assert worker.header("service-worker-allowed") == "/"
        assert worker.header("content-security-policy").startswith("default-src 'none'; ")
    manifest = await client.request("GET", "/static/app.webmanifest")
    assert manifest.header("content-type") == "application/manifest+json"
    assert manifest.header("service-worker-allowed") is None
