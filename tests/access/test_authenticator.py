from __future__ import annotations

from dataclasses import dataclass

import pytest

from tornado_ollama.access import authenticator as module
from tornado_ollama.access import jwt
from tornado_ollama.access.authenticator import Authenticator, build_authenticator
from tornado_ollama.access.credentials import Bearer, from_frame
from tornado_ollama.access.fingerprint import Fingerprint, digest
from tornado_ollama.access.jwt_keys import JwtKey
from tornado_ollama.access.principal import Scope
from tornado_ollama.access.tokens import StaticToken, TokenTable
from tornado_ollama.errors import BadRequest, Unauthorized

from .keys import HS_KEY, NOW, SECRET, claims, hs_token

GENERATE = frozenset((Scope.GENERATE,))
BOTH = frozenset(Scope)
NOBODY: frozenset[Scope] = frozenset()

LAPTOP = StaticToken("laptop", digest("laptop-token"), GENERATE, ("llama3",), NOW + 100)
TOKENS = (LAPTOP, StaticToken("admin", digest("admin-token"), BOTH))


@dataclass
class Auth:
    tokens: tuple[StaticToken, ...] = TOKENS
    jwt_keys: tuple[JwtKey, ...] = (HS_KEY,)
    path_tokens: bool = False


def made(auth: Auth | None = None, anonymous: frozenset[Scope] = NOBODY) -> Authenticator:
    return build_authenticator(auth or Auth(), anonymous)


def test_a_known_token_is_its_principal() -> None:
    who = made().authenticate(from_frame("laptop-token"), NOW)
    assert (who.name, who.kind, who.scopes) == ("laptop", "token", GENERATE)
    assert (who.models, who.expires) == (("llama3",), NOW + 100)


def test_a_jwt_is_its_principal() -> None:
    assert made().authenticate(from_frame(hs_token(claims())), NOW).name == "ann"


REFUSED = {
    "unknown": "nobody's-token",
    "in other case": "LAPTOP-TOKEN",
    "shortened": "laptop-toke",
    "lengthened": "laptop-token ",
    "its hash": digest("laptop-token").hex(),
    "the secret": SECRET,
    "forged": hs_token(claims(), secret="x" * 40),
    "expired": hs_token(claims(exp=1)),
    "too long": "x" * 100_000,
    "not ASCII": "töken",
    "not even UTF-8": "\ud800",
    "with NUL": "laptop-token\x00",
    "malformed": "Basic !!!",
}


@pytest.mark.parametrize("name", REFUSED)
def test_unknown_expired_and_forged_get_the_same_answer(name: str) -> None:
    with pytest.raises(Unauthorized) as refused:
        made().authenticate(from_frame(REFUSED[name]), NOW)
    assert refused.value.message == "The credential is unknown or no longer valid."


def test_a_static_token_ends_at_its_time() -> None:
    assert made().authenticate(from_frame("laptop-token"), NOW + 99.9)
    with pytest.raises(Unauthorized, match="unknown or no longer"):
        made().authenticate(from_frame("laptop-token"), NOW + 100)


@pytest.mark.parametrize("nothing", ["", "ollama", "Not-Needed", "undefined"])
def test_a_missing_credential_is_told_how_to_send_one(nothing: str) -> None:
    with pytest.raises(Unauthorized, match="Authorization: Bearer"):
        made().authenticate(from_frame(nothing), NOW)


def test_of_several_credentials_those_that_are_valid_count() -> None:
    good, bad = Bearer("laptop-token"), Bearer("nobody's-token")
    for sent in (
        (good, bad),
        (bad, good),
        (Bearer("ollama"), good),
        (Bearer("Basic !"), bad, good),
    ):
        assert made().authenticate(sent, NOW).name == "laptop"
        assert made(anonymous=BOTH).authenticate(sent, NOW).name == "laptop"
    with pytest.raises(Unauthorized, match="unknown or no longer"):
        made().authenticate((Bearer("ollama"), bad), NOW)


def test_valid_credentials_of_one_principal_are_no_contradiction() -> None:
    old, new = (hs_token(claims(exp=NOW + ttl)) for ttl in (60, 3600))
    assert made().authenticate((Bearer(old), Bearer(new)), NOW).name == "ann"


@pytest.mark.parametrize(
    "other", ["admin-token", hs_token(claims(sub="bob")), hs_token(claims(scope="manage"))]
)
def test_valid_credentials_of_two_principals_are_refused(other: str) -> None:
    first = Bearer("laptop-token" if other == "admin-token" else hs_token(claims()))
    for anonymous in (NOBODY, BOTH):
        with pytest.raises(BadRequest, match="two principals"):
            made(anonymous=anonymous).authenticate((first, Bearer(other)), NOW)


def test_a_placeholder_that_is_configured_is_a_token() -> None:
    auth = Auth((StaticToken("local", digest("ollama"), GENERATE),))
    assert made(auth).authenticate(from_frame("ollama"), NOW).name == "local"


IN_PATH = StaticToken("phone", digest("phone-token"), GENERATE, in_path=True)


def in_path(text: str) -> Bearer:
    return Bearer(text, in_path=True)


