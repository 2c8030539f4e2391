"""Responses that are kept: going on from them, reading and deleting them, and what bounds them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.backend import Backend, NdjsonStream, json_reply
from tests.gateway.keys import BOTH, GENERATE, SECURED, bearer
from tornado_ollama.app import Gateway
from tornado_ollama.handlers.stored_responses import (
    ENTRY_BYTES,
    OwnResponses,
    ResponseStore,
    StoredResponse,
)

PATH = "/v1/responses"
COUNTS = {"prompt_eval_count": 5, "eval_count": 2}


def whole(text: str, **more: Any) -> Any:
    message = {"role": "assistant", "content": text} | more
    return json_reply({"message": message, "done": True, "done_reason": "stop"} | COUNTS)


async def ask(connect: Any, headers: Any = (), **more: Any) -> Any:
    body = json.dumps({"model": "m", "input": "one"} | more).encode()
    return await (await connect()).request("POST", PATH, headers, body)


def sent(backend: Backend) -> list[tuple[str, str]]:
    messages = backend.exchanges[-1].json()["messages"]
    return [(message["role"], message["content"]) for message in messages]


@pytest.mark.gen_test
class TestGoingOn:
    async def test_the_conversation_so_far_comes_first(
        self, connect: Any, backend: Backend
    ) -> None:
        backend.on("/api/chat", whole("A", thinking="hm"), whole("B"), whole("C"))
        first = (await ask(connect, instructions="Be brief.")).json()
        second = (await ask(connect, input="two", previous_response_id=first["id"])).json()
        third = await ask(connect, input="three", previous_response_id=second["id"])
        assert third.json()["previous_response_id"] == second["id"]
        assert sent(backend) == [
            ("user", "one"), ("assistant", "A"), ("user", "two"), ("assistant", "B"),
            ("user", "three"),
        ]  # fmt: skip
        assert backend.exchanges[-1].json()["messages"][1]["thinking"] == "hm"

    async def test_also_from_a_stream_and_from_a_call(self, connect: Any, backend: Backend) -> None:
        call = {"function": {"name": "f", "arguments": {}}}
        done = {"message": {"tool_calls": [call]}, "done": True, "done_reason": "stop"}
        backend.on("/api/chat", NdjsonStream(done | COUNTS), whole("B"))
        stream = (await ask(connect, stream=True)).body
        response = json.loads(stream.rstrip().rpartition(b"data: ")[2])["response"]
        output = {
            "type": "function_call_output",
            "call_id": response["output"][0]["call_id"],
            "output": "42",
        }
        await ask(connect, input=[output], previous_response_id=response["id"])
        assert sent(backend) == [("user", "one"), ("assistant", ""), ("tool", "42")]
        assert backend.exchanges[-1].json()["messages"][2]["tool_name"] == "f"

    async def test_an_item_may_be_named_by_its_id(self, connect: Any, backend: Backend) -> None:
        backend.on("/api/chat", whole("A"), whole("B"))
        first = (await ask(connect)).json()
        reference = {"type": "item_reference", "id": first["output"][0]["id"]}
        await ask(connect, input=[{"role": "user", "content": "one"}, reference])
        assert sent(backend) == [("user", "one"), ("assistant", "A")]

    @pytest.mark.parametrize(
        ("more", "param", "code"),
        [
            (
                {"previous_response_id": "resp_0"},
                "previous_response_id",
                "previous_response_not_found",
            ),
            ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0].id", "item_not_found"),
            ({"background": True}, "background", None),
            ({"conversation": "conv_1"}, "conversation", None),
            ({"prompt": {"id": "p"}}, "prompt", None),
        ],
    )
    async def test_what_is_not_here_is_named(
        self, connect: Any, backend: Backend, more: Any, param: str, code: str | None
    ) -> None:
        response = await ask(connect, **more)
        error = response.json()["error"]
        assert response.status == 400 and (error["param"], error["code"]) == (param, code)
        assert not backend.exchanges

    async def test_what_was_not_to_be_stored_is_not(self, connect: Any, backend: Backend) -> None:
        backend.on("/api/chat", whole("A"))
        first = (await ask(connect, store=False)).json()
        assert first["store"] is False
        response = await ask(connect, previous_response_id=first["id"])
        assert response.json()["error"]["code"] == "previous_response_not_found"

    @pytest.mark.parametrize("config", [{"responses": {"max_stored": 0}}])
    async def test_nothing_is_where_the_operator_wants_it_so(
        self, connect: Any, backend: Backend, app: Gateway, config: Any
    ) -> None:
        backend.on("/api/chat", whole("A"))
        assert (await ask(connect, store=True)).json()["store"] is False
        assert not app.deps.process.responses


@pytest.mark.gen_test
class TestReading:
    async def test_one_that_was_kept(self, connect: Any, backend: Backend) -> None:
        backend.on("/api/chat", whole("A"))
        first = (await ask(connect)).json()
        client = await connect()
        assert (await client.request("GET", f"{PATH}/{first['id']}")).json() == first
        gone = await client.request("DELETE", f"{PATH}/{first['id']}")
        assert gone.json() == {"id": first["id"], "object": "response", "deleted": True}
        for method in ("GET", "DELETE"):
            missing = await client.request(method, f"{PATH}/{first['id']}")
            assert missing.status == 404 and missing.json()["error"]["code"] == "not_found"

    async def test_its_input_in_pages(self, connect: Any, backend: Backend) -> None:
        backend.on("/api/chat", whole("A"), whole("B"))
        first = (await ask(connect)).json()
        output = {"type": "function_call_output", "call_id": "c", "output": "42"}
        given = [{"role": "user", "content": "two"}, output]
        second = (await ask(connect, input=given, previous_response_id=first["id"])).json()
        path, client = f"{PATH}/{second['id']}/input_items", await connect()
        whole_list = (await client.request("GET", path)).json()
        kinds = [item["type"] for item in whole_list["data"]]
        assert kinds == ["function_call_output", "message", "message", "message"]
        assert all(item["id"] and item["status"] == "completed" for item in whole_list["data"])
        assert whole_list["data"][1]["content"] == [{"type": "input_text", "text": "two"}]
        assert whole_list["data"][2] == first["output"][0]
        assert whole_list["has_more"] is False
        assert whole_list["first_id"] == whole_list["data"][0]["id"]
        seen: list[Any] = []
        page: dict[str, Any] = {"has_more": True, "last_id": ""}
        while page["has_more"]:
            query = f"?order=asc&limit=1&after={page['last_id']}"
            page = (await client.request("GET", path + query)).json()
            seen += page["data"]
        assert seen == whole_list["data"][::-1]

    @pytest.mark.parametrize(
        ("below", "status"),
        [
            ("/input_items?limit=0", 400),
            ("/input_items?limit=101", 400),
            ("/input_items?limit=x", 400),
            ("/input_items?order=up", 400),
            ("/input_items?after=nobody", 400),
            ("?stream=true", 400),
            ("/cancel", 404),
        ],
    )
    async def test_what_is_wrong_is_refused(
        self, connect: Any, backend: Backend, below: str, status: int
    ) -> None:
        backend.on("/api/chat", whole("A"))
        first = (await ask(connect)).json()
        response = await (await connect()).request("GET", f"{PATH}/{first['id']}{below}")
        assert response.status == status and response.json()["error"]["message"]

    async def test_only_get_lists_the_input(self, connect: Any) -> None:
        response = await (await connect()).request("DELETE", f"{PATH}/x/input_items")
        assert response.status == 405

    async def test_a_token_in_a_wrong_path_is_not_repeated(self, connect: Any) -> None:
        response = await (await connect()).request("GET", f"{PATH}/x/k/secret")
        assert response.status == 404 and b"secret" not in response.body

    @pytest.mark.parametrize("config", [SECURED], ids=["secured"])
    async def test_another_principal_finds_nothing(
        self, connect: Any, backend: Backend, config: Any
    ) -> None:
        backend.on("/api/chat", whole("A"))
        mine, other = [bearer(GENERATE)], [bearer(BOTH)]
        first = (await ask(connect, mine)).json()
        client = await connect()
        assert (await client.request("GET", f"{PATH}/{first['id']}", mine)).status == 200
        for path in (f"{PATH}/{first['id']}", f"{PATH}/{first['id']}/input_items"):
            assert (await client.request("GET", path, other)).status == 404
        assert (await client.request("DELETE", f"{PATH}/{first['id']}", other)).status == 404
        response = await ask(connect, other, previous_response_id=first["id"])
        assert response.json()["error"]["code"] == "previous_response_not_found"
        reference = [{"type": "item_reference", "id": first["output"][0]["id"]}]
        assert (await ask(connect, other, input=reference)).status == 400


def stored(id: str, before: StoredResponse | None = None, size: int = 0) -> StoredResponse:
    output = json.dumps({"output": [{"id": f"msg_{id}", "type": "message"}]}).encode()
    given = json.dumps([{"id": f"in_{id}"}]).encode()
    return StoredResponse(id, output + b" " * size, given, before)


class TestBounds:
    def store(self, **limits: Any) -> ResponseStore:
        store = ResponseStore()
        given: Any = {"max_responses": 3, "max_bytes": 10**6, "keep_for_s": 100.0} | limits
        for name, value in given.items():
            setattr(store, name, value)
        return store

    def test_the_one_that_was_not_used_for_longest_leaves(self) -> None:
        store = self.store()
        for number in range(3):
            store.put("me", stored(str(number)), number)
        assert store.get("me", "0", 5) is not None
        store.put("me", stored("3"), 6)
        found = [store.get("me", str(number), 7) is not None for number in range(4)]
        assert found == [True, False, True, True]

    def test_bytes_are_bounded(self) -> None:
        store = self.store(max_bytes=3 * ENTRY_BYTES)
        for number in range(3):
            store.put("me", stored(str(number), size=ENTRY_BYTES // 2), number)
            assert store.held <= store.max_bytes
        assert len(store) == 1

    def test_what_is_larger_than_all_may_be_drives_nobody_out(self) -> None:
        store = self.store(max_bytes=3 * ENTRY_BYTES)
        store.put("me", stored("0"), 0)
        store.put("other", stored("huge", size=3 * ENTRY_BYTES), 1)
        assert store.get("other", "huge", 2) is None
        assert store.get("me", "0", 2) is not None and len(store) == 1

    def test_what_is_too_old_is_let_go_without_being_asked_for(self) -> None:
        store = self.store()
        store.put("me", stored("0"), 0)
        store.expire(100)
        assert len(store) == 1
        store.expire(100.1)
        assert len(store) == 0 and store.held == 0
        assert store.holder("me", "msg_0", 100.1) is None

    def test_a_conversation_is_whole_while_its_end_is_there(self) -> None:
        store = self.store(max_responses=1)
        before = None
        for number in range(4):
            before = stored(str(number), before)
            store.put("me", before, number)
        assert len(store) == 1 and store.held == sum(
            stored(str(number)).size for number in range(4)
        )
        found = OwnResponses(store, "me", 5).conversation("3")
        ids = [f"{kind}_{number}" for number in range(4) for kind in ("in", "msg")]
        assert [item.id for item in found or ()] == ids
        assert store.delete("me", "3") and store.held == 0
        assert not store.delete("me", "3")

    def test_many_references_to_one_response_read_it_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = self.store()
        store.put("me", stored("0"), 0)
        read: list[StoredResponse] = []
        output = StoredResponse.output

        def counted(response: StoredResponse) -> Any:
            read.append(response)
            return output(response)

        monkeypatch.setattr(StoredResponse, "output", counted)
        own = OwnResponses(store, "me", 1)
        assert all(own.item("msg_0") for _ in range(100)) and own.item("msg_1") is None
        assert len(read) == 1

    def test_what_was_let_go_meanwhile_counts_again(self) -> None:
        store = self.store()
        first = stored("0")
        store.put("me", first, 0)
        store.expire(500)
        assert store.held == 0
        store.put("me", stored("1", first), 500)
        assert store.held == 2 * first.size
        store.expire(1000)
        assert store.held == 0
