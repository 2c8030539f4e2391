from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tornado_ollama.access.principal import Scope
from tornado_ollama.access.quota import Quota
from tornado_ollama.config import Settings, load
from tornado_ollama.errors import ConfigError

from .access.keys import ec_key, private_pem, public_pem, rsa_key

SHIPPED = Path(__file__).parent.parent / "config.yaml"
SECRET = "not to be shown, " * 4
OPEN = {"HOST": "0.0.0.0"}

Write = Callable[[Any], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(content: Any) -> Path:
        path = tmp_path / "config.yaml"
        text = content if isinstance(content, str) else yaml.safe_dump(content)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    return write


def complaint(
    path: Path | None, environ: dict[str, str] | None = None, flags: dict[str, Any] | None = None
) -> str:
    with pytest.raises(ConfigError) as refused:
        load(path, environ or {}, flags or {})
    message = str(refused.value)
    assert "\n" not in message and message.isprintable()
    return message


# -- layers ----------------------------------------------------------------------------------


def test_the_shipped_file_is_the_defaults() -> None:
    assert load(SHIPPED, {}, {}) == load(None, {}, {})


@pytest.mark.parametrize("text", ["", "\n\n", "# only\n# comments\n", "---\n", "null", "\ufeff"])
def test_a_file_without_keys_is_the_defaults(write: Write, text: str) -> None:
    assert load(write(text), {}, {}) == load(None, {}, {})


def test_null_is_the_default(write: Write) -> None:
    path = write("listen: null\nservice: {base_url: null, timeout: ~}\nauth: {jwt: , anonymous: }")
    assert load(path, {}, {}) == load(None, {}, {})


def test_a_later_layer_wins(write: Write) -> None:
    path = write({"listen": {"port": 1001}})
    assert load(path, {}, {}).listen.port == 1001
    assert load(path, {"PORT": "1002"}, {}).listen.port == 1002
    assert load(path, {"PORT": "1002"}, {"listen.port": "1003"}).listen.port == 1003
    assert load(path, {"PORT": ""}, {"listen.port": None}).listen.port == 1001


def test_a_layer_replaces_only_its_own_keys(write: Write) -> None:
    path = write({"listen": {"port": 1001, "drain_timeout": 3}, "auth": {"jwt": {"leeway": 1}}})
    settings = load(path, {"HOST": "localhost", "JWT_SECRET_KEY": SECRET}, {})
    assert (settings.listen.host, settings.listen.port) == ("localhost", 1001)
    assert settings.auth.jwt_keys[0].leeway == 1


def test_every_variable_reaches_its_key() -> None:
    environ = {
        "HOST": "::1",
        "PORT": "9000",
        "ALLOWED_HOSTS": " Gate.example , b.example,",
        "OLLAMA_BASE_URL": "https://ollama.example/prefix/",
        "TIMEOUT": "2.5",
        "JWT_SECRET_KEY": SECRET,
        "CORS_ORIGINS": "https://a.example, https://*.b.example/",
        "DEFAULT_MODEL": "llama3",
        "LOG_FORMAT": "JSON",
        "LOG_LEVEL": "Debug",
    }
    settings = load(None, environ, {})
    assert (settings.listen.host, settings.listen.port) == ("::1", 9000)
    assert settings.listen.allowed_hosts == ("gate.example", "b.example")
    assert settings.service.base_url == "https://ollama.example/prefix"
    assert settings.service.timeout == 2.5
    assert settings.auth.jwt_keys[0].key == SECRET.strip()
    assert settings.cors.origins == ("https://a.example", "https://*.b.example")
    assert settings.chat.default_model == "llama3"
    assert (settings.log.format, settings.log.level) == ("json", "debug")


def test_of_two_variables_of_one_key_the_one_named_first_in_the_table_wins() -> None:
    urls = {"BACKEND_URL": "http://b.example", "OLLAMA_BASE_URL": "http://o.example"}
    assert load(None, urls, {}).service.base_url == "http://o.example"
    urls["OLLAMA_BASE_URL"] = " "
    assert load(None, urls, {}).service.base_url == "http://b.example"
    origins = {"OLLAMA_ORIGINS": "https://o.example", "CORS_ORIGINS": "https://c.example"}
    assert load(None, origins, {}).cors.origins == ("https://c.example",)


def test_other_variables_do_not_matter() -> None:
    assert load(None, {"OLLAMA_HOST": "0.0.0.0", "LISTEN_PORT": "x"}, {}) == load(None, {}, {})


# -- complaints ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tree", "key", "rule"),
    [
        ({"listen": {"port": 70000}}, "listen.port: 70000", "0 to 65535"),
        ({"listen": {"port": -1}}, "listen.port: -1", "0 to 65535"),
        ({"listen": {"port": "8000"}}, 'listen.port: "8000"', "0 to 65535"),
        ({"listen": {"port": True}}, "listen.port: true", "0 to 65535"),
        ({"listen": {"port": 80.5}}, "listen.port: 80.5", "0 to 65535"),
        ({"listen": {"host": ""}}, 'listen.host: ""', "not empty"),
        ({"listen": {"host": "localhost:80"}}, "listen.host", "without a port"),
        ({"listen": {"host": "a b"}}, "listen.host", "an address"),
        ({"listen": {"host": "[::1]:80"}}, "listen.host", "without a port"),
        ({"listen": {"host": "a..b"}}, "listen.host", "a host name"),
        ({"listen": {"host": "a" * 64}}, "listen.host", "a host name"),
        ({"listen": {"allowed_hosts": "a.example"}}, "listen.allowed_hosts", "a list"),
        ({"listen": {"allowed_hosts": ["https://a"]}}, "listen.allowed_hosts", "host names"),
        ({"listen": {"allowed_hosts": ["*.a"]}}, "listen.allowed_hosts", "wildcard"),
        ({"listen": {"trusted_proxies": ["10.0.0.0/33"]}}, "listen.trusted_proxies", "networks"),
        ({"listen": {"trusted_proxies": ["proxy"]}}, "listen.trusted_proxies", "networks"),
        ({"listen": {"drain_timeout": -1}}, "listen.drain_timeout: -1", "from 0"),
        ({"listen": {"tls": {"cert_file": "c.pem"}}}, "listen.tls.cert_file", "together"),
        ({"listen": {"tls": {"key_file": "k.pem"}}}, "listen.tls.key_file", "together"),
        ({"listen": {"tls": {"cert_file": "c", "key_file": "k"}}}, "cert_file", "can be read"),
        ({"listen": 8000}, "listen: 8000", "a table"),
        ({"listen": [8000]}, "listen: [8000]", "a table"),
        ({"service": {"timeout": -1}}, "service.timeout: -1", "above 0"),
        ({"service": {"timeout": 0}}, "service.timeout: 0", "above 0"),
        ({"service": {"timeout": float("nan")}}, "service.timeout: NaN", "above 0"),
        ({"service": {"load_timeout": float("inf")}}, "service.load_timeout", "a week"),
        ({"service": {"connect_timeout": "5s"}}, "service.connect_timeout", "seconds"),
        ({"service": {"forward_unknown": "yes"}}, "service.forward_unknown", "true or false"),
        ({"service": {"base_url": "localhost:11434"}}, "service.base_url", "http://"),
        ({"service": {"base_url": "ftp://a"}}, 'service.base_url: "ftp://a"', "http://"),
        ({"service": {"base_url": "http://"}}, "service.base_url", "http://"),
        ({"service": {"base_url": "http://a:99999"}}, "service.base_url", "http://"),
        ({"service": {"base_url": "http://a/?x=1"}}, "service.base_url", "query"),
        ({"service": {"base_url": "http://a b"}}, "service.base_url", "http://"),
        ({"service": {"base_url": "http://a\\@b"}}, "service.base_url", "http://"),
        ({"service": {"base_url": "http://a..b:11434"}}, "service.base_url", "looked up"),
        ({"service": {"base_url": "http://.a"}}, "service.base_url", "looked up"),
        ({"service": {"base_url": f"http://{'a' * 64}.b"}}, "service.base_url", "looked up"),
        ({"service": {"base_url": 7}}, "service.base_url: 7", "a text"),
        (
            {"cors": {"origins": ["a.example"]}},
            "cors.origins",
            "it must be a list of origins, scheme://host",
        ),
        ({"cors": {"origins": ["*"]}}, 'cors.origins: ["*"]', "anonymous"),
        ({"cors": {"origins": ["https://*"]}}, "cors.origins", "anonymous"),
        ({"models": {"aliases": {"a": 7}}}, "models.aliases", "names"),
        ({"models": {"aliases": {"a": ""}}}, "models.aliases", "names"),
        ({"models": {"aliases": ["a"]}}, "models.aliases", "names"),
        ({"models": {"defaults": {"q*": {"num_ctx": 0}}}}, "models.defaults.q*.num_ctx", "1 or"),
        ({"models": {"defaults": {"q*": {"keep_alive": "5"}}}}, "q*.keep_alive", "unit"),
        ({"models": {"defaults": {"q*": {"keep_alive": True}}}}, "q*.keep_alive", "5m"),
        ({"models": {"defaults": {"q*": {"think": "maybe"}}}}, "q*.think", "medium"),
        ({"models": {"defaults": {"q*": {"options": [1]}}}}, "q*.options", "a table"),
        ({"models": {"defaults": {"q*": {"options": {"a": float("nan")}}}}}, "q*.options", ""),
        ({"models": {"defaults": {"q*": 5}}}, "models.defaults.q*: 5", "a table"),
        ({"models": {"defaults": {7: {}}}}, "models.defaults.7", "quotes"),
        ({"chat": {"default_model": 7}}, "chat.default_model: 7", "a text"),
        ({"limits": {"max_body_bytes": 0}}, "limits.max_body_bytes: 0", "1 or more"),
        ({"limits": {"models": {"q*": 0}}}, "limits.models", "1 or more"),
        ({"limits": {"per_address": {"max_parallel": -1}}}, "limits.per_address", "0 for no"),
        ({"limits": {"per_credential": {"rpm": 9}}}, "limits.per_credential", "requests_per_min"),
        ({"limits": {"per_credential": {"priority": 0}}}, "limits.per_credential", "1 to 100"),
        *(
            ({"limits": {"per_credential": {"queue_timeout": value}}}, "per_credential", "numbers")
            for value in (float("inf"), float("nan"), -1)
        ),
        ({"limits": {"groups": {"a": 7}}}, 'limits.groups: {"a": 7}', "a table of groups"),
        ({"log": {"format": "xml"}}, 'log.format: "xml"', "text or json"),
        ({"log": {"level": "loud"}}, 'log.level: "loud"', "warning"),
        ({"auth": {"anonymous": "yes"}}, 'auth.anonymous: "yes"', "auto, true or false"),
        ({"auth": {"generate_tokens": "tok"}}, "auth.generate_tokens: <hidden>", "a list"),
        ({"auth": {"jwt": {"leeway": 4000}}}, "auth.jwt.leeway: 4000", "3600"),
        ({"auth": {"jwt": {"default_scopes": ["all"]}}}, "auth.jwt.default_scopes", "manage"),
        ({"auth": {"jwt": {"algorithms": []}}}, "auth.jwt.algorithms: []", "HS256"),
        ({"auth": {"jwt": {"algorithms": ["none"]}}}, 'auth.jwt.algorithms: ["none"]', "HS256"),
        ({"auth": {"jwt": {"algorithms": ["hs256"]}}}, "auth.jwt.algorithms", "HS256"),
        ({"auth": {"jwt": {"algorithms": "HS256"}}}, "auth.jwt.algorithms", "a list"),
    ],
)
def test_an_impossible_value_is_named_with_its_rule_and_file(
    write: Write, tree: dict[str, Any], key: str, rule: str
) -> None:
    message = complaint(write(tree))
    assert key in message and rule in message
    assert "config.yaml" in message


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"listen": {"prot": 1}}, "listen.prot: is not a known key, did you mean port?"),
        ({"server": {}}, "server: is not a known key, did you mean service?"),
        ({"auth": {"jwt": {"jwks_uri": "https://x"}}}, "auth.jwt.jwks_uri: is not a known key"),
        ({"nothing": {}}, "config.yaml)"),
        ({"auth": {"tokens": []}}, "auth.tokens: is not a known key"),
        ({"warnings": []}, "warnings: is not a known key"),
        ({1: 2}, "1: is not a known key"),
        ({"a\nb": 2}, "is not a known key"),
    ],
)
def test_an_unknown_key_is_named(write: Write, tree: dict[Any, Any], expected: str) -> None:
    assert expected in complaint(write(tree))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("listen: {port: 1}\nlisten: {port: 2}", "line 2: the key 'listen' is there twice"),
        ("listen:\n  port: 1\n  port: 2", "line 3"),
        ("listen: [", "is not YAML"),
        ("listen:\n\tport: 1", "line 2"),
        ("- a", "must hold keys"),
        ("text", "must hold keys"),
        ("a: &x [1]\nb: *x", "quotes"),
        ("a: !!python/object/apply:os.system [ls]", "is not YAML"),
        ("[" * 2000, "is not YAML"),
        ("listen: \x00", "is not YAML"),
        ("{a: 1}: 2", "is not YAML"),
        ("limits:\n  timeout: 1:30", "line 2: put 1:30 in quotes"),
        ("listen: {port: 1" + ":1" * 100_000 + "}", "line 1: put 1:1:1"),
        ("auth: {generate_tokens: [{expires: 2026-99-99}]}", "is not YAML"),
    ],
)
def test_a_file_that_is_no_yaml_is_refused(write: Write, text: str, expected: str) -> None:
    message = complaint(write(text))
    assert expected in message and "config.yaml" in message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "nix.yaml: cannot be read (No such file" in complaint(tmp_path / "nix.yaml")
    assert "cannot be read" in complaint(tmp_path)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_bytes(b"listen: \xff\xfe")
    assert "is not UTF-8" in complaint(tmp_path / "c.yaml")
    (tmp_path / "c.yaml").write_bytes(b"#" * 5_000_000)
    assert "larger" in complaint(tmp_path / "c.yaml")


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "x"), ("PORT", "8000.5"), ("TIMEOUT", "nan"), ("TIMEOUT", "soon"), ("HOST", "a b")],
)
def test_a_bad_variable_is_named(name: str, value: str) -> None:
    message = complaint(None, {name: value})
    assert f'"{value}"' in message and message.endswith(f"({name})")


