from __future__ import annotations

import pytest

from tornado_ollama.errors import BadRequest
from tornado_ollama.wire.chat.image_urls import check_count, check_url, is_image, is_public
from tornado_ollama.wire.chat.images import RemoteImage


def image(url: str) -> RemoteImage:
    return RemoteImage(url, "messages[0].content[0].image_url", 0, 0)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111",
                                     "::ffff:8.8.8.8", "2001:200::1", "3ffe::1"])  # fmt: skip
def test_addresses_of_the_public_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1",
     "169.254.169.254", "100.64.0.1", "192.0.0.1", "192.0.0.8", "192.88.99.1",
     "192.0.2.1", "198.18.0.1",
     "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1",
     "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:0:1::1",
     "2001:db8::1", "2001:1ff::1", "3fff::1", "3fff:fff:ffff::1", "5f00::1",
     "fe80::1%eth0", "fe80::1", "fd00::1", "fec0::1", "ff02::1", "", "localhost", "1.2.3"],
)  # fmt: skip
def test_all_other_addresses(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "url",
    ["http://img.example/x.png", "https://img.example:443/a/b?c=d&e=%20#f", "HTTP://8.8.8.8/",
     "https://[2606:4700::1111]/x.png"],
)  # fmt: skip
def test_plain_urls_are_fetched(url: str) -> None:
    check_url(image(url))


@pytest.mark.parametrize(
    "url",
    ["", "ftp://img.example/x", "file:///etc/passwd", "gopher://x/", "//img.example/x", "http://",
     "http:///x.png", "http://user@img.example/", "http://a:b@img.example/", "http://x:8080/",
     "http://x:22/", "http://x:99999/", "http://x:abc/", "http://x\\@127.0.0.1/", "http://x/ y",
     "http://x/\r\nHost: y", "http://x/\x00", "http://ⓛocalhost/", "http://[::1/", "http://x/`",
     "http://x/{y}", "http://@x/"],
)  # fmt: skip
def test_urls_that_somebody_could_read_otherwise_are_not(url: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        check_url(image(url))
    assert refusal.value.param == "messages[0].content[0].image_url"


def test_there_is_an_end_to_images() -> None:
    check_count([image("http://x/")] * 8)
    with pytest.raises(BadRequest):
        check_count([image("http://x/")] * 9)


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [("image/png", True), (" IMAGE/webp; q=1", True), ("text/html", False), ("", False)],
)
def test_what_is_an_image(content_type: str, expected: bool) -> None:
    assert is_image(content_type) is expected
