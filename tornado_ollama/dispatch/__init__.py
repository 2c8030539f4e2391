"""The one way from handlers to Ollama: who may be sent when, and what it cost."""
