from __future__ import annotations

import base64
import json
from typing import Any

import jwt as pyjwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tornado_ollama.access import jws, jwt, jwt_keys
from tornado_ollama.access.jwt import InvalidToken, verify
from tornado_ollama.access.jwt_keys import JwtKey
from tornado_ollama.access.principal import Scope

from .keys import (
    HS_KEY,
    NOW,
    SECRET,
    b64,
    claims,
    ec_key,
    ed_key,
    hs_token,
    part,
    private_pem,
    public_pem,
    rsa_key,
)

GOOD = hs_token(claims())
HEADER, PAYLOAD, SIGNATURE = GOOD.split(".")
PEM = public_pem(rsa_key())
RS_KEY = JwtKey(jws.load_public_key(PEM), ("RS256",))


def header(**fields: Any) -> str:
    return hs_token(claims(), {"alg": "HS256", **fields})


def unsigned(alg: Any) -> str:
    return f"{part({'alg': alg})}.{PAYLOAD}."


def test_a_good_token_is_its_subject() -> None:
    ann = verify(GOOD, [HS_KEY], NOW)
    assert (ann.name, ann.kind, ann.models) == ("ann", "jwt", None)
    assert ann.scopes == {Scope.GENERATE}
    assert ann.expires == NOW + 630


BAD = {
    "alg none": unsigned("none"),
    "alg None": unsigned("None"),
    "alg NONE": unsigned("NONE"),
    "alg nOnE": unsigned("nOnE"),
    "alg empty": unsigned(""),
    "alg null": unsigned(None),
    "alg a list": unsigned(["none", "HS256"]),
    "alg none, signed": hs_token(claims(), {"alg": "none"}),
    "alg missing": hs_token(claims(), {"typ": "JWT"}),
    "alg a list with a good signature": hs_token(claims(), {"alg": ["HS256"]}),
    "alg in lower case": hs_token(claims(), {"alg": "hs256"}),
    "alg not configured": hs_token(claims(), algorithm="HS384"),
    "alg of a public key": hs_token(claims(), {"alg": "RS256"}),
    "header not an object": hs_token(claims(), b"[]"),
    "header not JSON": hs_token(claims(), b"{"),
    "header not UTF-8": hs_token(claims(), b'{"alg": "HS256", "x": "\xff"}'),
    "header nested deeply": hs_token(claims(), b'{"alg":' + b"[" * 3000),
    "header with crit": header(crit=["exp"], exp=1),
    "header with crit b64": header(crit=["b64"], b64=True),
    "header with empty crit": header(crit=[]),
    "header with b64 false": header(b64=False),
    "header with b64 true": header(b64=True),
    "kid not a text": header(kid=7),
    "secret of somebody else": hs_token(claims(), secret="x" * 40),
    "empty secret": hs_token(claims(), secret=b""),
    "exp missing": hs_token(claims(exp=None)),
    "exp past": hs_token(claims(exp=NOW - 31)),
    "exp now, leeway over": hs_token(claims(exp=NOW - 30)),
    "exp a text": hs_token(claims(exp=str(int(NOW + 600)))),
    "exp a list": hs_token(claims(exp=[NOW + 600])),
    "exp an object": hs_token(claims(exp={})),
    "exp null": hs_token({"sub": "a", "exp": None}),
    "exp true": hs_token(claims(exp=True)),
    "exp negative": hs_token(claims(exp=-1)),
    "exp huge": hs_token(claims(exp=10**400)),
    "exp with 5000 digits": hs_token(b'{"exp": ' + b"9" * 5000 + b"}"),
    "exp NaN": hs_token(b'{"exp": NaN}'),
    "exp Infinity": hs_token(b'{"exp": Infinity}'),
    "exp out of range": hs_token(b'{"exp": 1e999}'),
    "exp twice": hs_token(b'{"exp": 1, "exp": 1900000000}'),
    "nbf in the future": hs_token(claims(nbf=NOW + 31)),
    "nbf a text": hs_token(claims(nbf="0")),
    "iat in the future": hs_token(claims(iat=NOW + 31)),
    "iat NaN": hs_token(b'{"exp": 1900000000, "iat": NaN}'),
    "sub a number": hs_token(claims(sub=7)),
    "sub null": hs_token({"sub": None, "exp": NOW + 600}),
    "jti a number": hs_token(claims(jti=7)),
    "scope a list": hs_token(claims(scope=["manage"])),
    "models a text": hs_token(claims(models="*")),
    "models with a number": hs_token(claims(models=["a", 1])),
    "models null": hs_token({"exp": NOW + 600, "models": None}),
    "claims a list": hs_token([1]),
    "claims a text": hs_token("x"),
    "claims empty": f"{HEADER}..{SIGNATURE}",
    "claims not JSON": hs_token(b"{"),
    "claims not UTF-8": hs_token(b'{"exp": 1900000000, "sub": "\xff"}'),
    "claims in UTF-16": hs_token(json.dumps(claims()).encode("utf-16")),
    "claims nested deeply": hs_token(b'{"exp": 1900000000, "a": ' + b"[" * 3000),
    "nothing": "",
    "one part": HEADER,
    "two parts": f"{HEADER}.{PAYLOAD}",
    "no signature": f"{HEADER}.{PAYLOAD}.",
    "no header": f".{PAYLOAD}.{SIGNATURE}",
    "dots only": "..",
    "dot at the end": GOOD + ".",
    "dot before": "." + GOOD,
    "two dots": GOOD.replace(".", "..", 1),
    "JWE": f"{HEADER}.{PAYLOAD}.{SIGNATURE}.{PAYLOAD}.{SIGNATURE}",
    "JSON form": json.dumps({"protected": HEADER, "payload": PAYLOAD, "signature": SIGNATURE}),
    "truncated": GOOD[:-1],
    "padded": GOOD + "=",
    "padded header": f"{HEADER}==.{PAYLOAD}.{SIGNATURE}",
    "plain base64": GOOD.replace("_", "/").replace("-", "+") + "+",
    "new line": GOOD + "\n",
    "space": GOOD.replace(".", " .", 1),
    "NUL": GOOD + "\x00",
    "full-width dot": GOOD.replace(".", "\uff0e"),
    "non-ASCII": GOOD + "é",
    "lone surrogate": GOOD + "\ud800",
    "too long": hs_token(claims(pad="x" * 9000)),
    "claims of another": f"{HEADER}.{part(claims(sub='root'))}.{SIGNATURE}",
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_token_is_refused(name: str) -> None:
    with pytest.raises(InvalidToken):
        verify(BAD[name], [HS_KEY, RS_KEY], NOW)


@pytest.mark.parametrize("secret", [PEM, PEM.strip(), PEM + b"\n", PEM.replace(b"\n", b"\r\n")])
def test_a_public_key_is_never_an_hmac_secret(secret: bytes) -> None:
    forged = hs_token(claims(), secret=secret)
    for keys in ([RS_KEY], [HS_KEY, RS_KEY]):
        with pytest.raises(InvalidToken):
            verify(forged, keys, NOW)


def test_a_key_offered_in_the_header_is_not_used() -> None:
    offered = base64.urlsafe_b64encode(b"k" * 32).decode().rstrip("=")
    fields = {"jwk": {"kty": "oct", "k": offered}, "jku": "http://evil.example", "x5u": "x"}
    forged = hs_token(claims(), {"alg": "HS256", **fields}, secret=b"k" * 32)
    with pytest.raises(InvalidToken, match="signature"):
        verify(forged, [HS_KEY], NOW)
    assert verify(header(**fields), [HS_KEY], NOW).name == "ann"


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_any_byte_flipped_refuses_the_token(place: int, mask: int) -> None:
    flipped = bytearray(GOOD.encode())
    flipped[place] ^= mask
    with pytest.raises(InvalidToken):
        verify(flipped.decode("latin-1"), [HS_KEY], NOW)


@given(st.integers(1, 63))
def test_the_spare_bits_of_the_last_character_count(change: int) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = alphabet[alphabet.index(GOOD[-1]) ^ change]
    with pytest.raises(InvalidToken):
        verify(GOOD[:-1] + other, [HS_KEY], NOW)


@given(st.text(max_size=80) | st.lists(st.binary(max_size=30).map(b64), min_size=3, max_size=3))
def test_anything_else_is_refused(token: str | list[str]) -> None:
    text = token if isinstance(token, str) else ".".join(token)
    with pytest.raises(InvalidToken):
        verify(text, [HS_KEY], NOW)


@pytest.mark.parametrize(
    "over",
    [
        {"exp": NOW - 29},
        {"exp": NOW + 0.5},
        {"nbf": NOW + 30},
        {"iat": NOW + 30},
        {"iat": 0},
        {"aud": "somebody", "iss": "somebody"},
        {"aud": ["a", "b"]},
        {"exp": jwt.LAST_SECOND},
    ],
)
def test_clocks_may_differ_by_the_leeway(over: dict[str, Any]) -> None:
    assert verify(hs_token(claims(**over)), [HS_KEY], NOW).name == "ann"


def test_exp_may_be_missing_where_it_is_not_required() -> None:
    key = JwtKey(SECRET, ("HS256",), require_exp=False)
    assert verify(hs_token(claims(exp=None)), [key], NOW).expires is None
    with pytest.raises(InvalidToken, match="expired"):
        verify(hs_token(claims(exp=1)), [key], NOW)


STRICT = JwtKey(SECRET, ("HS256",), issuer="https://id.example", audience="ollama")


@pytest.mark.parametrize("aud", ["ollama", ["ollama"], ["other", "ollama"]])
def test_the_configured_audience_is_let_in(aud: Any) -> None:
    assert verify(hs_token(claims(iss="https://id.example", aud=aud)), [STRICT], NOW)


@pytest.mark.parametrize(
    "over",
    [
        {"iss": "https://id.example"},
        {"aud": "ollama"},
        {"iss": "https://id.example/", "aud": "ollama"},
        {"iss": "https://id.exampl", "aud": "ollama"},
        {"iss": ["https://id.example"], "aud": "ollama"},
        {"iss": "https://id.example", "aud": "ollama2"},
        {"iss": "https://id.example", "aud": "Ollama"},
        {"iss": "https://id.example", "aud": []},
        {"iss": "https://id.example", "aud": ["ollama", 1]},
        {"iss": "https://id.example", "aud": {"ollama": 1}},
        {"iss": "https://id.example", "aud": 7},
    ],
)
def test_issuer_and_audience_are_exact(over: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        verify(hs_token(claims(**over)), [STRICT], NOW)


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("generate", {"generate"}),
        ("generate manage", {"generate", "manage"}),
        ("  manage   admin openid ", {"manage"}),
        ("", set()),
        ("GENERATE", set()),
        ("generate,manage", set()),
    ],
)
def test_the_scope_claim_is_a_list_of_words(scope: str, expected: set[str]) -> None:
    assert verify(hs_token(claims(scope=scope)), [HS_KEY], NOW).scopes == expected


