"""The only way to Ollama: one HTTP client that owns connections, timeouts and aborts."""
