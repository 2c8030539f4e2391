"""Authentication and authorisation: who sends a request, and what they may do. Pure: decisions
only, no sockets, clocks or files."""
