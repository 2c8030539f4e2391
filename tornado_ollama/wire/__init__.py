"""Pure code: bytes and dicts in, bytes and dicts out. No sockets, clocks or loops."""
