"""What issuers publish: which keys are used, which tokens they verify, what claims mean."""

from __future__ import annotations

import json
from typing import Any

import jwt as pyjwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from tornado_ollama.access import issuers, jwt
from tornado_ollama.access.claims import ClaimRules
from tornado_ollama.access.issuers import BadDocument, Issuer, published_keys
from tornado_ollama.access.jwt import InvalidToken, UnknownKeyId, verify, verify_again
from tornado_ollama.access.jwt_keys import JwtKey
from tornado_ollama.access.principal import Principal, Scope

from .keys import HS_KEY, NOW, SECRET, b64, claims, ec_key, ed_key, hs_token, public_pem, rsa_key

URL = "https://id.example"
ISSUER = Issuer(URL, URL, None, audience="ollama")
OTHER = Issuer("https://other.example", None, "https://other.example/keys", audience="ollama")


def jwk(key: Any, **members: Any) -> dict[str, Any]:
    """The public key as a JWK; `None` leaves a member out."""
    families: dict[str, Any] = {
        "RSA": pyjwt.algorithms.RSAAlgorithm,
        "EC": pyjwt.algorithms.ECAlgorithm,
        "Ed25519": pyjwt.algorithms.OKPAlgorithm,
    }
    [family] = [
        found for name, found in families.items() if name.upper() in type(key).__name__.upper()
    ]
    found = json.loads(family.to_jwk(key.public_key())) | {"kid": "one", "use": "sig"} | members
    return {name: value for name, value in found.items() if value is not None}


def key_set(*keys: Any) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


KEYS = published_keys(
    key_set(jwk(rsa_key()), jwk(ec_key(), kid="two"), jwk(ed_key(), kid="three")), ISSUER
)
ISSUERS: jwt.Issuers = {URL: KEYS, OTHER.issuer: published_keys(key_set(jwk(ec_key())), OTHER)}


def signed(key: Any = None, algorithm: str = "RS256", headers: Any = None, **over: Any) -> str:
    payload = claims(**({"iss": URL, "aud": "ollama"} | over))
    return pyjwt.encode(
        payload, key or rsa_key(), algorithm, headers={"kid": "one"} | (headers or {})
    )


def verified(token: str, keys: tuple[JwtKey, ...] = (), now: float = NOW) -> Principal:
    return verify(token, keys, now, ISSUERS)


@pytest.mark.parametrize(
    ("make", "algorithm", "kid"),
    [
        (rsa_key, "RS256", "one"),
        (rsa_key, "PS512", "one"),
        (ec_key, "ES256", "two"),
        (ed_key, "EdDSA", "three"),
    ],
)
def test_a_published_key_verifies_its_tokens(make: Any, algorithm: str, kid: str) -> None:
    ann = verified(signed(make(), algorithm, {"kid": kid}))
    assert (ann.name, ann.kind, ann.key_id) == ("ann", "jwt", kid)
    again = verify_again(ann.claims, (), NOW, ISSUERS)  # type: ignore[arg-type]
    assert again == ann


def test_a_token_without_a_key_id_is_verified_by_the_key_that_fits() -> None:
    token = pyjwt.encode(claims(iss=URL, aud="ollama"), ec_key(), "ES256")
    assert "kid" not in pyjwt.get_unverified_header(token)
    assert verified(token).name == "ann"