@pytest.mark.parametrize("host", ["a.b.", "127.0.0.1", "[::1]", "xn--bcher-kva.example", "a" * 63])
def test_hosts_of_ollama_may_be_names_and_addresses(host: str) -> None:
    url = f"http://{host}:11434"
    assert load(None, {"OLLAMA_BASE_URL": url}, {}).service.base_url == url


def test_a_bad_flag_is_named() -> None:
    assert complaint(None, {}, {"listen.port": "x"}).endswith("(--port)")
    assert complaint(None, {}, {"log.level": "x"}).endswith("(--log-level)")


def test_a_long_value_is_cut() -> None:
    assert len(complaint(None, {"LOG_LEVEL": "x" * 10_000})) < 300


def test_a_variable_below_something_that_is_no_table_is_refused(write: Write) -> None:
    assert "listen: 5" in complaint(write({"listen": 5}), {"PORT": "1"})
    empty: list[Any] = [None, {}]
    for table in empty:
        assert load(write({"listen": table}), {"PORT": "1"}, {}).listen.port == 1


SECRETS = "s3cr3t"


@pytest.mark.parametrize(
    "auth",
    [
        SECRETS,
        [SECRETS],
        {"jwt": SECRETS},
        {"generate_tokens": [SECRETS + " with space"]},
        {"generate_tokens": SECRETS},
        {"generate_tokens": {SECRETS: 1}},
        {"generate_tokens": [[SECRETS]]},
        {"model_tokens": [{"token": SECRETS + "é"}]},
        {"model_tokens": [{"sha256": SECRETS}]},
        {"model_tokens": [{"token": SECRETS, "sha256": SECRETS}]},
        {"model_tokens": [{"token": SECRETS, "expires": SECRETS}]},
        {"generate_tokens": [SECRETS, SECRETS]},
        {"jwt": {"secret": SECRETS}},
        {"jwt": {"secret": [SECRETS]}},
        {"jwt": {"secret": SECRETS * 9, "secret_file": "x"}},
    ],
)
def test_no_complaint_shows_a_secret(write: Write, auth: Any) -> None:
    assert SECRETS not in complaint(write({"auth": auth}))


