"""The dispatcher, which every request to Ollama that runs inference passes: queue, accounting of
tokens, journal."""
