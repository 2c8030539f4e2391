"""OpenAI requests to Ollama requests, and Ollama replies to OpenAI replies. Pure."""