def test_default_scopes_hold_only_where_the_claim_is_missing() -> None:
    key = JwtKey(SECRET, ("HS256",), default_scopes=frozenset((Scope.MANAGE,)))
    assert verify(hs_token(claims()), [key], NOW).scopes == {Scope.MANAGE}
    assert verify(hs_token(claims(scope="generate")), [key], NOW).scopes == {Scope.GENERATE}


def test_the_models_claim_binds() -> None:
    bound = verify(hs_token(claims(models=["qwen*"])), [HS_KEY], NOW)
    assert bound.may_use("qwen3") and not bound.may_use("llama3")
    assert not verify(hs_token(claims(models=[])), [HS_KEY], NOW).may_use("llama3")


def test_a_subject_is_made_safe_for_the_log() -> None:
    assert verify(hs_token(claims(sub="a\nb" * 99)), [HS_KEY], NOW).name == ("a_b" * 99)[:64]
    assert verify(hs_token(claims(sub=None)), [HS_KEY], NOW).name == "jwt"


@pytest.mark.parametrize(
    ("make", "algorithm"),
    [(rsa_key, "RS256"), (rsa_key, "PS512"), (ec_key, "ES256"), (ed_key, "EdDSA")],
)
def test_tokens_signed_by_others_are_verified_by_their_public_key(
    make: Any, algorithm: str
) -> None:
    public = jws.load_public_key(public_pem(make()))
    assert jws.fits(public, algorithm)
    signed = pyjwt.encode(claims(), make(), algorithm=algorithm)
    assert verify(signed, [JwtKey(public, (algorithm,))], NOW).name == "ann"
    with pytest.raises(InvalidToken):
        verify(signed[:-4] + "AAAA", [JwtKey(public, (algorithm,))], NOW)


