"""The embedded backend: a child process that serves Ollama's API over llama.cpp.

`supervisor` is the gateway's side (it starts the child and keeps it alive); everything else runs
in the child: `installed` finds the engine and the model, `engine` holds llama.cpp, `llama_http`
talks to it, `request`, `options`, `prompt`, `tools` and `reply` are pure translation, `routes` says
which handler answers which of Ollama's paths, and `server` runs them. Imports nothing of the
gateway.
"""
