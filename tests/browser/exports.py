"""Files as other programs export their chats: the structure is theirs, the words are made up.

Each maker gives the bytes of a file with `count` chats of one conversation: a question, an answer
that thought and called a tool, what the tool gave, and the answer that followed.
"""

from __future__ import annotations

import base64
import html
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

QUESTION = "How warm is it in Oslo?"
THOUGHTS = "The reader asks for a temperature."
TOOL = "weather"
ARGUMENTS = {"city": "Oslo"}
RESULT = "7 degrees"
ANSWER = "It is **7** degrees."
OTHER = "I do not know."
"""What another branch answers, which is not shown."""
MODEL = "model-x"
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)


def title(number: int) -> str:
    return f"Weather {number}"


def data(value: Any) -> bytes:
    return json.dumps(value).encode()


def archive(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, inside in files.items():
            packed.writestr(name, inside)
    return out.getvalue()


def _gpt(role: str, kind: str, fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    content = {"content_type": kind, **fields}
    return {
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": 1_700_000_000.5,
        "content": content,
        "status": "finished_successfully",
        "recipient": "all",
        "metadata": {"model_slug": MODEL} if role == "assistant" else {},
        **more,
    }


def chatgpt_chat(number: int) -> dict[str, Any]:
    hidden = _gpt("system", "text", {"parts": [""]})
    hidden["metadata"] = {"is_visually_hidden_from_conversation": True}
    thoughts = {"thoughts": [{"summary": "Asking", "content": THOUGHTS}]}
    recap = _gpt("assistant", "reasoning_recap", {"content": "Thought for 3s"})
    recap["metadata"]["finished_duration_sec"] = 3
    pointer = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-Abc1"}
    messages = {
        "system": hidden,
        "question": _gpt("user", "multimodal_text", {"parts": [pointer, QUESTION]}),
        "thoughts": _gpt("assistant", "thoughts", thoughts),
        "recap": recap,
        "call": _gpt("assistant", "code", {"text": json.dumps(ARGUMENTS)}, recipient=TOOL),
        "result": _gpt("tool", "execution_output", {"text": RESULT}),
        "answer": _gpt("assistant", "text", {"parts": [f"{ANSWER}\ue200cite\ue202turn0\ue201"]}),
    }
    names = ["root", *messages]
    mapping: dict[str, dict[str, Any]] = {
        name: {"id": name, "message": messages.get(name), "parent": before, "children": []}
        for before, name in zip([None, *names], names, strict=False)
    }
    other = _gpt("assistant", "text", {"parts": [OTHER]}, create_time=1_800_000_000.0)
    mapping["other"] = {"id": "other", "message": other, "parent": "question", "children": []}
    return {
        "title": title(number),
        "create_time": 1_700_000_000.1,
        "update_time": 1_700_000_009.9,
        "mapping": mapping,
        "moderation_results": [],
        "current_node": "answer",
        "conversation_id": f"c{number}",
    }


def chatgpt(count: int = 1) -> bytes:
    return data([chatgpt_chat(number) for number in range(count)])


def chatgpt_zip(count: int = 1) -> bytes:
    return archive(
        **{
            "user.json": data({"id": "user-1"}),
            "message_feedback.json": data([]),
            "conversations.json": chatgpt(count),
            "file-Abc1-picture.png": base64.b64decode(PIXEL),
            "chat.html": b"<html></html>",
        }
    )


def _details(kind: str, inside: str, **attributes: str) -> str:
    given = "".join(f' {name}="{html.escape(value)}"' for name, value in attributes.items())
    return (
        f'<details type="{kind}" done="true"{given}>\n<summary>Done</summary>\n{inside}</details>\n'
    )


def open_webui(count: int = 1) -> bytes:
    said = (
        _details("reasoning", f"&gt; {THOUGHTS}\n", duration="3")
        + _details(
            "tool_calls",
            "",
            id="call_1",
            name=TOOL,
            arguments=json.dumps(ARGUMENTS),
            result=json.dumps(RESULT),
            files="",
        )
        + ANSWER
    )
    return data([_open_webui_chat(number, {"content": said}) for number in range(count)])


def open_webui_output(count: int = 1) -> bytes:
    """As newer versions have it: beside the text, what it was made of."""
    output = [
        {"type": "reasoning", "duration": 3, "content": [{"type": "text", "text": THOUGHTS}]},
        {
            "type": "function_call",
            "call_id": "call_1",
            "name": TOOL,
            "arguments": json.dumps(ARGUMENTS),
        },
        {
            "type": "function_call_output",
            "call_id": "call_1",
            "output": [{"type": "input_text", "text": RESULT}],
        },
        {"type": "message", "content": [{"type": "output_text", "text": ANSWER}]},
    ]
    fields = {"content": ANSWER, "output": output}
    return data([_open_webui_chat(number, fields) for number in range(count)])


def _open_webui_chat(number: int, answer: dict[str, Any]) -> dict[str, Any]:
    common = {"models": [MODEL], "timestamp": 1_700_000_000}
    messages = {
        "q": {**common, "id": "q", "parentId": None, "role": "user", "content": QUESTION},
        "a": {**common, "id": "a", "parentId": "q", "role": "assistant", "model": MODEL, **answer},
        "o": {
            **common,
            **{"id": "o", "parentId": "q", "role": "assistant", "model": MODEL},
            **{"content": OTHER, "timestamp": 1_800_000_000},
        },
    }
    messages["q"]["childrenIds"] = ["a", "o"]
    history = {"messages": messages, "currentId": "a"}
    return {"id": f"c{number}", "chat": {"title": title(number), "history": history}}


def _librechat(number: int, **messages: Any) -> dict[str, Any]:
    return {
        "conversationId": f"c{number}",
        "endpoint": "custom",
        "title": title(number),
        "exportAt": "12:00:00 GMT+0000",
        "branches": True,
        "recursive": "messagesTree" in messages,
        **messages,
    }


def _librechat_messages() -> list[dict[str, Any]]:
    call = {"id": "call_1", "name": TOOL, "args": json.dumps(ARGUMENTS), "output": RESULT}
    root = "00000000-0000-0000-0000-000000000000"
    common = {"conversationId": "c", "createdAt": "2024-01-01T10:00:00.000Z", "error": False}
    answer = {**common, "parentMessageId": "q", "isCreatedByUser": False, "model": MODEL}
    return [
        {
            **common,
            **{"messageId": "q", "parentMessageId": root, "isCreatedByUser": True},
            **{"sender": "User", "text": QUESTION},
        },
        {**answer, "messageId": "o", "sender": "X", "text": OTHER},
        {
            **answer,
            **{"messageId": "a", "sender": "X", "text": ""},
            "content": [
                {"type": "think", "think": THOUGHTS},
                {"type": "tool_call", "tool_call": call},
                {"type": "text", "text": ANSWER},
            ],
        },
    ]


def librechat(_: int = 1) -> bytes:
    """It exports one chat a file."""
    return data(_librechat(0, messages=_librechat_messages()))


def librechat_tree(_: int = 1) -> bytes:
    question, *answers = _librechat_messages()
    tree = [{**question, "children": [{**one, "children": []} for one in answers]}]
    return data(_librechat(0, messagesTree=tree))


def _llama_cpp(number: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    common = {"convId": f"c{number}", "type": "text", "timestamp": 1_700_000_000_000}
    calls = [
        {
            "id": "call_1",
            "type": "function",
            "function": {"name": TOOL, "arguments": json.dumps(ARGUMENTS)},
        }
    ]
    answer = {**common, "role": "assistant", "model": MODEL}
    conversation = {"id": f"c{number}", "name": title(number), "lastModified": 1_700_000_000_000}
    return {**conversation, "currNode": "a"}, [
        {**common, "id": "r", "type": "root", "role": "system", "content": "", "parent": None},
        {**common, "id": "s", "role": "system", "content": "Be brief.", "parent": "r"},
        {**common, "id": "q", "role": "user", "content": QUESTION, "parent": "s", "extra": []},
        {
            **answer,
            **{"id": "c", "content": "", "reasoningContent": THOUGHTS, "parent": "q"},
            "toolCalls": json.dumps(calls),
        },
        {
            **common,
            **{"id": "t", "role": "tool", "content": RESULT, "toolCallId": "call_1", "parent": "c"},
        },
        {**answer, "id": "a", "content": ANSWER, "parent": "t"},
        {**answer, "id": "o", "content": OTHER, "parent": "q", "timestamp": 1_800_000_000_000},
    ]


def llama_cpp_old(count: int = 1) -> bytes:
    chats = [_llama_cpp(number) for number in range(count)]
    return data([{"conv": conversation, "messages": said} for conversation, said in chats])


def _llama_cpp_lines(number: int) -> bytes:
    conversation, said = _llama_cpp(number)
    for one in said:
        if "toolCalls" in one:
            one["toolCalls"] = json.loads(one["toolCalls"])
    records = [{"harness": "llama.app", "type": "session", **conversation}]
    records += [{"message": one, "type": "message"} for one in said]
    return b"\n".join(data(one) for one in records)


def llama_cpp(count: int = 1) -> bytes:
    return b"\n".join(_llama_cpp_lines(number) for number in range(count))


def llama_cpp_zip(count: int = 1) -> bytes:
    return archive(**{f"{n}_conv.jsonl": _llama_cpp_lines(n) for n in range(count)})


def _lobe_messages(number: int, **place: Any) -> list[dict[str, Any]]:
    at = 1_700_000_000_000 + number * 10
    tool = {
        "id": "call_1",
        "apiName": TOOL,
        "identifier": "weather-plugin",
        "arguments": json.dumps(ARGUMENTS),
        "type": "default",
    }
    reasoning = {"content": THOUGHTS, "duration": 3000}
    key = f"{number}-"
    return [
        {"id": f"{key}q", "role": "user", "content": QUESTION, "createdAt": at, **place},
        {
            **{"id": f"{key}c", "role": "assistant", "content": "", "createdAt": at + 1, **place},
            **{"parentId": f"{key}q", "model": MODEL, "tools": [tool], "reasoning": reasoning},
        },
        {
            **{"id": f"{key}t", "role": "tool", "content": RESULT, "createdAt": at + 2, **place},
            **{"parentId": f"{key}c", "tool_call_id": "call_1"},
        },
        {
            **{"id": f"{key}a", "role": "assistant", "content": ANSWER, "createdAt": at + 3},
            **{"parentId": f"{key}t", "model": MODEL, **place},
        },
    ]


def lobe_chat(count: int = 1) -> bytes:
    messages: list[dict[str, Any]] = []
    for number in range(count):
        messages += _lobe_messages(number, sessionId="s", topicId=f"t{number}")
    topics = [
        {"id": f"t{number}", "sessionId": "s", "title": title(number)} for number in range(count)
    ]
    sessions = [{"id": "s", "type": "agent", "meta": {"title": "Helper"}}]
    state = {"messages": messages, "sessions": sessions, "topics": topics, "sessionGroups": []}
    return data({"exportType": "sessions", "state": state, "version": 7})


def lobe_chat_tables(count: int = 1) -> bytes:
    """As newer versions have it: the rows of its database."""
    messages: list[dict[str, Any]] = []
    for number in range(count):
        messages += _lobe_messages(number, topicId=f"t{number}")
    for one in messages:
        one.pop("tool_call_id", None)
        one["createdAt"] = f"2024-01-01T10:{one['createdAt'] % 60:02}:00.000Z"
    plugins = [
        {"id": one["id"], "toolCallId": "call_1", "apiName": TOOL}
        for one in messages
        if one["role"] == "tool"
    ]
    topics = [{"id": f"t{number}", "title": title(number)} for number in range(count)]
    rows = {"messages": messages, "topics": topics, "messagePlugins": plugins, "users": []}
    return data({"data": rows, "mode": "pglite", "schemaHash": "0"})


def lobe_chat_topic(_: int = 1) -> bytes:
    topic = {"title": title(0), "version": "2.0", "exportedAt": "2024-01-01T10:00:00.000Z"}
    return data({**topic, "messages": _lobe_messages(0)})


def page_assist(count: int = 1) -> bytes:
    """It keeps no tools; the newest message comes first."""
    chats = []
    for number in range(count):
        common: dict[str, Any] = {"history_id": f"pa_{number}", "sources": []}
        answer = f"<think>{THOUGHTS}</think>\n\n{ANSWER}"
        messages = [
            {
                **common,
                **{"id": "2", "role": "assistant", "name": MODEL, "content": answer},
                **{"createdAt": 1_700_000_000_002, "reasoning_time_taken": 3000},
            },
            {
                **common,
                **{"id": "1", "role": "user", "name": "You", "content": QUESTION},
                **{"createdAt": 1_700_000_000_001, "images": [f"data:image/png;base64,{PIXEL}"]},
            },
        ]
        history: dict[str, Any] = {
            "id": f"pa_{number}",
            "title": title(number),
            "createdAt": 1_700_000_000_000,
        }
        history["is_rag"] = False
        chats.append({"history": history, "messages": messages})
    return data({"knowledge": [], "chat": chats, "vector": [], "prompts": []})


MAKERS: dict[str, Callable[[int], bytes]] = {
    "chatgpt.json": chatgpt,
    "chatgpt.zip": chatgpt_zip,
    "open-webui.json": open_webui,
    "open-webui-output.json": open_webui_output,
    "librechat.json": librechat,
    "librechat-tree.json": librechat_tree,
    "llama-cpp.jsonl": llama_cpp,
    "llama-cpp.zip": llama_cpp_zip,
    "llama-cpp-old.json": llama_cpp_old,
    "lobe-chat.json": lobe_chat,
    "lobe-chat-tables.json": lobe_chat_tables,
    "lobe-chat-topic.json": lobe_chat_topic,
    "page-assist.json": page_assist,
}
WITHOUT_TOOLS = {"page-assist.json"}
ONE_CHAT_A_FILE = {"librechat.json", "librechat-tree.json", "lobe-chat-topic.json"}