def test_only_a_token_that_is_meant_for_it_stands_in_the_url() -> None:
    gate = made(Auth((*TOKENS, IN_PATH)))
    assert gate.authenticate((in_path("phone-token"),), NOW).name == "phone"
    assert gate.authenticate((Bearer("phone-token"),), NOW).name == "phone"
    for text in ("laptop-token", hs_token(claims()), "nobody's-token", "ollama", "phone-token "):
        with pytest.raises(Unauthorized, match="unknown or no longer"):
            gate.authenticate((in_path(text),), NOW)


def test_a_token_in_the_url_is_one_of_several() -> None:
    gate = made(Auth((*TOKENS, IN_PATH)))
    good, bad = in_path("phone-token"), in_path("nobody's-token")
    for sent in ((Bearer("ollama"), good), (Bearer("nobody's-token"), good)):
        assert gate.authenticate(sent, NOW).name == "phone"
    assert gate.authenticate((Bearer("phone-token"), good), NOW).name == "phone"
    assert gate.authenticate((Bearer("laptop-token"), bad), NOW).name == "laptop"
    with pytest.raises(BadRequest, match="two principals"):
        gate.authenticate((Bearer("laptop-token"), good), NOW)


def test_a_wrong_token_in_the_url_is_refused_though_everybody_is_let_in() -> None:
    gate = made(Auth((IN_PATH,)), BOTH)
    assert gate.authenticate((Bearer("ollama"),), NOW).kind == "anonymous"
    for sent in ((in_path("ollama"),), (Bearer("ollama"), in_path("nobody's-token"))):
        with pytest.raises(Unauthorized, match="unknown or no longer"):
            gate.authenticate(sent, NOW)


def test_with_nothing_configured_any_credential_is_ignored() -> None:
    everybody = made(Auth((), ()), BOTH)
    for token in ("", "ollama", "not-needed", hs_token(claims())):
        who = everybody.authenticate(from_frame(token), NOW)
        assert (who.kind, who.scopes, who.models, who.expires) == ("anonymous", BOTH, None, None)


def test_while_open_known_tokens_still_are_somebody() -> None:
    half_open = made(anonymous=GENERATE)
    assert half_open.authenticate(from_frame("admin-token"), NOW).scopes == BOTH
    assert half_open.authenticate(from_frame("ollama"), NOW).name == "anonymous"
    assert half_open.authenticate((), NOW).scopes == GENERATE


def test_without_jwt_keys_no_jwt_is_believed() -> None:
    with pytest.raises(Unauthorized):
        made(Auth(jwt_keys=())).authenticate(from_frame(hs_token(claims())), NOW)


def test_a_verdict_is_kept_but_not_beyond_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    real = jwt.verify

    def counted(token: str, keys: object, now: float, issuers: object) -> object:
        calls.append(token)
        return real(token, [HS_KEY], now)

    monkeypatch.setattr(jwt, "verify", counted)
    gate, token = made(), hs_token(claims(exp=NOW + 10))
    for _ in range(3):
        assert gate.authenticate(from_frame(token), NOW).name == "ann"
    assert len(calls) == 1
    with pytest.raises(Unauthorized):
        gate.authenticate(from_frame(token), NOW + 40)
    with pytest.raises(Unauthorized):
        gate.authenticate(from_frame(token), NOW + 40)


def test_tokens_of_one_header_do_not_share_a_verdict() -> None:
    gate = made()
    ann, bob = hs_token(claims(sub="ann")), hs_token(claims(sub="bob", scope="manage"))
    assert ann[:30] == bob[:30]
    assert [gate.authenticate(from_frame(token), NOW).name for token in (ann, bob, ann)] == [
        "ann",
        "bob",
        "ann",
    ]
    with pytest.raises(Unauthorized):
        mixed = ann.rpartition(".")[0] + "." + bob.rpartition(".")[2]
        gate.authenticate(from_frame(mixed), NOW)


def test_the_cache_of_verdicts_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CACHED_VERDICTS", 3)
    gate = made()
    for number in range(10):
        token = hs_token(claims(sub=f"u{number}"))
        assert gate.authenticate(from_frame(token), NOW).name == f"u{number}"
        assert len(gate._verdicts) <= 3


def test_refusals_are_not_kept() -> None:
    gate = made()
    for number in range(5):
        with pytest.raises(Unauthorized):
            gate.authenticate(from_frame(hs_token(claims(exp=number))), NOW)
    assert not gate._verdicts


def test_ten_thousand_tokens_are_told_apart() -> None:
    many = [StaticToken(f"n{i}", digest(f"t{i}"), GENERATE) for i in range(10_000)]
    table = TokenTable(many, b"k" * 32)
    found = table.find(Fingerprint.of("t9999"), NOW)
    assert found is not None and found.name == "n9999"
    assert table.find(Fingerprint.of("t10000"), NOW) is None


def test_the_table_does_not_hold_the_digests_as_keys() -> None:
    one, two = TokenTable([LAPTOP], b"a" * 32), TokenTable([LAPTOP], b"b" * 32)
    keys = [*one._by_index, *two._by_index]
    assert LAPTOP.sha256 not in keys and keys[0] != keys[1]


def test_no_representation_shows_a_hash() -> None:
    assert digest("laptop-token").hex() not in repr(LAPTOP)
    assert repr(LAPTOP.sha256) not in repr(LAPTOP)
