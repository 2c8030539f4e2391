"""A gateway for Ollama: authentication, streaming passthrough, OpenAI API, WebSocket, chat page."""

__version__ = "0.1.0"
