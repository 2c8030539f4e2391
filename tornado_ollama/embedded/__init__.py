"""The embedded backend: a child process that serves the API of Ollama over llama.cpp."""
