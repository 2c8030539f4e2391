"""`wire.context_window`: how large a request is, and the window it gets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_ollama.wire.context_window import (
    MIN_MEASURED_BYTES,
    MOST_REPLY_TOKENS,
    SMALLEST,
    Need,
    TokenRate,
    chosen_window,
    measured,
    with_window,
)

IMAGES = ["A" * 999, "B" * 999]
SAID = [{"role": "user", "content": "Hi"}]


def need(**request: Any) -> Need:
    found = measured(json.dumps(request).encode())
    assert found is not None
    return found


class TestTheSizeOfARequest:
    def test_is_that_of_its_body(self) -> None:
        body = json.dumps({"messages": SAID, "stream": True}).encode()
        found = measured(body)
        assert found == Need(len(body), 0, MOST_REPLY_TOKENS, None, True, False)

    @pytest.mark.parametrize(
        "request_",
        [
            {
                "messages": [
                    *SAID,
                    {"role": "user", "content": "", "images": IMAGES},
                ]
            },
            {"prompt": "Hi", "images": IMAGES},
        ],
        ids=["chat", "generate"],
    )
    def test_counts_images_instead_of_their_bytes(self, request_: Any) -> None:
        found = need(**request_)
        assert found.images == 2 and found.bytes < 200
        assert 2000 < found.tokens(0.3) < 2100

    @pytest.mark.parametrize(
        ("options", "reply"),
        [
            ({}, 4096), ({"num_predict": 100}, 100), ({"num_predict": 32000}, 4096),
            ({"num_predict": -1}, 4096), ({"num_predict": -2}, 4096), ({"num_predict": 0}, 0),
            ({"num_predict": "x"}, 4096), ({"num_predict": None}, 4096), (None, 4096),
        ],
    )  # fmt: skip
    def test_has_room_for_the_reply(self, options: Any, reply: int) -> None:
        assert need(messages=SAID, options=options).reply == reply

    def test_of_embeddings_is_that_of_the_longest_input(self) -> None:
        found = need(input=["ab", "ä" * 50, "c"])
        assert (found.bytes, found.reply, found.measurable) == (100, 0, False)

    @pytest.mark.parametrize("value", [None, 4096, 2.0, "many"])
    def test_tells_what_the_client_chose(self, value: Any) -> None:
        assert need(messages=SAID, options={"num_ctx": value}).num_ctx == value

    @pytest.mark.parametrize(
        "body", [b"", b"[]", b"{", b'{"messages": 1}', b'{"options": []}', b"[" * 9999, b"\xff"]
    )
    def test_is_not_known_of_what_ollama_will_refuse(self, body: bytes) -> None:
        assert measured(body) is None

    def test_of_a_short_or_an_illustrated_one_teaches_nothing(self) -> None:
        long = "x" * MIN_MEASURED_BYTES
        assert need(prompt=long).measurable
        assert not need(prompt="x").measurable
        assert not need(prompt=long, images=["A"]).measurable


class TestTheWindow:
    @pytest.mark.parametrize(
        ("tokens", "loaded", "own", "most", "window"),
        [
            (1, 0, None, None, 8192), (8192, 0, None, None, 8192), (8193, 0, None, None, 16384),
            (20000, 0, None, None, 32768), (100, 32768, None, None, 32768),
            (9000, 8192, None, None, 16384), (9000, 12000, None, None, 12000),
            (13000, 12000, None, None, 16384), (100, 4096, None, None, 8192),
            (100, 8933, None, None, 8933), (20000, 0, 8192, None, 8192), (1, 0, 2048, None, 2048),
            (99999, 0, None, 32768, 32768), (99999, 65536, 131072, 40000, 40000),
            (1, 0, None, 4096, 4096),
        ],
    )  # fmt: skip
    def test_table(
        self, tokens: int, loaded: int, own: int | None, most: int | None, window: int
    ) -> None:
        assert chosen_window(tokens, loaded=loaded, own=own, most=most) == window

    @given(
        st.integers(1, 2**21), st.integers(0, 2**21), st.none() | st.integers(1, 2**21),
        st.none() | st.integers(1, 2**21),
    )  # fmt: skip
    def test_rules(self, tokens: int, loaded: int, own: int | None, most: int | None) -> None:
        window = chosen_window(tokens, loaded=loaded, own=own, most=most)
        bound = min([bound for bound in (own, most) if bound], default=2**22)
        assert window <= bound
        assert window >= min(bound, max(tokens, loaded, SMALLEST))
        if loaded <= bound:
            again = chosen_window(tokens, loaded=window, own=own, most=most)
            assert again == window, "what was loaded for it is kept"

    @given(st.lists(st.integers(1, 131072), min_size=1, max_size=60))
    def test_it_grows_at_most_once_a_power_of_two(self, sizes: list[int]) -> None:
        windows = [0]
        for tokens in sizes:
            windows.append(chosen_window(tokens, loaded=windows[-1], own=None, most=None))
        assert windows == sorted(windows) and len(set(windows)) <= 6


class TestTheBody:
    def test_keeps_all_other_bytes(self) -> None:
        words = b'[ {"content":"\\u00e9", "x": 1.0, "x": 1e2} ]'
        body = b'{"model":"m","messages":' + words + b',"options":{"seed":7.0},"stream":true}'
        sent = with_window(body, 8192, refuse_to_cut=False)
        assert sent == body.replace(b"7.0}", b'7.0,"num_ctx":8192}')

    @pytest.mark.parametrize("options", [b"", b',"options":null', b',"options":{"num_ctx":null}'])
    def test_gets_options_where_it_has_none(self, options: bytes) -> None:
        sent = with_window(b'{"prompt":"x"%b}' % options, 9, refuse_to_cut=True)
        assert json.loads(sent) == {"prompt": "x", "options": {"num_ctx": 9}, "truncate": False}


class TestTokensPerByte:
    def test_begin_with_what_most_models_have(self) -> None:
        assert TokenRate().tokens_per_byte == pytest.approx(0.3)

    def test_are_soon_those_of_the_model(self) -> None:
        rate = TokenRate()
        for _ in range(3):
            rate.learn(50_000, 11_000)
        assert rate.tokens_per_byte == pytest.approx(0.22, abs=0.005)

    def test_follow_what_the_model_is_used_for_now(self) -> None:
        rate = TokenRate()
        for _ in range(50):
            rate.learn(50_000, 10_000)
        for _ in range(10):
            rate.learn(50_000, 25_000)
        assert rate.tokens_per_byte > 0.4

    @pytest.mark.parametrize("tokens", [0, 1, 900, 200_000])
    def test_do_not_believe_everything(self, tokens: int) -> None:
        rate = TokenRate()
        rate.learn(50_000, tokens)
        assert rate.tokens_per_byte == pytest.approx(0.3)

    @given(st.lists(st.tuples(st.integers(4096, 10**7), st.integers(0, 10**7)), max_size=50))
    def test_stay_within_what_is_plausible(self, prompts: list[tuple[int, int]]) -> None:
        rate = TokenRate()
        for size, tokens in prompts:
            rate.learn(size, tokens)
        assert 0.05 <= rate.tokens_per_byte <= 2.0
