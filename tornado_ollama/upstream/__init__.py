"""The only way to Ollama: one HTTP client that owns connections, clocks and aborts."""
