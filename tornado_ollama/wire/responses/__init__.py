"""Pure: the Responses API of OpenAI, into Ollama's own and back."""