def test_a_password_in_the_address_is_not_shown() -> None:
    for url in (f"http://u:{SECRETS}@a", f"http://{SECRETS}@a", f"ftp://x:{SECRETS}@"):
        message = complaint(None, {"BACKEND_URL": url})
        assert SECRETS not in message and "without user" in message


_TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["listen", "auth", "jwt", "port", "generate_tokens", "models", "defaults"]
            )
            | st.text(max_size=3),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(_TREES)
def test_any_file_is_loaded_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, tree: Any
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(yaml.safe_dump(tree), encoding="utf-8")
    try:
        load(path, {}, {})
    except ConfigError as error:
        assert str(error).isprintable()


# -- tokens ----------------------------------------------------------------------------------


def sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def tokens(path: Path) -> dict[str, Any]:
    return {token.name: token for token in load(path, {}, {}).auth.tokens}


def test_plain_tokens_get_names_and_do_not_stay(write: Write) -> None:
    auth = {"generate_tokens": ["tok-a", "tok-b"], "model_tokens": ["tok-c"]}
    settings = load(write({"auth": auth}), {}, {})
    assert [token.name for token in settings.auth.tokens] == ["generate-1", "generate-2", "model-1"]
    assert settings.auth.tokens[0].sha256.hex() == sha256("tok-a")
    assert settings.auth.tokens[2].scopes == {Scope.MANAGE}
    assert "tok-" not in repr(settings)


