"""`config.reload`: a reload never opens what was closed, unless the file says so."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tornado_ollama.config import Settings, SettingsReader
from tornado_ollama.config.reload import ATTEMPTS
from tornado_ollama.errors import ConfigError

BOUNDED = """\
listen:
  trusted_proxies: [10.0.0.0/8]
limits:
  max_parallel: 2
auth:
  generate_tokens:
    - name: laptop
      token: a-token-for-the-laptop
      models: [smollm2*]
      expires: 2030-01-31
    - name: guest
      token: a-token-for-the-guest
      models: [smollm2*]
  jwt:
    secret: a-secret-that-is-long-enough-for-hs256
    issuer: me
  anonymous: false
cors:
  origins: ["https://app.example.com"]
"""

Reload = Callable[[str], Settings]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def reader(file: Path, text: str, environ: dict[str, str] | None = None) -> Reload:
    """Has read `text`, and reads each text that it is called with as a reload."""
    file.write_text(text)
    read = SettingsReader(file, environ or {}, {}, serving=True)
    read()

    def reload(text: str) -> Settings:
        file.write_text(text)
        return read()

    return reload


@pytest.mark.parametrize("text", ["", "\n", "# a comment\n", "---\n", "null\n", "{}\n", "\ufeff"])
@pytest.mark.parametrize("before", [BOUNDED, "chat: {default_model: m}\n"])
def test_a_file_without_a_key_is_refused_whatever_else_is_configured(
    file: Path, text: str, before: str
) -> None:
    secret = {"JWT_SECRET_KEY": "s" * 32}
    for environ in ({}, secret):
        with pytest.raises(ConfigError, match="is empty"):
            reader(file, before, environ)(text)


@pytest.mark.parametrize(
    "auth", ["auth: null", "auth:", "auth: {}", "auth: {generate_tokens: []}", "chat: {}"]
)
def test_the_last_credential_is_not_lost_by_a_reload(file: Path, auth: str) -> None:
    with pytest.raises(ConfigError, match=r"auth\.anonymous: true"):
        reader(file, BOUNDED)(f"log: {{level: info}}\n{auth}\n")


@pytest.mark.parametrize("anonymous", ["true", "false"])
def test_the_last_credential_goes_where_the_file_says_who_may_come_then(
    file: Path, anonymous: str
) -> None:
    settings = reader(file, BOUNDED)(f"auth: {{anonymous: {anonymous}}}\n")
    assert not settings.auth.configured


def test_what_was_closed_to_everybody_is_not_opened_by_silence(file: Path) -> None:
    reload = reader(file, "auth: {anonymous: false}\n")
    with pytest.raises(ConfigError, match=r"auth\.anonymous: true"):
        reload("log: {level: info}\n")


def test_what_was_open_stays_open(file: Path) -> None:
    reload = reader(file, "chat: {default_model: one}\n")
    assert reload("chat: {default_model: two}\n").chat.default_model == "two"


def test_the_address_that_is_bound_decides_who_may_be_anonymous(file: Path) -> None:
    reload = reader(file, "listen: {host: 0.0.0.0}\nauth: {generate_tokens: [one]}\n")
    with pytest.raises(ConfigError, match=r"auth\.anonymous: true"):
        reload("listen: {host: 127.0.0.1}\nauth: {generate_tokens: []}\n")


@pytest.mark.parametrize("end", ["", "\n"], ids=["cut within lines", "and a line end"])
def test_no_beginning_of_a_file_grants_more_than_the_whole(file: Path, end: str) -> None:
    """Every one of them is either refused, or only takes credentials away."""
    file.write_text(BOUNDED)
    whole = SettingsReader(file, {}, {}, serving=True)()
    bounds = {token.sha256: token for token in whole.auth.tokens}
    accepted, reload = 0, reader(file, BOUNDED)
    lines = [at for at, character in enumerate(BOUNDED) if character == "\n"]
    for length in lines if end else range(1, len(BOUNDED), 4):
        try:
            settings = reload(BOUNDED[:length] + end)
        except ConfigError:
            continue
        accepted, reload = accepted + 1, reader(file, BOUNDED)
        assert settings.auth.configured and not settings.anonymous_scopes()
        assert settings.listen == whole.listen and settings.limits == whole.limits
        assert settings.cors == whole.cors
        assert all(token == bounds[token.sha256] for token in settings.auth.tokens)
        assert set(settings.auth.jwt_keys) <= set(whole.auth.jwt_keys)
    assert accepted <= 1  # no more than the whole with its last line end


def test_a_new_file_that_ends_within_a_line_is_refused(file: Path) -> None:
    reload = reader(file, BOUNDED)
    with pytest.raises(ConfigError, match="within a line"):
        reload("# new\n" + BOUNDED.replace("guest", "somebody")[:-40])


@pytest.mark.parametrize("text", ['{"auth": {"generate_tokens": ["one"]}}', "  {auth: {}}\n"])
def test_a_file_that_ends_with_its_bracket_needs_no_line_end(file: Path, text: str) -> None:
    reader(file, "chat: {}\nlog: {level: info}\n")(text)


def test_a_file_that_never_had_a_last_line_end_needs_none(file: Path) -> None:
    reload = reader(file, "auth: {generate_tokens: [one]}")
    (token,) = reload("auth: {generate_tokens: [two, one]}").auth.tokens[1:]
    assert token.name == "generate-2"


TOKENS = """\
auth:
  model_tokens:
    - token: one
  generate_tokens:
    - token: one
    - token: two
