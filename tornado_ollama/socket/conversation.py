"""The conversation that a socket keeps for the frames `{"text": ...}`."""

from __future__ import annotations

MAX_CHARS = 1_000_000
"""What is remembered; the oldest turns are forgotten first."""

Message = dict[str, str]


class Conversation:
    """Question and reply of the turns that ended well, in order."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._chars = 0

    def asking(self, text: str) -> list[Message]:
        """The messages so far, followed by this question."""
        return [*self._messages, {"role": "user", "content": text}]

    def remember(self, text: str, reply: str) -> None:
        self._messages.append({"role": "user", "content": text})
        self._messages.append({"role": "assistant", "content": reply})
        self._chars += len(text) + len(reply)
        while self._chars > MAX_CHARS:
            self._chars -= sum(len(message["content"]) for message in self._messages[:2])
            del self._messages[:2]