def test_an_entry_may_be_a_hash_or_a_file(write: Write, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    entries = [
        {"name": "hash", "sha256": sha256("x").upper()},
        {"name": "file", "token_file": "token"},
        {"name": "plain", "token": "t", "models": ["l*"], "expires": 99},
    ]
    found = tokens(write({"auth": {"generate_tokens": entries}}))
    assert found["hash"].sha256.hex() == sha256("x")
    assert found["file"].sha256.hex() == sha256("from-file")
    assert (found["plain"].models, found["plain"].expires) == (("l*",), 99.0)


def test_an_entry_may_have_limits_groups_and_addresses(write: Write) -> None:
    entry = {
        "name": "a",
        "token": "t",
        "limits": {"requests_per_minute": 5, "queue_timeout": 1.5, "max_sockets": None},
        "groups": ["staff"],
        "allow_from": ["10.0.0.0/8", "::1"],
        "deny_from": ["10.0.0.9"],
    }
    limits = {"groups": {"staff": {"priority": 9}}, "models": {"q*": 2}}
    auth = {"generate_tokens": [entry], "model_tokens": [dict(entry)]}
    path = write(json.dumps({"auth": auth, "limits": limits}))  # JSON is YAML, without aliases
    found = tokens(path)["a"]
    assert found.quota == Quota(requests_per_minute=5, queue_timeout=1.5)
    assert found.groups == ("staff",)
    assert found.addresses.admits("10.1.2.3") and not found.addresses.admits("10.0.0.9")
    settings = load(path, {}, {})
    assert settings.limits.groups == {"staff": Quota(priority=9)}
    assert settings.limits.models == {"q*": 2}


def test_a_token_in_both_lists_has_both_scopes(write: Write) -> None:
    auth = {
        "generate_tokens": ["one", {"name": "b", "token": "two", "models": ["l*"]}],
        "model_tokens": [
            {"name": "a", "sha256": sha256("one")},
            {"token": "two", "models": ["l*"]},
        ],
    }
    found = tokens(write({"auth": auth}))
    assert sorted(found) == ["a", "b"]
    assert found["a"].scopes == found["b"].scopes == set(Scope)
    assert found["b"].models == ("l*",)


@pytest.mark.parametrize(
    ("expires", "unix"),
    [
        ("2030-01-31", 1896048000),
        ("2030-01-31T12:00:00Z", 1896091200),
        ("2030-01-31T13:00:00+01:00", 1896091200),
        ("2030-01-31 12:00:00", 1896091200),
        ('"2030-01-31T12:00:00Z"', 1896091200),
        ('"2030-01-31"', 1896048000),
        ("1896091200", 1896091200),
        ("1896091200.5", 1896091200.5),
        ("null", None),
    ],
)
def test_expires_is_a_date_a_time_or_unix_seconds(
    write: Write, expires: str, unix: float | None
) -> None:
    entry = f"auth: {{generate_tokens: [{{token: t, expires: {expires}}}]}}"
    assert load(write(entry), {}, {}).auth.tokens[0].expires == unix


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        ({"generate_tokens": [7]}, "generate_tokens[0]: <hidden>"),
        ({"generate_tokens": ["ok", ""]}, "generate_tokens[1].token"),
        ({"generate_tokens": ["a b"]}, "without spaces"),
        ({"generate_tokens": ["tökén"]}, "ASCII"),
        ({"generate_tokens": ["x" * 9000]}, "generate_tokens[0].token"),
        ({"generate_tokens": [{}]}, "one of token, sha256 and token_file"),
        ({"generate_tokens": [{"token": "a", "sha256": "b"}]}, "one of token, sha256"),
        ({"generate_tokens": [{"token": 7}]}, "in quotes"),
        ({"generate_tokens": [{"sha256": "ab"}]}, "64 hex digits"),
        ({"generate_tokens": [{"sha256": "g" * 64}]}, "64 hex digits"),
        ({"generate_tokens": [{"sha256": 10**63}]}, "64 hex digits"),
        ({"generate_tokens": [{"token_file": "nix"}]}, "can be read, but: No such file"),
        ({"generate_tokens": [{"token_file": "."}]}, "can be read, but"),
        ({"generate_tokens": [{"token_file": "a\x00b"}]}, "can be read, but"),
        ({"generate_tokens": [{"token": "a", "scope": "x"}]}, "'scope' is not known"),
        ({"generate_tokens": [{"token": "a", "limits": {"rpm": 9}}]}, "requests_per_minute"),
        ({"generate_tokens": [{"token": "a", "limits": 9}]}, "[0].limits"),
        ({"generate_tokens": [{"token": "a", "groups": "staff"}]}, "names of limits.groups"),
        ({"generate_tokens": [{"token": "a", "allow_from": ["10.0.0.0/33"]}]}, "and networks"),
        ({"generate_tokens": [{"token": "a", "deny_from": "10.0.0.1"}]}, "and networks"),
        ({"generate_tokens": [{"token": "a", "name": "a b"}]}, "without spaces"),
        ({"generate_tokens": [{"token": "a", "name": "n" * 65}]}, "64 characters"),
        ({"generate_tokens": [{"token": "a", "name": 7}]}, "[0].name"),
        ({"generate_tokens": [{"token": "a", "models": "llama3"}]}, "a list of model names"),
        ({"generate_tokens": [{"token": "a", "models": [7]}]}, "a list of model names"),
        ({"generate_tokens": [{"token": "a", "expires": "soon"}]}, "Unix seconds"),
        ({"generate_tokens": [{"token": "a", "expires": -1}]}, "Unix seconds"),
        ({"generate_tokens": [{"token": "a", "expires": True}]}, "Unix seconds"),
        ({"generate_tokens": [{"token": "a", "expires": float("nan")}]}, "Unix seconds"),
        ({"generate_tokens": [{"token": "a", "expires": 10**30}]}, "Unix seconds"),
        ({"generate_tokens": [{"token": "a", "path": "yes"}]}, "[0].path"),
        *(
            ({"generate_tokens": [{"token": token, "path": True}]}, "letters, digits and - . _ ~")
            for token in ("a/b", "a%2fb", "a+b", "a?b", "..", ".")
        ),
        (
            {"generate_tokens": [{"token": "a", "path": True}], "model_tokens": ["a"]},
            "the same models, expires, path",
        ),
        ({"generate_tokens": ["a", "a"]}, "it is the one of auth.generate_tokens[0]"),
        (
            {"generate_tokens": [{"name": "n", "token": "a"}, {"name": "n", "token": "b"}]},
            "has the name n too",
        ),
        (
            {"generate_tokens": ["a", {"name": "generate-1", "token": "b"}]},
            "has the name generate-1 too",
        ),
        (
            {"generate_tokens": [{"token": "a", "models": ["x"]}], "model_tokens": ["a"]},
            "the same models, expires",
        ),
        (
            {"generate_tokens": [{"token": "a", "expires": 1}], "model_tokens": ["a"]},
            "the same models, expires",
        ),
        (
            {
                "generate_tokens": [{"name": "m", "token": "a"}],
                "model_tokens": [{"name": "n", "token": "a"}],
            },
            "named as in auth.generate_tokens[0]",
        ),
    ],
)
def test_an_impossible_token_is_named(write: Write, auth: dict[str, Any], expected: str) -> None:
    message = complaint(write({"auth": auth}))
    assert expected in message and "config.yaml" in message


