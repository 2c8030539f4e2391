"""`deploy/kubernetes.yaml` has the form that Kubernetes takes, and says what the image is like."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from tornado_ollama.config import Settings, load

from .proxies import DEPLOY

MANIFESTS = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")))
DOCKERFILE = (DEPLOY.parent / "Dockerfile").read_text(encoding="utf-8")


def manifest(kind: str) -> Any:
    [found] = [each for each in MANIFESTS if each["kind"] == kind]
    return found


def pod() -> Any:
    return manifest("Deployment")["spec"]["template"]["spec"]


@pytest.fixture(scope="module")
def kubernetes() -> Any:
    import kubernetes_validate  # a second: only where it is used

    return kubernetes_validate


@pytest.mark.parametrize("version", ["1.29", "latest"])
@pytest.mark.parametrize("each", MANIFESTS, ids=lambda each: each["kind"])
def test_kubernetes_takes_its_form(kubernetes: Any, each: Any, version: str) -> None:
    known = kubernetes.latest_version() if version == "latest" else version
    kubernetes.validate(each, known, strict=True)


def test_a_wrong_key_would_be_seen(kubernetes: Any) -> None:
    wrong = {**manifest("Service"), "spce": {}}
    with pytest.raises(kubernetes.ValidationError):
        kubernetes.validate(wrong, "1.29", strict=True)


def test_it_fits_the_image() -> None:
    [container] = pod()["containers"]
    [port] = [port["containerPort"] for port in container["ports"]]
    assert f"EXPOSE {port}\n" in DOCKERFILE
    assert f"USER {pod()['securityContext']['runAsUser']}:" in DOCKERFILE
    assert "VOLUME /app/state\n" in DOCKERFILE
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {
        "/app/state",
        "/app/config.yaml",
    }
    assert manifest("Service")["spec"]["ports"][0]["port"] == port


def test_running_streams_may_finish() -> None:
    [container] = pod()["containers"]
    pause = int(container["lifecycle"]["preStop"]["exec"]["command"][-1])
    drain = Settings().listen.drain_timeout
    assert pod()["terminationGracePeriodSeconds"] > pause + drain


def test_its_configuration_lets_the_image_start(tmp_path: Any) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(manifest("Secret")["stringData"]["config.yaml"], encoding="utf-8")
    settings = load(file, dict(re.findall(r"\b(HOST|PORT)=(\S+)", DOCKERFILE)), {})
    assert (settings.listen.host, settings.listen.port) == ("0.0.0.0", 8080)


def test_its_probes_ask_a_route_that_needs_no_token() -> None:
    [container] = pod()["containers"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["path"] == "/health/live"
