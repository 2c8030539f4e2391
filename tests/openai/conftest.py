"""The official SDK as fixtures: `client`, and `make_client` for one with other settings."""

from tests.sdk_clients import client, make_client  # noqa: F401
