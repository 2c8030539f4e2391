"""Request handlers: they call the pure packages and send requests to Ollama, and decide nothing
themselves."""
