"""Pure: a chat with Ollama, whichever dialect the client speaks."""
