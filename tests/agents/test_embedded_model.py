"""The agents that fit into the window of the embedded model, as on a fresh machine: what the model
says is on the screen. One that does not fit is told so before it starts."""

from __future__ import annotations

from typing import Any

import pytest

from ..embedded.model_process import Ollama
from .runs import TOKEN, Agents
from .test_trouble import AIDER

pytestmark = [pytest.mark.agents, pytest.mark.gen_test(timeout=400)]

MODEL = "smollm2:135m"
ASK = "Say hello."
FLAGS = ("--model", MODEL)


@pytest.fixture
def config(ollama: Ollama) -> dict[str, Any]:
    tokens = {"generate_tokens": [{"name": "agents", "token": TOKEN}]}
    return {"auth": tokens, "service": {"base_url": ollama.url}}


async def test_claude_in_its_small_mode_prints_an_answer(agents: Agents) -> None:
    done = await agents.run("claude", "-p", ASK, flags=(*FLAGS, "--small"))
    assert "Claude Code (small) with smollm2:135m" in done.err, done
    assert done.status == 0 and done.out.strip(), done


async def test_aider_prints_an_answer(agents: Agents) -> None:
    quiet = AIDER.arguments[:-1]
    done = await agents.run("aider", *quiet, ASK, flags=FLAGS)
    _, _, answer = done.out.partition("release-notes")
    assert done.status == 0 and answer.partition("Tokens:")[0].strip(), done
    assert "Tokens: " in answer, done


async def test_codex_is_told_that_it_does_not_fit(agents: Agents) -> None:
    done = await agents.run("codex", "exec", ASK, flags=FLAGS)
    assert done.status == 1 and not done.out
    assert "Codex needs about 9,524 tokens" in done.err and "8,192 here" in done.err
