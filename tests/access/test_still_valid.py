"""Whether a principal is still good is asked without its credential (docs/authentication.md): the
answer is the one that the credential itself would get now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tornado_ollama.access.authenticator import Authenticator, build_authenticator
from tornado_ollama.access.credentials import Bearer, Credentials, from_frame
from tornado_ollama.access.fingerprint import digest
from tornado_ollama.access.jws import load_public_key
from tornado_ollama.access.jwt_keys import JwtKey
from tornado_ollama.access.principal import Principal, Scope
from tornado_ollama.access.tokens import StaticToken
from tornado_ollama.errors import Unauthorized

from .keys import HS_KEY, NOW, claims, ec_key, hs_token, public_pem, rsa_key
from .test_authenticator import BOTH, GENERATE, LAPTOP, NOBODY, Auth

OLD = Auth((LAPTOP,), (HS_KEY,))
TOKENS = ("laptop-token", hs_token(claims()), hs_token(claims(scope="manage", iss="me")), "what")

LATER = {
    "the same": OLD,
    "nothing": Auth((), ()),
    "another token": Auth((StaticToken("chief", digest("chief-token"), BOTH),), (HS_KEY,)),
    "other rights": Auth((replace(LAPTOP, scopes=BOTH, models=None, name="desk"),), (HS_KEY,)),
    "an earlier end": Auth((replace(LAPTOP, expires=NOW - 1),), (HS_KEY,)),
    "the unknown one": Auth((StaticToken("what", digest("what"), BOTH),), ()),
    "the JWT as a token": Auth((StaticToken("jwt", digest(TOKENS[1]), BOTH),), ()),
    "another secret": Auth((LAPTOP,), (JwtKey("y" * 64, ("HS256",)),)),
    "another algorithm": Auth((LAPTOP,), (replace(HS_KEY, algorithms=("HS512",)),)),
    "one more algorithm": Auth((LAPTOP,), (replace(HS_KEY, algorithms=("HS512", "HS256")),)),
    "another key before": Auth((), (JwtKey("y" * 64, ("HS256",)), HS_KEY)),
    "a public key": Auth((), (JwtKey(load_public_key(public_pem(rsa_key())), ("RS256",)), HS_KEY)),
    "an issuer": Auth((LAPTOP,), (replace(HS_KEY, issuer="me"),)),
    "an audience": Auth((LAPTOP,), (replace(HS_KEY, audience="here"),)),
    "other default scopes": Auth((LAPTOP,), (replace(HS_KEY, default_scopes=BOTH),)),
    "no leeway": Auth((LAPTOP,), (replace(HS_KEY, leeway=0),)),
}


def asked_with(
    authenticator: Authenticator, credentials: Credentials, now: float
) -> Principal | None:
    try:
        return authenticator.authenticate(credentials, now)
    except Unauthorized:
        return None


@pytest.mark.parametrize("anonymous", [NOBODY, GENERATE], ids=["closed", "half open"])
@pytest.mark.parametrize("now", [NOW, NOW + 99.9, NOW + 100, NOW + 629.9, NOW + 630])
@pytest.mark.parametrize("later", LATER)
def test_the_answer_is_the_one_the_credential_would_get(
    later: str, now: float, anonymous: frozenset[Scope]
) -> None:
    before = build_authenticator(OLD, GENERATE)
    after = build_authenticator(LATER[later], anonymous)
    for credentials in map(from_frame, ("", *TOKENS)):
        principal = before.authenticate(credentials, NOW)
        found, wanted = after.still_valid(principal, now), asked_with(after, credentials, now)
        assert found == wanted
        assert found is None or found.fingerprint == principal.fingerprint


def test_a_jwt_is_good_again_when_a_reload_takes_its_key_back() -> None:
    """In between, while anonymous access is open, it is nobody's."""
    with_key = build_authenticator(OLD, GENERATE)
    without = build_authenticator(Auth((), ()), GENERATE)
    ann = with_key.authenticate(from_frame(hs_token(claims())), NOW)
    nobody = without.still_valid(ann, NOW)
    assert nobody is not None and nobody.kind == "anonymous"
    again = with_key.still_valid(nobody, NOW)
    assert again is not None and (again.name, again.kind) == ("ann", "jwt")


def test_keys_of_every_kind_are_told_apart() -> None:
    keys = [HS_KEY, JwtKey("y" * 64, ("HS256",))]
    for key in (rsa_key(), ec_key()):
        keys += [JwtKey(load_public_key(public_pem(key)), ("RS256",))] * 2
    assert len({key.digest() for key in keys}) == 4


def test_a_principal_shows_neither_credential_nor_claims() -> None:
    token = hs_token(claims(sub="ann", email="ann@example.org", iss="secret-issuer"))
    shown = repr(build_authenticator(OLD, NOBODY).authenticate(from_frame(token), NOW))
    assert "ann" in shown and "example.org" not in shown and "secret-issuer" not in shown
    assert digest(token).hex() not in shown and not any(part in shown for part in token.split("."))
    assert token not in repr(Bearer(token))


def test_of_a_token_only_the_claims_that_are_looked_at_are_kept() -> None:
    ann = build_authenticator(OLD, NOBODY).authenticate(
        from_frame(hs_token(claims(mail="a@b"))), NOW
    )
    assert ann.claims is not None and ann.claims.claims == claims()
