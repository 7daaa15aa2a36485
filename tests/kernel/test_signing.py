"""What the installation signs is found good by others, and only as long as nobody changes it."""

import stat
from base64 import urlsafe_b64encode

import pytest
from joserfc import jws, jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet, RSAKey

from trainmgr.kernel import signing


@pytest.fixture
def afresh(app, monkeypatch):
    """The application without a key yet, in its context; shorter keys are made quicker."""
    monkeypatch.setattr(signing, "BITS", 2048)
    app.extensions["signing"] = None
    with app.test_request_context(base_url="https://train.example/"):
        yield app
    app.extensions["signing"] = None


@pytest.mark.once
def test_a_token_is_found_good_by_an_independent_library_with_the_published_keys(afresh, client):
    token = signing.sign({"iss": "https://train.example", "name": "数控装调工"})
    published = client.get("/.well-known/jwks.json")

    found = jwt.decode(token, KeySet.import_key_set(published.json), algorithms=["RS256"])

    assert found.claims == {"iss": "https://train.example", "name": "数控装调工"}
    assert published.headers["Access-Control-Allow-Origin"] == "*"
    assert not {"d", "p", "q"} & set(published.json["keys"][0])


@pytest.mark.once
def test_a_key_stands_at_the_address_that_a_header_names(afresh, client):
    address = signing.key_address()
    token = signing.sign({"a": 1}, {"kid": address})

    key = client.get(address.removeprefix("https://train.example"))

    assert jws.deserialize_compact(token, RSAKey.import_key(key.json), algorithms=["RS256"])
    assert signing.verify(token) == {"a": 1}
    assert client.get("/.well-known/keys/" + "x" * 43).status_code == 404


@pytest.mark.once
def test_a_changed_token_and_a_strangers_are_refused(afresh):
    head, middle, signature = signing.sign({"passed": False}).split(".")
    _, other, _ = signing.sign({"passed": True}).split(".")
    stranger = jwt.encode({"alg": "RS256"}, {"passed": True}, RSAKey.generate_key(2048))
    unsigned = "eyJhbGciOiJub25lIn0." + middle + "."

    for token in (
        f"{head}.{other}.{signature}",
        stranger,
        unsigned,
        "",
        "a.b.c",
        "钥.匙.串",
        f"{urlsafe_b64encode(b'[' * 100_002).decode()}.{middle}.{signature}",  # nested without end
        f"{head}.{middle}",
    ):
        with pytest.raises(signing.SignatureInvalid):
            signing.verify(token)


@pytest.mark.once
def test_a_file_is_signed_apart_from_its_content(afresh):
    content = "学员档案\n".encode() * 1000
    detached = signing.sign_file(content)
    key = RSAKey.import_key(signing.public_jwk())

    signing.verify_file(content, detached)
    assert jws.deserialize_compact(jws_with(detached, content), key, algorithms=["RS256"]).payload == content
    with pytest.raises(BadSignatureError):
        jws.deserialize_compact(jws_with(detached, content + b"x"), key, algorithms=["RS256"])
    with pytest.raises(signing.SignatureInvalid):
        signing.verify_file(content + b"x", detached)
    with pytest.raises(signing.SignatureInvalid):
        signing.verify_file(content, signing.sign({"a": 1}))


def jws_with(detached, content):
    head, _, signature = detached.split(".")
    return ".".join((head, urlsafe_b64encode(content).rstrip(b"=").decode(), signature))


@pytest.mark.once
def test_the_key_is_made_once_for_its_owners_eyes_and_a_former_one_still_counts(afresh):
    folder = signing.instance_folder(afresh)
    token = signing.sign({"a": 1})
    kept = (folder / "signing.key").read_bytes()
    assert stat.S_IMODE((folder / "signing.key").stat().st_mode) == 0o600

    signing._make(folder / "signing.key")  # somebody else was as quick
    afresh.extensions["signing"] = None
    assert (folder / "signing.key").read_bytes() == kept
    assert signing.verify(token) == {"a": 1}

    (folder / "signing.key").rename(folder / "signing-2026.key")
    afresh.extensions["signing"] = None
    assert signing.verify(token) == {"a": 1}
    assert signing.sign({"a": 1}) != token
    assert not list(folder.glob(".signing-*"))


@pytest.mark.once
def test_addresses_in_documents_are_those_of_the_configuration(afresh):
    assert signing.public_address("health.show_health") == "https://train.example/healthz"

    afresh.config["PUBLIC_URL"] = "https://zs.example.edu.cn/pei"

    assert signing.public_address("health.show_health") == "https://zs.example.edu.cn/pei/healthz"