# -- JWT keys --------------------------------------------------------------------------------


def test_the_secret_may_be_in_a_file(write: Write, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET + "\n")
    path = write({"auth": {"jwt": {"secret_file": "secret", "issuer": "i", "audience": "a"}}})
    settings = load(path, {}, {})
    key = settings.auth.jwt_keys[0]
    assert (key.key, key.issuer, key.audience) == (SECRET.strip(), "i", "a")
    assert "not to be shown" not in repr(settings)


def test_the_variable_wins_over_the_file_of_the_secret(write: Write) -> None:
    path = write({"auth": {"jwt": {"secret_file": "not there"}}})
    assert load(path, {"JWT_SECRET_KEY": SECRET}, {}).auth.jwt_keys[0].key == SECRET.strip()


def test_a_short_secret_is_told_how_to_make_a_good_one() -> None:
    message = complaint(None, {"JWT_SECRET_KEY": "your_secret_key_here"})
    assert "32 bytes or more" in message and "secrets.token_urlsafe(48)" in message
    assert message.endswith("(JWT_SECRET_KEY)") and "your_secret" not in message


@pytest.mark.parametrize(("algorithm", "least"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_secret_is_as_long_as_its_hash(write: Write, algorithm: str, least: int) -> None:
    path = write({"auth": {"jwt": {"algorithms": [algorithm]}}})
    assert f"{least} bytes" in complaint(path, {"JWT_SECRET_KEY": "x" * (least - 1)})
    assert load(path, {"JWT_SECRET_KEY": "x" * least}, {}).auth.configured


@pytest.mark.parametrize(
    "secret",
    [
        public_pem(rsa_key()).decode(),
        private_pem(ec_key()).decode(),
        json.dumps({"kty": "oct", "k": "x" * 40}),
    ],
)
def test_a_key_in_another_form_is_no_secret(write: Write, secret: str) -> None:
    message = complaint(write({"auth": {"jwt": {"secret": secret}}}))
    assert "not a key in PEM" in message and secret[:20] not in message


@pytest.fixture
def pem_files(tmp_path: Path) -> Path:
    for name, key in {"rsa": rsa_key(), "ec": ec_key()}.items():
        (tmp_path / f"{name}.pem").write_bytes(public_pem(key))
    (tmp_path / "private.pem").write_bytes(private_pem(ec_key()))
    (tmp_path / "not.pem").write_text("hello")
    return tmp_path


@pytest.mark.parametrize(
    ("jwt", "algorithms"),
    [
        ({"public_key_file": "rsa.pem", "algorithms": ["RS256", "PS256"]}, [("RS256", "PS256")]),
        ({"public_key_file": "ec.pem", "algorithms": ["ES256"]}, [("ES256",)]),
        (
            {"public_key_file": "ec.pem", "secret": SECRET, "algorithms": ["ES256", "HS256"]},
            [("HS256",), ("ES256",)],
        ),
        ({"secret": SECRET, "algorithms": ["HS256", "HS256"]}, [("HS256",)]),
    ],
)
def test_each_key_gets_the_algorithms_of_its_kind(
    write: Write, pem_files: Path, jwt: dict[str, Any], algorithms: list[tuple[str, ...]]
) -> None:
    keys = load(write({"auth": {"jwt": jwt}}), {}, {}).auth.jwt_keys
    assert [key.algorithms for key in keys] == algorithms


@pytest.mark.parametrize(
    ("jwt", "expected"),
    [
        ({"public_key_file": "rsa.pem"}, "to fit public_key_file"),
        ({"public_key_file": "rsa.pem", "algorithms": ["HS256"]}, "to fit public_key_file"),
        ({"public_key_file": "rsa.pem", "algorithms": ["ES256"]}, "of the kind of the key"),
        ({"public_key_file": "rsa.pem", "algorithms": ["RS256", "ES256"]}, "of the kind"),
        ({"public_key_file": "ec.pem", "algorithms": ["ES384"]}, "of the kind of the key"),
        ({"public_key_file": "rsa.pem", "algorithms": ["RS256", "HS256"]}, "each has its key"),
        ({"secret": SECRET, "algorithms": ["HS256", "RS256"]}, "each has its key"),
        ({"secret": SECRET, "algorithms": ["RS256"]}, "to fit auth.jwt.secret"),
        ({"secret": SECRET, "public_key_file": "rsa.pem"}, "to fit public_key_file"),
        ({"public_key_file": "private.pem", "algorithms": ["ES256"]}, "not the private one"),
        ({"public_key_file": "not.pem", "algorithms": ["ES256"]}, "one public key in PEM"),
        ({"public_key_file": "nix.pem", "algorithms": ["ES256"]}, "can be read, but"),
        ({"secret_file": "nix"}, "can be read, but"),
        ({"secret_file": "not.pem"}, "32 bytes or more"),
        ({"secret_file": "rsa.pem"}, "not a key in PEM"),
        ({"secret": SECRET, "secret_file": "not.pem"}, "given once"),
    ],
)
def test_a_key_that_does_not_fit_is_refused(
    write: Write, pem_files: Path, jwt: dict[str, Any], expected: str
) -> None:
    assert expected in complaint(write({"auth": {"jwt": jwt}}))


# -- who may come in -------------------------------------------------------------------------

TOKEN = {"auth": {"generate_tokens": ["tok"]}}
BOTH, GENERATE, NOBODY = frozenset(Scope), frozenset((Scope.GENERATE,)), frozenset[Scope]()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "LOCALHOST", "::1", "[::1]", "127.8.9.1"]
)
def test_on_loopback_with_nothing_configured_everything_is_open(host: str) -> None:
    settings = load(None, {"HOST": host}, {})
    assert settings.anonymous_scopes() == BOTH


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.5", "gate.example", "127.0.0.1.nip.io"]
)
def test_elsewhere_a_start_with_nothing_configured_is_refused(host: str) -> None:
    message = complaint(None, {"HOST": host})
    assert "tornado-ollama token create" in message and "auth.anonymous: true" in message
    assert host in message and message.endswith("(HOST)")
    assert load(None, {"HOST": host}, {}, serving=False).listen.host == host


