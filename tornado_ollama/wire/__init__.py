"""Translation and parsing as pure functions: bytes and dicts in, bytes and dicts out. No sockets,
clocks or event loops."""
