"""Pure: what is said over `/ws`."""
