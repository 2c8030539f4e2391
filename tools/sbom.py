"""Writes a software bill of materials, CycloneDX as JSON: what an installed gateway consists of.

    python -m tools.sbom dist/sbom.cdx.json

Python packages: `tornado-ollama` and all that it requires on this platform, without its extras,
in the versions that are installed here. Of the page: the libraries that package-lock.json pins,
with their hashes. What only developers need is left out.
"""

from __future__ import annotations

import argparse
import base64
import json
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
NAME = "tornado-ollama"
EXTRAS: tuple[str, ...] = ()


BUILDS = ("esbuild",)
"""What builds the page, and is not shipped."""


def required(name: str, extras: tuple[str, ...]) -> Iterator[Requirement]:
    """What a distribution with these extras requires on this platform."""
    for line in metadata.requires(name) or ():
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield requirement


def python_components() -> dict[str, tuple[Component, list[str]]]:
    """By name: the component of each package, and the names of those that it requires."""
    found: dict[str, tuple[Component, list[str]]] = {}
    waiting = [(NAME, EXTRAS)]
    while waiting:
        name, extras = waiting.pop()
        key = canonicalize_name(name)
        needs = list(required(key, extras))
        names = [str(canonicalize_name(requirement.name)) for requirement in needs]
        if key in found:
            names = sorted({*names, *found[key][1]})
        found[key] = (component(key, metadata.version(key), "pypi"), names)
        waiting += [
            (requirement.name, tuple(requirement.extras))
            for requirement in needs
            if canonicalize_name(requirement.name) not in found or requirement.extras
        ]
    return found


def page_components() -> Iterator[Component]:
    """The libraries of the page, as package-lock.json pins them."""
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    for name in lock["packages"][""]["dependencies"]:
        if name in BUILDS:
            continue
        entry = lock["packages"][f"node_modules/{name}"]
        made = component(name, entry["version"], "npm")
        digest = base64.b64decode(entry["integrity"].removeprefix("sha512-")).hex()
        made.hashes.add(HashType(alg=HashAlgorithm.SHA_512, content=digest))
        yield made


def component(name: str, version: str, kind: str) -> Component:
    namespace, _, last = name.rpartition("/")
    url = PackageURL(type=kind, namespace=namespace or None, name=last, version=version)
    return Component(
        type=ComponentType.LIBRARY,
        group=namespace or None,
        name=last,
        version=version,
        purl=url,
        bom_ref=str(url),
    )


def bill() -> Bom:
    """The whole of it; the gateway itself is what it is about."""
    packages = python_components()
    gateway, needs = packages.pop(NAME)
    gateway.type = ComponentType.APPLICATION
    bom = Bom()
    bom.metadata.component = gateway
    page = list(page_components())
    for made in (*(entry[0] for entry in packages.values()), *page):
        bom.components.add(made)
    bom.register_dependency(gateway, [*(packages[name][0] for name in needs), *page])
    for made, names in packages.values():
        bom.register_dependency(made, [packages[name][0] for name in names])
    return bom


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    file: Path = parser.parse_args().file
    file.parent.mkdir(parents=True, exist_ok=True)
    JsonV1Dot6(bill()).output_to_file(str(file), allow_overwrite=True, indent=2)


if __name__ == "__main__":
    main()
