"""The commands behind `tornado-ollama`, one module each."""