"""


@pytest.mark.parametrize("lines", [5, 3], ids=["the last token", "a whole list"])
def test_what_stands_last_can_be_withdrawn(file: Path, lines: int) -> None:
    settings = reader(file, TOKENS)("".join(TOKENS.splitlines(keepends=True)[:lines]))
    assert len(settings.auth.tokens) == 1


def test_a_shorter_file_is_taken_when_it_says_that_it_is_whole(file: Path) -> None:
    shorter = BOUNDED.partition("cors:")[0]
    reload = reader(file, BOUNDED)
    with pytest.raises(ConfigError, match="three points"):
        reload(shorter)
    assert reload(shorter + "...\n").cors.origins == ()


@pytest.mark.parametrize("content", ["", "\n", " "])
@pytest.mark.parametrize("key", ["token_file", "secret_file"])
def test_a_file_of_a_secret_that_is_empty_for_a_moment_is_refused(
    file: Path, key: str, content: str
) -> None:
    secret = file.with_name("secret")
    secret.write_text("x" * 40)
    auth = {
        "token_file": "generate_tokens: [{token_file: secret}]",
        "secret_file": "jwt: {secret_file: secret}",
    }[key]
    text = f"auth: {{{auth}}}\n"
    reload = reader(file, text)
    secret.write_text(content)
    with pytest.raises(ConfigError, match=key):
        reload(text)


def test_what_was_refused_does_not_count_as_read(file: Path) -> None:
    reload = reader(file, BOUNDED)
    for text in ("", BOUNDED[:100], BOUNDED.partition("cors:")[0]):
        with pytest.raises(ConfigError):
            reload(text)
    assert reload(BOUNDED).auth.configured


EDITED = "# edited\n" + BOUNDED
HALF = EDITED.partition("      models:")[0]


def while_it_changes(file: Path, *texts: str) -> tuple[Settings, tuple[str, ...]]:
    """A reload that begins when the file, which held `BOUNDED`, holds the first of the texts; the
    others, the last one for ever, follow whenever it waits."""
    file.write_text(BOUNDED)
    read = SettingsReader(file, {}, {}, serving=True)
    read()
    first, *rest = texts
    file.write_text(first)

    async def write_on(seconds: float) -> None:
        if rest:
            file.write_text(rest.pop(0))

    return asyncio.run(read.reload(write_on))


@pytest.mark.parametrize("half", [HALF, "", "auth: [", "# edited\n"], ids=repr)
def test_a_file_is_taken_when_it_is_whole(file: Path, half: str) -> None:
    settings, told = while_it_changes(file, half, EDITED[:-20], EDITED)
    assert settings.auth.tokens[0].models == ("smollm2*",) and not told


def test_a_mistake_that_stays_is_refused(file: Path) -> None:
    with pytest.raises(ConfigError, match="prot"):
        while_it_changes(file, "listen: {prot: 1}\n")


def test_a_file_that_never_holds_still_is_refused(file: Path) -> None:
    with pytest.raises(ConfigError, match="being written all the time"):
        while_it_changes(file, *(f"# {number}\n{BOUNDED}" for number in range(ATTEMPTS + 1)))


def test_a_file_of_a_token_has_to_hold_still_too(file: Path) -> None:
    secret = file.with_name("secret")
    secret.write_text("the-whole-token")
    file.write_text("auth: {generate_tokens: [{token_file: secret}]}\n")
    read = SettingsReader(file, {}, {}, serving=True)
    whole = read().auth.tokens
    secret.write_text("the-who")

    async def write_on(seconds: float) -> None:
        secret.write_text("the-whole-token")

    settings, _ = asyncio.run(read.reload(write_on))
    assert settings.auth.tokens == whole


def test_half_a_file_that_stays_is_told(file: Path) -> None:
    settings, told = while_it_changes(file, HALF)
    assert settings.auth.tokens[0].models is None
    (line,) = told
    assert "laptop" in line and "every model" in line and "without end" in line


TOKEN = "auth: {{generate_tokens: [{{name: n, token: one{}}}]}}\n"
JWT = "auth: {{jwt: {{secret: a-secret-that-is-long-enough-for-hs256{}}}}}\n"


@pytest.mark.parametrize(
    ("form", "before", "after", "words"),
    [
        (TOKEN, ", models: [a*]", "", "every model"),
        (TOKEN, ", models: [a*]", ", models: [a*, b]", "more models"),
        (TOKEN, ", models: [a]", ", models: ['a*']", "more models"),
        (TOKEN, ", models: [a*]", ", models: [ab*, abc]", None),
        (TOKEN, ", models: ['*']", ", models: [b]", None),
        (TOKEN, "", ", models: [a]", None),
        (TOKEN, ", expires: 2030-01-31", "", "without end"),
        (TOKEN, ", expires: 2030-01-31", ", expires: 2030-02-01", "for longer"),
        (TOKEN, ", expires: 2030-01-31", ", expires: 2030-01-30", None),
        (TOKEN, "", ", path: true", "in a URL"),
        (TOKEN, ", path: true", "", None),
        (TOKEN, "", "}], model_tokens: [{token: one", "manage"),
        (TOKEN, "}], model_tokens: [{token: one", "", None),
        (TOKEN, "}], anonymous: false, model_tokens: [{token: two",
         "}], anonymous: true, model_tokens: [{token: two", "Everybody .* generate"),
        (TOKEN, "}], anonymous: false, model_tokens: [{token: two",
         "}], public: [tags, show], model_tokens: [{token: two", "Everybody .* show and tags"),
        (JWT, ", issuer: me", "", "any issuer"),
        (JWT, ", audience: us", "", "any audience"),
        (JWT, "", ", require_exp: false", "without exp"),
        (JWT, "", ", default_scopes: [generate, manage]", "manage where"),
        (JWT, "", ", issuer: me, audience: us", None),
    ],
)  # fmt: skip
def test_what_may_do_more_is_told(
    file: Path, form: str, before: str, after: str, words: str | None
) -> None:
    file.write_text(form.format(before))
    read = SettingsReader(file, {}, {}, serving=True)
    read()
    file.write_text("# edited\n" + form.format(after))

    async def at_once(seconds: float) -> None:
        pass

    _, told = asyncio.run(read.reload(at_once))
    if words is None:
        assert not told
    else:
        (line,) = told
        assert re.search(words, line)
        assert ("token n " in line) == (form is TOKEN and "Everybody" not in words)
