"""Chats with Ollama, for the clients of every dialect. Pure."""