@pytest.mark.parametrize(
    ("tree", "environ", "scopes"),
    [
        (TOKEN, {}, NOBODY),
        (TOKEN, OPEN, NOBODY),
        ({}, {"JWT_SECRET_KEY": SECRET}, NOBODY),
        ({}, {"JWT_SECRET_KEY": SECRET, **OPEN}, NOBODY),
        ({"auth": {"anonymous": True}}, {}, BOTH),
        ({"auth": {"anonymous": True}}, OPEN, GENERATE),
        ({"auth": {"anonymous": True, **TOKEN["auth"]}}, {}, GENERATE),
        ({"auth": {"anonymous": True, **TOKEN["auth"]}}, OPEN, GENERATE),
        ({"auth": {"anonymous": False}}, {}, NOBODY),
        ({"auth": {"anonymous": False}}, OPEN, NOBODY),
        ({"auth": {"anonymous": False, **TOKEN["auth"]}}, OPEN, NOBODY),
    ],
)
def test_anonymous_access_is_as_open_as_the_place_allows(
    write: Write, tree: dict[str, Any], environ: dict[str, str], scopes: frozenset[Scope]
) -> None:
    assert load(write(tree), environ, {}).anonymous_scopes() == scopes


def test_every_origin_may_be_allowed_where_credentials_are_asked_for(write: Write) -> None:
    tree = {**TOKEN, "cors": {"origins": ["*"]}}
    assert load(write(tree), {}, {}).cors.origins == ("*",)
    assert "anonymous" in complaint(None, {"CORS_ORIGINS": "*"})


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://localhost:8000", "127.0.0.1"),
        ("http://127.0.0.1:8000/", "localhost"),
        ("http://[::1]:8000/x", "127.0.0.1"),
        ("http://localhost:8000", "0.0.0.0"),
    ],
)
def test_the_gateway_is_not_its_own_ollama(write: Write, url: str, host: str) -> None:
    message = complaint(write(TOKEN), {"OLLAMA_BASE_URL": url, "HOST": host})
    assert "not the gateway's own" in message and message.endswith("(OLLAMA_BASE_URL)")
    assert load(write(TOKEN), {"OLLAMA_BASE_URL": url, "HOST": "10.0.0.1"}, {})


