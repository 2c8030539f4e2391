from __future__ import annotations

from tornado_ollama.wire.chat.conversation import Conversation
from tornado_ollama.wire.chat.native_message import Message


def test_a_note_stands_on_the_users_side() -> None:
    talk = Conversation(False, "text")
    talk.add("system", "Be brief.", "system")
    talk.add("user", "Hi", "messages[0].content")
    talk.note("900 tokens left.")
    assert [message.role for message in talk.messages] == ["system", "user", "user"]
    assert talk.messages[2].content == "<system-reminder>\n900 tokens left.\n</system-reminder>"


def test_parts_may_stand_anywhere() -> None:
    talk = Conversation(True, "text")
    parts = [("a", "x"), ({"type": "image_url", "image_url": "https://h/i.png"}, "y.z")]
    message = talk.add_parts("user", parts)
    assert message == Message("user", "a", images=[""])
    [image] = talk.remote_images
    assert (image.param, image.message, image.slot) == ("y.z.image_url", 0, 0)
