from __future__ import annotations

import base64
import json
import os
import re
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tornado_ollama import __version__
from tornado_ollama.cli import main
from tornado_ollama.commands import durations, serve
from tornado_ollama.config import SETTINGS, Settings, load

from .access.keys import SECRET, claims, hs_token

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "environ", dict(os.environ))  # `.env` is read into it


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*argv: str) -> tuple[int, str, str]:
        try:
            code = main(argv)
        except SystemExit as end:  # argparse's
            code = int(end.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings with which `serve` was called."""
    calls: list[Settings] = []

    def record(args: object, read_settings: Callable[[], Settings]) -> int:
        calls.append(read_settings())
        return 0

    monkeypatch.setattr(serve, "run", record)
    return calls


# -- settings --------------------------------------------------------------------------------


def test_without_a_file_the_defaults_hold(run: Run, served: list[Settings]) -> None:
    assert run("serve") == (0, "", "")
    assert served == [load(None, {"XDG_STATE_HOME": os.environ["XDG_STATE_HOME"]}, {})]


def test_the_file_of_the_directory_is_found(run: Run, served: list[Settings]) -> None:
    Path("config.yaml").write_text("listen: {port: 1001}")
    run("serve")
    Path("other.yaml").write_text("listen: {port: 1002}")
    run("serve", "--config", "other.yaml")
    assert [settings.listen.port for settings in served] == [1001, 1002]


def test_flags_win_over_the_environment_and_the_environment_over_dotenv(
    run: Run, served: list[Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("config.yaml").write_text("listen: {port: 1, host: localhost}\nlog: {level: error}")
    Path(".env").write_text(f"PORT=2\nTIMEOUT=2\nLOG_LEVEL=debug\nJWT_SECRET_KEY={'s' * 40}\n")
    monkeypatch.setenv("TIMEOUT", "3")
    run("serve", "--port", "4", "--log-level", "warning")
    run("serve", "--host", "::1")
    assert [s.listen.port for s in served] == [4, 2]
    assert [s.listen.host for s in served] == ["localhost", "::1"]
    assert [s.service.timeout for s in served] == [3, 3]
    assert [s.log.level for s in served] == ["warning", "debug"]
    assert served[0].auth.configured


@pytest.mark.parametrize(
    ("command", "flag", "key"),
    [
        (command, flag.name, setting.key)
        for setting in SETTINGS.values()
        if (flag := setting.row.flag)
        for command in flag.commands
    ],
)
def test_a_flag_of_a_setting_is_one_of_its_commands(
    run: Run, command: str, flag: str, key: str
) -> None:
    code, out, _ = run(command, "--help")
    assert code == 0
    assert f" {flag} " in out and f"({key})" in " ".join(out.split())
    _, _, err = run(command, flag, "\n")
    assert f"{key}: " in err and f"({flag})" in err


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("serve", "--config", "nix.yaml"), "nix.yaml: cannot be read"),
        (("serve", "--port", "70000"), "(--port)"),
        (("serve", "--host", "0.0.0.0"), "tornado-ollama token create"),
        (("check", "--url", "localhost"), "(--url)"),
        (("token", "jwt", "--sub", "a", "--ttl", "1h"), "JWT_SECRET_KEY"),
        (("token", "create", "--name", "a b"), "--name"),
        (("token", "create", "--name", ""), "--name"),
        (("token", "create", "--name", "a", "--scope", "all"), "--scope"),
        (("token", "create", "--name", "a", "--scope", ""), "--scope"),
        (("token", "create", "--name", "a", "--limit", "requests_per_minute"), "--limit"),
        (("token", "create", "--name", "a", "--limit", "unheard_of=1"), "--limit"),
        (("token", "create", "--name", "a", "--entry", "--group", "g"), "--entry"),
        (("token", "create", "--name", "a", "--entry", "--deny-from", "::1"), "--entry"),
        (("token", "create", "--name", "a", "--allow-from", "10.0.0.0/99"), "--allow-from"),
        (("token", "revoke", "--sub", "a" * 8193), "--sub: What is revoked must have 1 to 8192"),
        (("token", "revoke", "--key", ""), "--key"),
        (("token", "revoke", "a"), "no stored token named 'a'"),
        (("token", "rotate", "a"), "no stored token named 'a'"),
        (("token", "revoke"), "one of NAME, --jti, --sub and --key"),
        (("token", "revoke", "a", "--jti", "b"), "one of NAME, --jti, --sub and --key"),
        (("token", "revoke", "a", "--undo"), "--undo"),
        (("token", "revoke", "--sub", "a", "--undo"), "--sub"),
    ],
)
def test_a_wrong_setting_is_one_line_and_exit_code_2(
    run: Run, argv: tuple[str, ...], expected: str
) -> None:
    code, out, err = run(*argv)
    assert (code, out) == (2, "")
    assert err.startswith("tornado-ollama: ") and expected in err and err.count("\n") == 1


def test_a_dotenv_that_is_no_text_is_refused(run: Run) -> None:
    Path(".env").write_bytes(b"PORT=\xff\xfe")
    code, _, err = run("token", "create", "--name", "a")
    assert code == 2 and ".env" in err


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("nix",),
        ("serve", "--nix"),
        ("serve", "--embedded", "maybe"),
        ("token",),
        ("token", "create"),
        ("token", "jwt", "--sub", "a"),
        ("token", "create", "--name", "a", "--ttl", "soon"),
        ("token", "create", "--name", "a", "--ttl", "0"),
        ("monitor", "--interval", "-1"),
        ("embedded", "--port", "x"),
    ],
)
def test_wrong_usage_is_exit_code_2(run: Run, argv: tuple[str, ...]) -> None:
    code, out, err = run(*argv)
    assert (code, out) == (2, "") and "usage:" in err


@pytest.mark.parametrize(
    "argv",
    [
        (),
        *(("serve",), ("check",), ("monitor",), ("embedded",)),
        *(("token",), ("token", "create"), ("token", "jwt"), ("token", "inspect")),
        *(("token", "list"), ("token", "revoke"), ("token", "rotate")),
    ],
)
def test_every_command_has_help(run: Run, argv: tuple[str, ...]) -> None:
    code, out, _ = run(*argv, "--help")
    assert code == 0 and "usage: tornado-ollama" in out


def test_help_names_a_configuration_file_that_is_the_defaults(run: Run) -> None:
    last = run("serve", "--help")[1].splitlines()[-1]
    assert load(Path(last.strip()), {}, {}) == load(None, {}, {})


def test_the_version_is_said(run: Run) -> None:
    code, out, err = run("--version")
    assert (code, err) == (0, "")
    assert re.fullmatch(rf"tornado-ollama {re.escape(__version__)}( \([0-9a-f]{{12}}\))?\n", out)


def test_an_interrupt_is_quiet(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(serve, "run", interrupted)
    assert run("serve") == (130, "", "")


# -- tokens ----------------------------------------------------------------------------------


def test_a_created_token_works_with_the_entry_it_came_with(run: Run) -> None:
    asked = ("--scope", "manage, generate", "--model", "l*", "--model", "q", "--ttl", "30d")
    code, out, _ = run("token", "create", "--entry", "--name", "laptop", *asked)
    token, _, rest = out.partition("\n")
    entry = rest[rest.index("\nauth:") :]
    assert code == 0 and token not in rest
    Path("config.yaml").write_text(entry)
    assert yaml.safe_load(entry)["auth"].keys() == {"generate_tokens", "model_tokens"}
    code, out, _ = run("token", "inspect", token)
    assert code == 0 and token not in out
    assert "name:     laptop\nscopes:   generate, manage\nmodels:   'l*', 'q'\n" in out
    assert "(in 29d)" in out


@pytest.mark.parametrize(
    ("listen", "url"),
    [
        ("{}", "http://127.0.0.1:8000"),
        ("{host: 0.0.0.0, port: 9000}", "http://127.0.0.1:9000"),
        ("{host: '::1'}", "http://[::1]:8000"),
        ("{host: gateway.example}", "http://gateway.example:8000"),
    ],
)
def test_a_token_for_urls_comes_with_the_url_to_paste(run: Run, listen: str, url: str) -> None:
    Path("config.yaml").write_text(f"listen: {listen}")
    asked = ("--entry", "--path", "--scope", "generate,manage")
    code, out, _ = run("token", "create", "--name", "phone", *asked)
    token, _, rest = out.partition("\n")
    assert code == 0
    assert f"\n{url}/k/{token}\n{url}/k/{token}/v1" in rest
    entry = yaml.safe_load(rest[rest.index("\nauth:") : rest.index("\nFor programs")])["auth"]
    assert entry["path_tokens"] is True
    assert "`path_tokens: false` and `generate_tokens: []` and `model_tokens: []`" in rest
    assert entry["generate_tokens"] == entry["model_tokens"]
    assert entry["generate_tokens"][0]["path"] is True
    Path("config.yaml").write_text(yaml.dump({"auth": entry}))
    code, out, _ = run("token", "inspect", token)
    assert code == 0 and "\nin a URL: yes\n" in out and token not in out


def test_every_created_token_is_another(run: Run) -> None:
    first, second = (run("token", "create", "--name", n)[1].split("\n")[0] for n in "ab")
    assert first != second and len(first) > 40 and first.startswith("to-")


def test_a_token_without_bounds_never_expires(run: Run) -> None:
    out = run("token", "create", "--entry", "--name", "a")[1]
    Path("config.yaml").write_text(out[out.index("\nauth:") :])
    told = run("token", "inspect", out.split("\n")[0])[1]
    assert "scopes:   generate\nmodels:   all\nexpires:  never\n" in told


# -- the token store -------------------------------------------------------------------------


def listed(run: Run) -> dict[str, dict[str, Any]]:
    """The tokens that are no longer or not yet replaced, by name."""
    tokens = json.loads(run("token", "list", "--json")[1])["tokens"]
    return {token["name"]: token for token in tokens if "replaced" not in token["status"]}


def test_a_created_token_is_stored_and_shown_once(run: Run) -> None:
    asked = ("--scope", "manage,generate", "--model", "l*", "--ttl", "30d")
    code, out, _ = run("token", "create", "--name", "laptop", *asked)
    token = out.split("\n")[0]
    path = Path(os.environ["XDG_STATE_HOME"], "tornado-ollama", "gateway.sqlite3")
    assert code == 0 and str(path) in out and out.count(token) == 1
    assert token.encode() not in path.read_bytes()
    code, out, _ = run("token", "inspect", token)
    assert code == 0 and token not in out
    assert "kind:     a stored token\nname:     laptop\nscopes:   generate, manage\n" in out
    assert "models:   'l*'\n" in out and "(in 29d)" in out
    code, out, _ = run("token", "list")
    assert code == 0 and token not in out
    assert out.splitlines()[1].split()[:4] == ["laptop", "valid", "generate,manage", "l*"]


def test_a_token_for_urls_is_stored_with_the_url_to_paste(run: Run) -> None:
    code, out, _ = run("token", "create", "--name", "phone", "--path")
    token = out.split("\n")[0]
    assert code == 0 and f"\nhttp://127.0.0.1:8000/k/{token}\n" in out
    assert "`auth: {path_tokens: true}`" in out
    assert "in a URL: no" in run("token", "inspect", token)[1]
    Path("config.yaml").write_text("auth: {path_tokens: true}")
    assert "path_tokens" not in run("token", "create", "--name", "phone-2", "--path")[1]


def test_a_token_has_limits_and_groups_of_its_own(run: Run) -> None:
    asked = ("--limit", "requests_per_minute=60", "--limit", "queue_timeout=1.5", "--group", "g")
    assert run("token", "create", "--name", "a", *asked)[0] == 0
    kept = listed(run)["a"]
    assert kept["limits"] == {"requests_per_minute": 60, "queue_timeout": 1.5}
    assert kept["groups"] == ["g"]


def test_a_token_is_bound_to_addresses(run: Run) -> None:
    asked = ("--allow-from", "10.0.0.0/8", "--allow-from", "::1", "--deny-from", "10.6.6.6")
    assert run("token", "create", "--name", "a", *asked)[0] == 0
    kept = listed(run)["a"]
    assert (kept["allow_from"], kept["deny_from"]) == (["10.0.0.0/8", "::1"], ["10.6.6.6"])


def test_a_name_is_given_once(run: Run) -> None:
    Path("config.yaml").write_text("auth: {generate_tokens: [{name: a, token: abc}]}")
    for name in ("a", "b", "b"):
        code, out, err = run("token", "create", "--name", name)
    assert code == 2 and out == "" and "--name: There is a token named b" in err
    assert "--name: There is a token named a" in run("token", "create", "--name", "a")[2]


def test_an_expired_token_gives_its_name_away(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run("token", "create", "--name", "a", "--ttl", "1s")
    later = time.time() + 2
    monkeypatch.setattr(time, "time", lambda: later)
    assert run("token", "create", "--name", "a")[0] == 0
    assert listed(run)["a"]["status"] == "valid"


def test_a_rotated_token_keeps_its_rights(run: Run) -> None:
    first = run("token", "create", "--name", "a", "--model", "l*", "--scope", "manage")[1]
    second = run("token", "rotate", "a", "--grace", "1h")[1]
    third = run("token", "rotate", "a")[1]
    assert "The old one is valid until" in second and "valid until" not in third
    for out, code in ((first, 0), (second, 1), (third, 0)):
        refused, said, _ = run("token", "inspect", out.split("\n")[0])
        assert refused == code and "scopes:   manage\nmodels:   'l*'\n" in said
    assert listed(run)["a"]["models"] == ["l*"]


def test_a_revoked_token_is_said_to_be_so(run: Run) -> None:
    token = run("token", "create", "--name", "a")[1].split("\n")[0]
    newer = run("token", "rotate", "a", "--grace", "1h")[1].split("\n")[0]
    assert run("token", "revoke", "a")[:2] == (0, "a: revoked\n")
    for text in (token, newer):
        code, out, _ = run("token", "inspect", text)
        assert code == 1 and "\nrevoked:  2" in out
    assert run("token", "create", "--name", "a")[0] == 0


def test_a_token_of_the_configuration_is_revoked_too(run: Run) -> None:
    Path("config.yaml").write_text("auth: {generate_tokens: [{name: a, token: abc}]}")
    assert run("token", "revoke", "a")[:2] == (0, "a: revoked\n")
    code, out, _ = run("token", "inspect", "abc")
    assert code == 1 and "\nrevoked:  yes" in out
    assert listed(run)["a"]["status"] == "revoked"
    Path("config.yaml").write_text("auth: {generate_tokens: [{name: a, token: other}]}")
    assert run("token", "inspect", "other")[0] == 0


@pytest.mark.parametrize(("kind", "value"), [("sub", "ann"), ("jti", "j1")])
def test_jwts_are_revoked_and_taken_back(run: Run, secret: None, kind: str, value: str) -> None:
    token = hs_token(claims(sub="ann", jti="j1", exp=4e9))
    assert run("token", "inspect", token)[0] == 0
    assert run("token", "revoke", f"--{kind}", value)[0] == 0
    code, out, _ = run("token", "inspect", token)
    assert code == 1 and "\nrevoked:  yes" in out
    assert f": {kind} '{value}'" in run("token", "list")[1]
    assert run("token", "revoke", f"--{kind}", value, "--undo")[0] == 0
    assert run("token", "inspect", token)[0] == 0


def test_a_mistyped_token_is_told_apart_from_a_stranger(run: Run) -> None:
    token = run("token", "create", "--name", "a")[1].split("\n")[0]
    assert "mistyped" in run("token", "inspect", token[:-1])[1]
    assert "mistyped" not in run("token", "inspect", "somebody-else's")[1]


def test_without_a_store_there_is_nothing_to_create_in(run: Run) -> None:
    Path("config.yaml").write_text("auth: {token_store: false}")
    for command in (("create", "--name", "a"), ("list",), ("revoke", "a"), ("rotate", "a")):
        code, _, err = run("token", *command)
        assert code == 2 and "auth.token_store" in err
    assert run("token", "create", "--entry", "--name", "a")[0] == 0
    assert run("token", "inspect", "x")[0] == 1


def test_a_store_that_cannot_be_used_is_one_line(run: Run) -> None:
    Path("config.yaml").write_text("state: {directory: config.yaml}")
    for command in (("create", "--name", "a"), ("list",), ("inspect", "a")):
        code, out, err = run("token", *command)
        assert (code, out, err.count("\n")) == (2, "", 1) and "config.yaml/gateway" in err


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JWT_SECRET_KEY", SECRET)


@pytest.mark.usefixtures("secret")
def test_a_signed_jwt_is_what_it_was_asked_to_be(run: Run) -> None:
    Path("config.yaml").write_text("auth: {jwt: {issuer: here, audience: ollama}}")
    asked = ("--scope", "generate,manage", "--model", "l*", "--ttl", "1h30m")
    code, out, _ = run("token", "jwt", "--sub", "ann", *asked)
    assert code == 0 and out.count("\n") == 1
    code, told, _ = run("token", "inspect", out.strip())
    assert code == 0 and out.strip() not in told
    assert "kind:     a JWT\nname:     ann\nscopes:   generate, manage\nmodels:   'l*'\n" in told
    assert "(in 90m)" in told


@pytest.mark.usefixtures("secret")
def test_a_jwt_without_scope_has_the_default_scopes(run: Run) -> None:
    Path("config.yaml").write_text("auth: {jwt: {default_scopes: [manage]}}")
    token = run("token", "jwt", "--sub", "ann", "--ttl", "60")[1].strip()
    assert "scopes:   manage\n" in run("token", "inspect", token)[1]


@pytest.mark.usefixtures("secret")
def test_a_jwt_is_signed_with_the_configured_algorithm(run: Run) -> None:
    Path("config.yaml").write_text("auth: {jwt: {algorithms: [HS512]}}")
    token = run("token", "jwt", "--sub", "ann", "--ttl", "60")[1].strip()
    assert token.startswith(base64.b64encode(b'{"alg":"HS512"').decode()[:18])
    assert run("token", "inspect", token)[0] == 0


@pytest.mark.usefixtures("secret")
def test_a_written_jwt_can_be_read_by_its_owner_only(run: Run) -> None:
    old = os.umask(0)
    try:
        code, out, _ = run("token", "jwt", "--sub", "ann", "--ttl", "60", "--out", "user_token.txt")
    finally:
        os.umask(old)
    written = Path("user_token.txt")
    assert code == 0 and written.read_text().strip() not in out and "user_token.txt" in out
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert run("token", "inspect", written.read_text())[0] == 0


@pytest.mark.usefixtures("secret")
@pytest.mark.parametrize("there", ["file", "link", "directory", "no place"])
def test_a_jwt_is_written_over_nothing(run: Run, there: str) -> None:
    Path("elsewhere").write_text("kept")
    out = Path("nix/out" if there == "no place" else "out")
    match there:
        case "file":
            out.write_text("kept")
        case "link":
            out.symlink_to("nowhere")
        case "directory":
            out.mkdir()
    code, said, err = run("token", "jwt", "--sub", "a", "--ttl", "60", "--out", str(out))
    assert (code, said) == (2, "") and "--out" in err
    assert not Path("nowhere").exists()
    assert there != "file" or out.read_text() == "kept"


@pytest.mark.usefixtures("secret")
@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("nobody's", "unknown or no longer valid"),
        ("", "unknown or no longer valid"),
        (hs_token(claims(exp=1)), "refused: it has expired"),
        (hs_token(claims(), secret="x" * 40), "refused: its signature is not right"),
        (hs_token(claims(), algorithm="HS512"), "refused: its algorithm"),
    ],
)
def test_a_refused_token_is_exit_code_1(run: Run, token: str, expected: str) -> None:
    code, out, _ = run("token", "inspect", token)
    assert code == 1 and expected in out and (not token or token not in out)


def test_a_jwt_is_refused_for_the_missing_key_where_there_is_none(run: Run) -> None:
    code, out, _ = run("token", "inspect", hs_token(claims()))
    assert code == 1 and "no key for JWTs is configured" in out and "algorithm" not in out


def test_an_expired_token_is_said_to_be_so(run: Run) -> None:
    Path("config.yaml").write_text("auth: {model_tokens: [{name: old, token: t, expires: 9}]}")
    code, out, _ = run("token", "inspect", "t")
    assert code == 1 and "name:     old" in out and " ago)" in out


def test_a_token_is_read_from_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("config.yaml").write_text("auth: {generate_tokens: [{name: a, token: from-pipe}]}")
    with Path("pipe").open("w+") as pipe:
        pipe.write("from-pipe\n")
        pipe.seek(0)
        monkeypatch.setattr("sys.stdin", pipe)
        assert run("token", "inspect", "-")[0] == 0


def test_tokens_can_be_inspected_where_a_start_would_be_refused(run: Run) -> None:
    Path("config.yaml").write_text("listen: {host: 0.0.0.0}")
    assert run("token", "inspect", "x")[0] == 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("15m", 900), ("1h", 3600), ("30d", 2592000), ("1H30M", 5400), (" 60 ", 60)],
)
def test_lengths_of_time_are_read(text: str, seconds: float) -> None:
    assert durations.duration(text) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0s"), (119, "119s"), (120, "2m"), (7300, "2h"), (200000, "2d")]
)
def test_lengths_of_time_are_told_in_a_fitting_unit(seconds: float, text: str) -> None:
    assert durations.spoken(seconds) == text
