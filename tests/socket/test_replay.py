"""Which frames of a resumable chat are sent again (docs/websocket.md)."""

from __future__ import annotations

import json

import pytest

from tornado_ollama.errors import BadRequest, NotFound
from tornado_ollama.socket import replay
from tornado_ollama.socket.replay import Replay


def numbers(frames: tuple[bytes, ...]) -> list[int]:
    return [json.loads(frame)["seq"] for frame in frames]


def test_frames_are_numbered_from_one() -> None:
    kept = Replay()
    assert json.loads(kept.keep(b'{"type":"start"}')) == {"type": "start", "seq": 1}
    assert json.loads(kept.keep(b'{"type":"done"}')) == {"type": "done", "seq": 2}


@pytest.mark.parametrize("after", range(4))
def test_what_follows_a_number_is_sent_again(after: int) -> None:
    kept = Replay()
    for _ in range(3):
        kept.keep(b'{"type":"delta"}')
    assert numbers(kept.after(after)) == list(range(after + 1, 4))


def test_a_number_that_was_not_given_yet_is_refused() -> None:
    kept = Replay()
    assert kept.after(0) == ()
    with pytest.raises(BadRequest):
        kept.after(1)


def test_the_oldest_are_forgotten_and_then_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = b'{"type":"delta"}'
    monkeypatch.setattr(replay, "REPLAY_BYTES", 3 * len(Replay().keep(frame)))
    kept = Replay()
    for _ in range(5):
        kept.keep(frame)
    assert kept.kept_bytes == replay.REPLAY_BYTES
    assert numbers(kept.after(2)) == [3, 4, 5]
    with pytest.raises(NotFound, match="send the chat again"):
        kept.after(1)