def test_a_kind_of_key_fits_its_algorithms_only() -> None:
    fitting = {
        "RS256": rsa_key(), "PS256": rsa_key(), "ES256": ec_key(), "EdDSA": ed_key(),
    }  # fmt: skip
    for key in (rsa_key(), ec_key(), ed_key()):
        public = jws.load_public_key(public_pem(key))
        for algorithm in (*fitting, "ES384", "HS256", "none"):
            assert jws.fits(public, algorithm) == (fitting.get(algorithm) is key)


def test_several_keys_each_have_their_algorithms() -> None:
    keys = [HS_KEY, RS_KEY]
    assert verify(GOOD, keys, NOW).name == "ann"
    assert (
        verify(pyjwt.encode(claims(sub="b"), rsa_key(), algorithm="RS256"), keys, NOW).name == "b"
    )


@pytest.mark.parametrize(
    "pem",
    [b"", b"x", PEM[:100], private_pem(ed_key())],
    ids=["empty", "a letter", "cut", "private"],
)
def test_only_a_public_key_in_pem_form_is_loaded(pem: bytes) -> None:
    with pytest.raises(ValueError, match="public key"):
        jws.load_public_key(pem)


@pytest.mark.parametrize(
    "text",
    [
        PEM.decode(),
        private_pem(ec_key()).decode(),
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ1eWVy",
        json.dumps({"kty": "oct", "k": "eA"}),
    ],
)
def test_a_key_that_is_no_secret_is_recognised(text: str) -> None:
    assert jws.is_public_text(text)
    assert not jws.is_public_text(SECRET)


def test_a_signed_token_verifies() -> None:
    for algorithm in jwt_keys.SECRET_BYTES:
        signed = jwt.sign(claims(), SECRET, algorithm)
        assert verify(signed, [JwtKey(SECRET, (algorithm,))], NOW).name == "ann"


def test_a_key_does_not_show_its_secret() -> None:
    assert SECRET not in repr(HS_KEY)