def test_the_default_address_may_be_the_gateways_own() -> None:
    assert complaint(None, {"PORT": "11434"}).endswith("(the default)")


# -- warnings --------------------------------------------------------------------------------


def warnings(path: Path, environ: dict[str, str] | None = None) -> tuple[str, ...]:
    return load(path, environ or {}, {}).warnings


def test_a_file_with_secrets_that_everybody_can_read_is_warned_of(write: Write) -> None:
    path = write(TOKEN)
    assert warnings(path) == ()
    path.chmod(0o644)
    assert [w.split(" ")[0] for w in warnings(path)] == ["config.yaml"]
    path = write({"auth": {"generate_tokens": [{"sha256": "a" * 64}]}})
    path.chmod(0o644)
    assert warnings(path) == ()
    path = write({"auth": {"jwt": {"secret": SECRET}}})
    path.chmod(0o644)
    assert len(warnings(path)) == 1
    path = write({})
    path.chmod(0o644)
    assert warnings(path, {"JWT_SECRET_KEY": SECRET}) == ()


def test_a_secret_of_its_own_file_is_warned_of(write: Write, tmp_path: Path) -> None:
    (tmp_path / "tok").write_text("tok")
    path = write({"auth": {"model_tokens": [{"token_file": "tok"}]}})
    (tmp_path / "tok").chmod(0o644)
    assert [w.split(" ")[0] for w in warnings(path)] == ["tok"]
    (tmp_path / "tok").chmod(0o600)
    assert warnings(path) == ()


def test_a_gateway_that_admits_nobody_is_warned_of(write: Write) -> None:
    assert "nobody can get in" in warnings(write({"auth": {"anonymous": False}}))[0]


def test_a_proxy_before_an_open_gateway_is_warned_of(write: Write) -> None:
    proxied = {"listen": {"trusted_proxies": ["127.0.0.1/32"]}}
    assert "whoever can reach the proxy" in warnings(write(proxied))[0]
    assert warnings(write({**proxied, **TOKEN})) == ()


# -- other -----------------------------------------------------------------------------------


def test_files_are_looked_for_beside_the_configuration(write: Write, tmp_path: Path) -> None:
    for name in ("c.pem", "k.pem"):
        (tmp_path / name).write_text("pem")
    path = write({"listen": {"tls": {"cert_file": "c.pem", "key_file": "k.pem"}}})
    tls = load(path, {}, {}).listen.tls
    assert (tls.cert_file, tls.key_file) == (str(tmp_path / "c.pem"), str(tmp_path / "k.pem"))


def test_defaults_of_models_keep_their_order(write: Write) -> None:
    text = "{z*: {num_ctx: 1, keep_alive: -1, think: high}, a*: {options: {x: {y: 1}}}}"
    defaults = load(write(f"models: {{defaults: {text}}}"), {}, {}).models.defaults
    assert list(defaults) == ["z*", "a*"]
    assert (defaults["z*"].num_ctx, defaults["z*"].keep_alive, defaults["z*"].think) == (
        1,
        -1,
        "high",
    )
    assert defaults["a*"].options == {"x": {"y": 1}}


@pytest.mark.parametrize("keep_alive", ["5m", "1h30m", "0", "-1s", "1.5h", "250ms", 300, -1, 0.5])
def test_keep_alive_is_what_ollama_takes(write: Write, keep_alive: Any) -> None:
    tree = {"models": {"defaults": {"*": {"keep_alive": keep_alive}}}}
    assert load(write(tree), {}, {}).models.defaults["*"].keep_alive == keep_alive


def test_networks_get_their_one_spelling(write: Write) -> None:
    tree = {"listen": {"trusted_proxies": ["10.1.2.3/8", "::1", "192.168.1.1"]}}
    assert load(write(tree), {}, {}).listen.trusted_proxies == (
        *("10.0.0.0/8", "::1/128", "192.168.1.1/32"),
    )


SEED_WITH_TOKENS = """
auth:
  generate_tokens:    # tokens for generating
    - "your-generate-token-1"
    - "your-generate-token-2"
  model_tokens:       # tokens for managing models
    - "your-model-token-1"
    - "your-model-token-2"
service:
  base_url: "http://localhost:11434"  # where Ollama is
"""


def test_a_file_of_two_lists_and_an_address_is_enough(write: Write) -> None:
    settings: Settings = load(write(SEED_WITH_TOKENS), {"HOST": "0.0.0.0", "PORT": "8080"}, {})
    assert [len(token.scopes) for token in settings.auth.tokens] == [1, 1, 1, 1]
    assert settings.anonymous_scopes() == NOBODY


def test_a_secret_and_an_address_in_the_environment_are_enough() -> None:
    environ = {"JWT_SECRET_KEY": SECRET, "BACKEND_URL": "http://your-backend-url.com", **OPEN}
    settings = load(None, environ, {})
    assert settings.service.base_url == "http://your-backend-url.com"
    assert settings.auth.configured


def test_settings_are_frozen() -> None:
    with pytest.raises(AttributeError):
        load(None, {}, {}).listen.port = 1  # type: ignore[misc]


