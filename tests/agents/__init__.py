"""Real coding agents, run as their users run them, in front of a scripted Ollama.

`make test-agents` brings the programs and runs these tests in a network
namespace of their own (`offline.py`), so that nothing outside can help an agent or hear from it.
Each agent is started by `tornado-ollama launch`, with a token and a home of its own (`runs.py`);
what the model says is written down beforehand (`scripted.py`). `make test` leaves them out: they
need half a gigabyte of other people's programs.
"""
