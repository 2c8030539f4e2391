"""Stands in for Ollama in a container, where only Python's own library is: version and a chat."""

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

WORDS = ("Hello", " there")


class Ollama(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.answer([{"version": "0.32.0", "models": []}])

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        lines: list[dict[str, object]] = [
            {"message": {"role": "assistant", "content": word}, "done": False} for word in WORDS
        ]
        end = {"message": {"role": "assistant", "content": ""}, "done": True}
        whole = {"message": {"role": "assistant", "content": "".join(WORDS)}, "done": True}
        if self.path == "/api/show":
            self.answer([{"capabilities": ["completion"], "details": {}, "model_info": {}}])
        elif asked.get("stream") is False:
            self.answer([whole])
        else:
            self.answer([*lines, end], 1.0 if asked["model"] == "slow" else 0.0)

    def answer(self, lines: list[dict[str, object]], pause_s: float = 0.0) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for line in lines:
            data = json.dumps(line).encode() + b"\n"
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
            time.sleep(pause_s)
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *arguments: object) -> None:
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("", 11434), Ollama).serve_forever()
