"""Translates OpenAI's requests into Ollama's, and Ollama's replies into OpenAI's. Pure."""