FORGED = rsa.generate_private_key(public_exponent=65537, key_size=2048)
BAD = {
    "another key": signed(FORGED),
    "another key, offered in the header": signed(FORGED, headers={"jwk": jwk(FORGED)}),
    "jku": signed(FORGED, headers={"jku": "https://evil.example/keys"}),
    "x5u": signed(FORGED, headers={"x5u": "https://evil.example/cert"}),
    "x5c": signed(FORGED, headers={"x5c": ["MIIB"]}),
    "crit": signed(headers={"crit": ["exp"]}),
    "unknown kid": signed(headers={"kid": "nobody"}),
    "kid of a key of another family": signed(headers={"kid": "two"}),
    "kid as a path": signed(headers={"kid": "../../../dev/null"}),
    "kid as SQL": signed(headers={"kid": "' OR 1=1 --"}),
    "the public key as a secret": hs_token(
        claims(iss=URL, aud="ollama"), {"alg": "HS256", "kid": "one"}, public_pem(rsa_key())
    ),
    "the modulus as a secret": hs_token(
        claims(iss=URL, aud="ollama"), {"alg": "HS256", "kid": "one"}, jwk(rsa_key())["n"].encode()
    ),
    "the configured secret under the issuer's name": hs_token(claims(iss=URL, aud="ollama")),
    "no audience": signed(aud=None),
    "another audience": signed(aud="portal"),
    "an issuer that is nobody's": signed(ec_key(), "ES256", {"kid": "two"}, iss=OTHER.issuer + "/"),
    "the issuer with a slash": signed(iss=URL + "/"),
    "no issuer": signed(iss=None),
    "issuer a list": hs_token(claims(iss=[URL]), secret="x" * 40),
    "our key, another issuer's name": signed(iss=OTHER.issuer),
    "expired": signed(exp=NOW - 31),
    "without exp": signed(exp=None),
    "not yet valid": signed(nbf=NOW + 31),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_token_is_refused(name: str) -> None:
    with pytest.raises(InvalidToken):
        verified(BAD[name], (HS_KEY,))


def test_only_an_unknown_key_id_makes_the_keys_worth_fetching() -> None:
    for name, token in BAD.items():
        with pytest.raises(InvalidToken) as caught:
            verified(token)
        unknown = name.startswith(("unknown kid", "kid as"))
        assert isinstance(caught.value, UnknownKeyId) == unknown, name
    with pytest.raises(UnknownKeyId):  # nothing is known of it yet
        verify(signed(), (), NOW, {URL: ()})


def test_a_secret_still_verifies_what_no_issuer_claims() -> None:
    assert verified(hs_token(claims()), (HS_KEY,)).key_id is None
    assert verified(hs_token(claims(iss="https://third.example")), (HS_KEY,)).name == "ann"


GOOD = signed()


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_any_byte_flipped_refuses_the_token(place: int, mask: int) -> None:
    flipped = bytearray(GOOD.encode())
    flipped[place] ^= mask
    with pytest.raises(InvalidToken):
        verified(flipped.decode("latin-1"), (HS_KEY,))


def test_a_subject_of_two_issuers_is_two_principals() -> None:
    other = signed(ec_key(), "ES256", {"kid": "one"}, iss=OTHER.issuer)
    keys = {verified(GOOD).key, verified(other).key}
    keys.add(verified(hs_token(claims()), (HS_KEY,)).key)
    assert len(keys) == 3


def test_a_key_that_is_withdrawn_is_no_longer_good() -> None:
    ann = verified(GOOD)
    assert ann.claims is not None
    with pytest.raises(InvalidToken):
        verify_again(ann.claims, (), NOW, {URL: KEYS[1:]})
    assert SECRET not in repr(ann)


# -- documents --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "entry",
    [
        {"kty": "oct", "k": b64(b"k" * 32), "kid": "one"},
        json.loads(pyjwt.algorithms.RSAAlgorithm.to_jwk(rsa_key())) | {"kid": "one"},
        jwk(rsa.generate_private_key(public_exponent=65537, key_size=1024)),
        jwk(rsa_key(), use="enc"),
        jwk(rsa_key(), use=None, key_ops=["encrypt"]),
        jwk(rsa_key(), key_ops="verify"),
        jwk(rsa_key(), alg="HS256"),
        jwk(rsa_key(), alg="none"),
        jwk(rsa_key(), alg="ES256"),
        jwk(rsa_key(), kid=7),
        jwk(rsa_key(), kid="x" * 300),
        jwk(rsa_key(), n="!"),
        jwk(rsa_key(), n=None),
        jwk(ec_key(), crv="P-999"),
        jwk(ec_key(), x="AAAA"),
        {"kty": ["RSA"]},
        {"kty": "RSA"},
        {},
        "RSA",
        None,
        [],
    ],
)
def test_what_is_no_key_for_signatures_is_ignored(entry: Any) -> None:
    with pytest.raises(BadDocument, match="no key that can be used"):
        published_keys(key_set(entry), ISSUER)
    assert len(published_keys(key_set(entry, jwk(ec_key())), ISSUER)) == 1


@pytest.mark.parametrize(
    "document",
    [b"", b"{", b"[]", b"7", b"{}", b'{"keys": {}}', b'{"keys": []}', b"\xff", b"[" * 100_000],
)
def test_what_is_no_key_set_is_refused(document: bytes) -> None:
    with pytest.raises(BadDocument):
        published_keys(document, ISSUER)


@given(st.binary(max_size=200) | st.text(max_size=50).map(lambda text: text.encode()))
def test_any_document_is_read_or_refused(document: bytes) -> None:
    for read in (published_keys, issuers.jwks_url):
        with pytest.raises(BadDocument):
            read(document, ISSUER)


