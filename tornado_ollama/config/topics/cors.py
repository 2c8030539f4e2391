"""The topic `cors`: the web pages that may call the gateway."""

from __future__ import annotations

from dataclasses import dataclass

from ..formats import ORIGINS
from ..rows import Topic, setting


@dataclass(frozen=True, kw_only=True, slots=True)
class Cors(Topic):
    origins: tuple[str, ...] = setting(
        (),
        ORIGINS,
        'pages of other origins that may call, as `"https://*.example.com"`; adds to Ollama\'s '
        "own list (localhost, 127.0.0.1, 0.0.0.0, app, file, tauri, vscode)",
        more="Of that list, the hosts are allowed on any port, and the others are `app://*`, "
        "`file://*`, `tauri://*`, `vscode-webview://*` and `vscode-file://*`. Other apps are "
        "allowed too: `http://*.localhost` and `https://*.localhost` on any port, "
        "`capacitor://localhost`, `ionic://localhost`.",
        env=("CORS_ORIGINS", "OLLAMA_ORIGINS"),
    )
