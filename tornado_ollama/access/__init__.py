"""Who is asking, and what they may do. Pure: decisions only, no sockets, clocks or files."""
