"""The coding agents that `launch` starts: for each the variables, flags and temporary files by
which it uses the gateway.

Pure: makes values and touches nothing. What a user has configured for an agent is never changed; a
flag or a variable overrides it for one run. Source: the agents' own documentation, each row run by
`make test-agents`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

TOKEN_VARIABLE = "TORNADO_OLLAMA_TOKEN"
"""Holds the token, for agents that take the name of a variable, and for `launch` itself."""

ROOM_FOR_REPLY = 1024
"""Tokens that an agent needs besides its first prompt, for a question and a reply."""

MAX_REPLY = 8192

QWEN_WELL_WITH, QWEN_ROOMY = 32_768, 60_000
"""Tokens of a window. Qwen Code keeps 33,000 free of one that is larger, which leaves no room for
its first prompt in those between: there it is told of the smaller one."""

CLAUDE_ROOMY = 49_152
"""Tokens of a window from which on Claude Code is told of it. It shortens a conversation as soon as
less than a reply and 13,000 tokens are left; in a smaller window it would do so at every turn, and
give up. There it hears from the gateway that a prompt is too long, and shortens it then."""


@dataclass(frozen=True, slots=True)
class Target:
    """What an agent is to use."""

    url: str
    """The gateway's, without a slash at the end."""
    token: str
    model: str
    window: int
    """Tokens that prompt and reply may have together."""
    directory: str
    """Where the temporary files will lie."""
    sees: bool = False
    """Whether the model takes images."""
    thinks: bool = False

    @property
    def openai(self) -> str:
        return f"{self.url}/v1"

    @property
    def reply(self) -> int:
        """Tokens that a reply may have: a quarter of the window, at most `MAX_REPLY`."""
        return min(self.window // 4, MAX_REPLY)


@dataclass(frozen=True, slots=True)
class Start:
    """How an agent is started: what stands before the user's own arguments, and around them."""

    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    """Variables that would stand in the way."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Names of temporary files, and their text."""


@dataclass(frozen=True, slots=True)
class Agent:
    title: str
    program: str
    install: str
    """The command that installs it."""
    start: Callable[[Target], Start]
    first_prompt: int
    """Tokens of the first prompt: instructions and tools, without a question."""
    needs_tools: bool = True
    small: Agent | None = None
    """A smaller mode of the agent, for small windows."""

    def fits(self, window: int) -> bool:
        return self.first_prompt + ROOM_FOR_REPLY <= window


def _codex(target: Target) -> Start:
    """Responses. The values are TOML, of which JSON's texts and numbers are a part."""
    provider = "model_providers.tornado_ollama"
    settings = {
        "model": target.model,
        "model_provider": "tornado_ollama",
        "model_context_window": target.window,
        f"{provider}.name": "tornado-ollama",
        f"{provider}.base_url": target.openai,
        f"{provider}.env_key": TOKEN_VARIABLE,
        f"{provider}.wire_api": "responses",
    }
    flags = [("-c", f"{key}={json.dumps(value)}") for key, value in settings.items()]
    return Start(sum(flags, ()), {TOKEN_VARIABLE: target.token})


def _claude(target: Target) -> Start:
    """Messages. The other variables name the models of its helpers."""
    environment = {
        "ANTHROPIC_BASE_URL": target.url,
        "ANTHROPIC_AUTH_TOKEN": target.token,
        "ANTHROPIC_MODEL": target.model,
        "ANTHROPIC_SMALL_FAST_MODEL": target.model,
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": target.model,
        "ANTHROPIC_DEFAULT_SONNET_MODEL": target.model,
        "ANTHROPIC_DEFAULT_OPUS_MODEL": target.model,
        "CLAUDE_CODE_SUBAGENT_MODEL": target.model,
        "CLAUDE_CODE_MAX_OUTPUT_TOKENS": str(target.reply),
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }
    if target.window >= CLAUDE_ROOMY:
        environment["CLAUDE_CODE_MAX_CONTEXT_TOKENS"] = str(target.window)
    return Start((), environment, ("ANTHROPIC_API_KEY",))


def _small_claude(target: Target) -> Start:
    """Three tools and a short system prompt; this mode takes its credential as an API key."""
    usual = _claude(target)
    environment = dict(usual.environment, CLAUDE_CODE_SIMPLE="1", ANTHROPIC_API_KEY=target.token)
    del environment["ANTHROPIC_AUTH_TOKEN"]
    return Start((), environment, ("ANTHROPIC_AUTH_TOKEN",))


def _opencode(target: Target) -> Start:
    """Responses, by which thoughts come back and a window that is full is an error. The
    configuration is laid over the user's."""
    model = {
        "name": target.model,
        "tool_call": True,
        "reasoning": target.thinks,
        "attachment": target.sees,
        "limit": {"context": target.window, "output": target.reply},
    }
    provider = {
        "npm": "@ai-sdk/openai",
        "name": "tornado-ollama",
        "options": {"baseURL": target.openai, "apiKey": target.token},
        "models": {target.model: model},
    }
    name = f"tornado-ollama/{target.model}"
    config = {"provider": {"tornado-ollama": provider}, "model": name, "small_model": name}
    return Start((), {"OPENCODE_CONFIG_CONTENT": json.dumps(config)})


def _qwen(target: Target) -> Start:
    """Chat completions. The window stands in a file of the lowest rank, under the user's own."""
    middling = QWEN_WELL_WITH < target.window < QWEN_ROOMY
    window = QWEN_WELL_WITH if middling else target.window
    flags = ("--auth-type", "openai", "--openai-base-url", target.openai, "--model", target.model)
    settings = {"model": {"generationConfig": {"contextWindowSize": window}}}
    file = "settings.json"
    environment = {
        "OPENAI_API_KEY": target.token,
        "OPENAI_BASE_URL": target.openai,
        "OPENAI_MODEL": target.model,
        "QWEN_CODE_SYSTEM_DEFAULTS_PATH": f"{target.directory}/{file}",
    }
    return Start(flags, environment, files={file: json.dumps(settings)})


def _cline(target: Target) -> Start:
    """Chat completions. The file stands in for the user's list of providers alone."""
    kind, file = "openai-compatible", "providers.json"
    settings = {
        "provider": kind,
        "apiKey": target.token,
        "model": target.model,
        "baseUrl": target.openai,
    }
    provider = {
        "settings": settings,
        "updatedAt": "2026-01-01T00:00:00.000Z",
        "tokenSource": "manual",
    }
    providers = {
        "version": 1,
        "lastUsedProvider": kind,
        "modes": {},
        "providers": {kind: provider},
    }
    environment = {"CLINE_PROVIDER_SETTINGS_PATH": f"{target.directory}/{file}"}
    flags = ("-P", kind, "-m", target.model)
    return Start(flags, environment, files={file: json.dumps(providers)})


def _continue(target: Target) -> Start:
    """Chat completions. The file is YAML, of which JSON is a part."""
    model = {
        "name": target.model,
        "provider": "openai",
        "model": target.model,
        "apiBase": target.openai,
        "apiKey": target.token,
        "capabilities": ["tool_use", *(["image_input"] if target.sees else [])],
        "roles": ["chat", "edit", "apply", "summarize"],
        "defaultCompletionOptions": {
            "contextLength": target.window,
            "maxTokens": target.reply,
        },
    }
    config = {"name": "tornado-ollama", "version": "1.0.0", "schema": "v1", "models": [model]}
    file = "config.yaml"
    return Start(("--config", f"{target.directory}/{file}"), files={file: json.dumps(config)})


def _aider(target: Target) -> Start:
    """Chat completions, not Ollama's API: by that it would ask for another window at each turn."""
    name = f"openai/{target.model}"
    known = {
        "max_tokens": target.reply,
        "max_input_tokens": target.window,
        "max_output_tokens": target.reply,
        "input_cost_per_token": 0,
        "output_cost_per_token": 0,
        "litellm_provider": "openai",
        "mode": "chat",
    }
    file = "models.json"
    models = ("--model", name, "--weak-model", name, "--editor-model", name)
    flags = (*models, "--model-metadata-file", f"{target.directory}/{file}")
    environment = {"OPENAI_API_BASE": target.openai, "OPENAI_API_KEY": target.token}
    return Start(flags, environment, files={file: json.dumps({name: known})})


def _npm(package: str) -> str:
    return f"npm install -g {package}"


AGENTS: Mapping[str, Agent] = {
    "codex": Agent("Codex", "codex", _npm("@openai/codex"), _codex, 8500),
    "claude": Agent(
        *("Claude Code", "claude", _npm("@anthropic-ai/claude-code"), _claude, 11_600),
        small=Agent(
            *("Claude Code (small)", "claude", _npm("@anthropic-ai/claude-code")),
            *(_small_claude, 1000),
        ),
    ),
    "opencode": Agent("opencode", "opencode", _npm("opencode-ai"), _opencode, 7000),
    "qwen": Agent("Qwen Code", "qwen", _npm("@qwen-code/qwen-code"), _qwen, 17_200),
    "cline": Agent("Cline", "cline", _npm("cline"), _cline, 3000),
    "continue": Agent("Continue", "cn", _npm("@continuedev/cli"), _continue, 1800),
    "aider": Agent("aider", "aider", "pip install aider-chat", _aider, 2000, needs_tools=False),
}
