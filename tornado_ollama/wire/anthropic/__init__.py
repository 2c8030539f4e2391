"""Translates between Anthropic's Messages API and Ollama's own API, without any I/O."""