def test_a_key_is_used_with_the_algorithms_of_its_family_alone() -> None:
    found = {key.kid: set(key.algorithms) for key in KEYS}
    assert found["one"] == {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
    assert (found["two"], found["three"]) == ({"ES256"}, {"EdDSA"})
    [named] = published_keys(key_set(jwk(rsa_key(), alg="RS512")), ISSUER)
    assert named.algorithms == ("RS512",)
    narrow = Issuer(URL, URL, None, algorithms=frozenset({"ES256", "HS256"}))
    assert len(published_keys(key_set(jwk(rsa_key()), jwk(ec_key())), narrow)) == 1
    many = [jwk(ec_key(), kid=str(n)) for n in range(500)]
    assert len(published_keys(key_set(*many), ISSUER)) == issuers.MAX_KEYS


@pytest.mark.parametrize(
    ("url", "private", "expected"),
    [
        ("https://id.example/keys", False, True),
        ("https://other.example:8443/keys?x=1", False, True),
        ("http://id.example/keys", False, False),
        ("http://id.example/keys", True, True),
        ("file:///etc/passwd", True, False),
        ("ftp://id.example/keys", True, False),
        ("https://user:pass@id.example/keys", True, False),
        ("https://id.example\\@evil.example", True, False),
        ("https:///keys", True, False),
        ("https://id.example:99999/keys", True, False),
        ("https://id.example/\nkeys", True, False),
        ("keys", True, False),
        ("", True, False),
        (7, True, False),
        (None, True, False),
    ],
)
def test_the_url_of_the_keys(url: Any, private: bool, expected: bool) -> None:
    issuer = Issuer(URL, URL, None, private_addresses=private)
    document = json.dumps({"issuer": URL, "jwks_uri": url}).encode()
    if expected:
        assert issuers.jwks_url(document, issuer) == url
        return
    with pytest.raises(BadDocument, match="jwks_uri"):
        issuers.jwks_url(document, issuer)


@pytest.mark.parametrize("named", [URL + "/", "https://evil.example", None, [URL]])
def test_a_document_about_another_issuer_is_refused(named: Any) -> None:
    document = json.dumps({"issuer": named, "jwks_uri": f"{URL}/keys"}).encode()
    with pytest.raises(BadDocument, match="another issuer"):
        issuers.jwks_url(document, ISSUER)


# -- claims -----------------------------------------------------------------------------------

ROLES = ClaimRules(
    name="preferred_username",
    scopes="realm_access.roles",
    models="https://example.com/models",
    groups="groups",
    generate=frozenset({"ai-user"}),
    manage=frozenset({"ai-admin", "root"}),
)
WITH_ROLES: jwt.Issuers = {
    URL: published_keys(key_set(jwk(rsa_key())), Issuer(URL, URL, None, claims=ROLES))
}


@pytest.mark.parametrize(
    ("over", "scopes"),
    [
        ({"realm_access": {"roles": ["ai-user"]}}, {Scope.GENERATE}),
        ({"realm_access": {"roles": ["ai-user", "x", "root"]}}, set(Scope)),
        ({"realm_access": {"roles": "ai-admin other"}}, {Scope.MANAGE}),
        ({"realm_access.roles": ["ai-user"]}, {Scope.GENERATE}),
        ({"realm_access": {"roles": ["generate", "manage"]}}, set()),
        ({"realm_access": {"roles": []}}, set()),
        ({"realm_access": {}}, set()),
        ({"realm_access": ["ai-user"]}, set()),
        ({"scope": "ai-user generate manage"}, set()),
        ({}, set()),
    ],
)
def test_roles_give_scopes(over: dict[str, Any], scopes: set[Scope]) -> None:
    assert verify(signed(**over), (), NOW, WITH_ROLES).scopes == scopes


def test_name_models_and_groups_are_read_where_they_stand() -> None:
    over: dict[str, Any] = {
        "preferred_username": "Ann Doe",
        "https://example.com/models": ["qwen*"],
        "groups": ["students"],
    }
    ann = verify(signed(**over), (), NOW, WITH_ROLES)
    assert (ann.name, ann.models, ann.groups) == ("Ann_Doe", ("qwen*",), ("students",))
    assert verify_again(ann.claims, (), NOW, WITH_ROLES) == ann  # type: ignore[arg-type]
    plain = verify(signed(), (), NOW, WITH_ROLES)
    assert (plain.name, plain.models, plain.groups) == ("ann", None, ())


@pytest.mark.parametrize(
    "over",
    [
        {"realm_access": {"roles": 7}},
        {"realm_access": {"roles": [7]}},
        {"realm_access": {"roles": None}},
        {"preferred_username": ["ann"]},
        {"https://example.com/models": "*"},
        {"groups": {"students": 1}},
    ],
)
def test_a_mapped_claim_of_a_wrong_kind_refuses_the_token(over: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        verify(signed(**over), (), NOW, WITH_ROLES)
