"""Translates between OpenAI's Responses API and Ollama's own API, without any I/O."""
