"""The bill of materials is valid CycloneDX, and names what an installed gateway consists of."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_it_is_valid_and_names_what_is_shipped(tmp_path: Path) -> None:
    # A second: only where it is used.
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    file = tmp_path / "dist" / "sbom.cdx.json"
    subprocess.run([sys.executable, "-m", "tools.sbom", str(file)], cwd=ROOT, check=True)
    text = file.read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    assert bill["metadata"]["component"]["name"] == "tornado-ollama"
    names = {component["name"] for component in bill["components"]}
    assert {"tornado", "pyjwt", "cryptography", "marked", "katex", "pdfjs-dist"} <= names
    assert not names & {"pytest", "typescript", "setuptools", "esbuild"}
    assert not [name for name in names if "canvas" in name]
    pinned = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["dependencies"]
    versions = {component["name"]: component["version"] for component in bill["components"]}
    assert versions["marked"] == pinned["marked"]
