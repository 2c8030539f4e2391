"""Pure: Anthropic's Messages API, into Ollama's own and back."""
