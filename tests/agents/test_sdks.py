"""The task of the agents by SDKs for agents of one's own: a file is read, changed and copied."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import agents as openai_agents
import openai
import pytest
from pydantic_ai import Agent
from pydantic_ai.models import Model as PydanticModel
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

from ..backend import Backend
from .programs import AGENTS
from .runs import TOKEN, Agents
from .scripted import NAME, Call, Model
from .test_tasks import AFTER, ASK, BEFORE, COMMAND, LAST

pytestmark = [pytest.mark.agents, pytest.mark.gen_test(timeout=300)]

SCRIPT = Path(__file__).parent / "openai_agents.mjs"


@pytest.fixture
def notes(agents: Agents) -> Path:
    path = agents.work / "notes.txt"
    path.write_text(BEFORE)
    return path


@pytest.fixture
def model(notes: Path, backend: Backend) -> Model:
    calls = (
        Call("read_file", {"path": str(notes)}),
        Call("write_file", {"path": str(notes), "text": AFTER}),
        Call("run_command", {"command": f"cd {notes.parent} && {COMMAND}"}),
    )
    return Model([*calls, LAST]).serve(backend)


def tools() -> list[Callable[..., str]]:
    def read_file(path: str) -> str:
        """Reads a file."""
        return Path(path).read_text()

    def write_file(path: str, text: str) -> str:
        """Writes a file."""
        Path(path).write_text(text)
        return "written"

    def run_command(command: str) -> str:
        """Runs a command."""
        return subprocess.run(
            ["/bin/sh", "-c", command], capture_output=True, text=True, check=True
        ).stdout

    return [read_file, write_file, run_command]


def did_all(model: Model, notes: Path, answer: str) -> None:
    assert answer.strip() == LAST
    assert notes.read_text() == (notes.parent / "copy.txt").read_text() == AFTER
    read, _, ran = model.results()
    assert read == BEFORE and "done-by-command" in ran


@pytest.mark.parametrize("mode", ["whole", "stream"])
async def test_openais_in_javascript(mode: str, agents: Agents, model: Model, notes: Path) -> None:
    place = agents.home  # a module is looked for beside the script and above it
    (place / "node_modules").symlink_to(AGENTS / "node_modules")
    shutil.copy(SCRIPT, place)
    child = await asyncio.create_subprocess_exec(
        *("node", str(place / SCRIPT.name), mode),
        env=agents.environment()
        | {"GATEWAY": agents.url, "TOKEN": TOKEN, "MODEL": NAME, "ASK": ASK},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await child.communicate()
    assert child.returncode == 0, err.decode()
    said = json.loads(out)
    did_all(model, notes, said["answer"])
    assert said["tokens"] > 0
    assert said["streamed"].strip() == (LAST if mode == "stream" else "")


@pytest.mark.parametrize("mode", ["whole", "stream"])
async def test_openais_in_python(mode: str, agents: Agents, model: Model, notes: Path) -> None:
    async with openai.AsyncOpenAI(base_url=f"{agents.url}/v1", api_key=TOKEN) as client:
        chosen = openai_agents.OpenAIResponsesModel(NAME, client)
        functions = [openai_agents.function_tool(tool) for tool in tools()]
        agent = openai_agents.Agent[Any](name="Owl", tools=[*functions], model=chosen)
        run = openai_agents.RunConfig(tracing_disabled=True)
        if mode == "whole":
            answer = (await openai_agents.Runner.run(agent, ASK, run_config=run)).final_output
        else:
            streamed = openai_agents.Runner.run_streamed(agent, ASK, run_config=run)
            async for _ in streamed.stream_events():
                pass
            answer = streamed.final_output
    did_all(model, notes, answer)


MODELS: dict[str, Callable[[str], PydanticModel]] = {
    "chat completions": lambda url: OpenAIChatModel(
        NAME, provider=OpenAIProvider(f"{url}/v1", api_key=TOKEN)
    ),
    "responses": lambda url: OpenAIResponsesModel(
        NAME, provider=OpenAIProvider(f"{url}/v1", api_key=TOKEN)
    ),
    "messages": lambda url: AnthropicModel(
        NAME, provider=AnthropicProvider(api_key=TOKEN, base_url=url)
    ),
}


@pytest.mark.parametrize("api", MODELS)
async def test_pydantic_ai(api: str, agents: Agents, model: Model, notes: Path) -> None:
    chosen = MODELS[api](agents.url)
    async with chosen:
        result = await Agent(chosen, tools=tools()).run(ASK)
    did_all(model, notes, result.output)