# -- issuers ----------------------------------------------------------------------------------

HOME = "https://id.example/realms/main"


def test_one_line_makes_an_issuer(write: Write) -> None:
    settings = load(write({"auth": {"jwt": {"discovery": HOME}}}), {}, {})
    [issuer] = settings.auth.issuers
    assert (issuer.issuer, issuer.discovery, issuer.audience) == (HOME, HOME, None)
    assert issuer.algorithms == {"RS256", "PS256", "ES256", "EdDSA"}
    assert settings.auth.configured and not settings.anonymous_scopes()
    assert any("no audience is set" in line for line in settings.warnings)


def test_issuers_stand_beside_each_other_and_a_secret(write: Write) -> None:
    jwt = {
        "secret": "s" * 40,
        "discovery": HOME + "/",
        "audience": "ollama",
        "algorithms": ["HS256", "ES256"],
        "issuers": {
            "partner": {
                "jwks_url": "http://10.0.0.1/keys",
                "issuer": "partner",
                "private_addresses": True,
                "claims": {"scopes": "roles", "manage": ["admin"]},
            }
        },
    }
    auth = load(write({"auth": {"jwt": jwt}}), {}, {}).auth
    ours, partner = auth.issuers
    assert ours.issuer == HOME + "/" and ours.algorithms == {"ES256"}
    assert (partner.issuer, partner.discovery) == ("partner", None)
    assert partner.claims.scopes == "roles" and partner.claims.manage == {"admin"}
    assert len(auth.jwt_keys) == 1 and auth.jwt_keys[0].algorithms == ("HS256",)


@pytest.mark.parametrize(
    ("jwt", "expected"),
    [
        ({"discovery": "http://id.example"}, "auth.jwt.discovery"),
        ({"discovery": "https://user@id.example"}, "auth.jwt.discovery"),
        ({"discovery": ""}, "auth.jwt.discovery"),
        ({"jwks_url": "https://id.example/keys"}, "auth.jwt.discovery"),
        ({"jwks_url": HOME, "discovery": HOME}, "auth.jwt.discovery"),
        ({"jwks_url": "file:///keys", "issuer": "x"}, "auth.jwt.jwks_url"),
        ({"issuers": {"a": {}}}, "auth.jwt.issuers.a.discovery"),
        ({"issuers": {"a": {"discovery": HOME, "secret": "x"}}}, "auth.jwt.issuers.a.secret"),
        ({"discovery": HOME, "issuers": {"a": {"discovery": HOME}}}, "issuers.a.issuer"),
        ({"discovery": HOME, "claims": {"scope": "roles"}}, "auth.jwt.claims"),
        ({"discovery": HOME, "claims": {"manage": "admin"}}, "auth.jwt.claims"),
        ({"discovery": HOME, "claims": {"scopes": ""}}, "auth.jwt.claims"),
    ],
)
def test_an_impossible_issuer_is_named(write: Write, jwt: dict[str, Any], expected: str) -> None:
    assert f"{expected}: " in complaint(write({"auth": {"jwt": jwt}}))


# -- keys of the ollama command ---------------------------------------------------------------

LINE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINeWGxxJeiTylu+71dKzxveIm5Qa2+n9ZZJEPmIY8sAr"


def test_a_key_is_a_line_or_a_table(write: Write) -> None:
    [key] = load(write({"auth": {"ollama_keys": [f"{LINE} ann@home"]}}), {}, {}).auth.keys
    assert (key.name, set(key.scopes), key.models) == ("ann@home", {Scope.GENERATE}, None)
    table = {"key": LINE, "scopes": ["manage"], "models": ["l*"], "expires": 4e9}
    auth = load(write({"auth": {"ollama_keys": [table]}}), {}, {}).auth
    [key] = auth.keys
    assert (key.name, set(key.scopes), key.models) == ("key-1", {Scope.MANAGE}, ("l*",))
    assert key.expires == 4e9 and auth.configured and not auth.ollama_keys


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([""], "auth.ollama_keys[0].key: "),
        (["ssh-rsa AAAA"], "auth.ollama_keys[0].key: "),
        ([7], "auth.ollama_keys[0]: "),
        ([{"name": "a"}], "auth.ollama_keys[0].key: "),
        ([{"key": LINE, "name": "a b"}], "auth.ollama_keys[0].name: "),
        ([{"key": LINE, "scopes": ["all"]}], "auth.ollama_keys[0].scopes: "),
        ([{"key": LINE, "path": True}], "auth.ollama_keys[0]: "),
        ([{"key": LINE, "models": "l*"}], "auth.ollama_keys[0].models: "),
        ([LINE, LINE], "auth.ollama_keys[1]: "),
    ],
)
def test_an_impossible_key_is_named(write: Write, keys: list[Any], expected: str) -> None:
    assert expected in complaint(write({"auth": {"ollama_keys": keys}}))


@pytest.mark.parametrize(
    "auth",
    [
        {"ollama_keys": [LINE]},
        {"jwt": {"discovery": "https://issuer.example"}},
        {"jwt": {"secret": "a-secret-of-more-than-thirty-two-bytes"}},
    ],
    ids=["ollama_keys", "issuer", "secret"],
)
def test_what_verifies_is_imported_before_a_request_needs_it(
    auth: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps({"auth": auth}), encoding="utf-8")
    path.chmod(0o600)
    code = (
        "import pathlib, sys; from tornado_ollama.config import load; "
        "assert 'cryptography' not in sys.modules; load(pathlib.Path(sys.argv[1]), {}, {}); "
        "assert 'cryptography' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, timeout=60)
