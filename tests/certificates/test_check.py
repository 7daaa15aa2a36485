"""The public check and the digital badge: what anybody sees, what a verifier who knows nothing of us finds."""

import uuid

import pytest
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet, RSAKey
from joserfc.jws import extract_compact

from tests.factories import NOW
from trainmgr.certificates.models import Certificate
from trainmgr.kernel.access import Role


def _check(ending, code, **options):
    return ending.world.app.test_client().get(f"/check/{code}", **options)


def test_the_whole_code_shows_the_name_the_short_one_masks_it(ending):
    first, _second = ending.issue()

    whole = _check(ending, first.code + first.holder_part).get_data(as_text=True)
    short = _check(ending, first.short_code.lower()).get_data(as_text=True)

    assert "证书有效" in whole
    assert "周建国" in whole
    assert "2026-000001" in whole
    assert "证书有效" in short
    assert "周*国" in short
    assert "周建国" not in short
    for page in (whole, short):  # and nothing more
        assert ending.passed[0].student_number not in page
        assert "100 学时" not in page
        assert ending.staff.name not in page


def test_an_unknown_code_gets_the_same_page(ending):
    first, second = ending.issue()

    for code in ("A" * 16, first.code + second.holder_part, first.code[:15], "x", "代码", "A" * 40):
        answer = _check(ending, code)
        assert answer.status_code == 404
        assert "查无此证书" in answer.get_data(as_text=True)
        assert "周" not in answer.get_data(as_text=True)


def test_a_revoked_certificate_says_since_when_and_not_why(ending):
    first, second = ending.issue()
    staff = ending.browser(ending.staff)
    staff.post(f"/certified/{first.id}/revoke", data={"reason": "代考被查实"})
    staff.post(f"/certified/{second.id}/reissue", data={"reason": "证书遗失"})

    revoked = _check(ending, first.code).get_data(as_text=True)
    replaced = _check(ending, second.code).get_data(as_text=True)

    assert "证书已失效" in revoked
    assert "2026-11-20已撤销" in revoked
    assert "代考" not in revoked
    assert "证书已失效" in replaced
    assert "已换发新证" in replaced
    assert "遗失" not in replaced
    assert "2026-000003" not in replaced


def test_typed_codes_lead_on_and_guesses_are_slowed_down(ending):
    first, _second = ending.issue()
    client = ending.world.app.test_client()

    assert client.get("/check").status_code == 200
    assert client.post("/check", data={"code": ""}).status_code == 422
    typed = client.post("/check", data={"code": f" {first.short_code.lower()} "})
    assert typed.headers["Location"].endswith(f"/check/{first.code}")
    answers = [client.post("/check", data={"code": f"ABCDEFGH{n:08}"}).status_code for n in range(21)]

    assert answers[0] == 404
    assert answers[-1] == 429
    assert client.post("/check", data={"code": first.code}).status_code == 429


# --- the badge -----------------------------------------------------------------------------------


@pytest.mark.once
def test_an_independent_library_finds_the_badge_good_by_the_key_at_its_address(ending):
    first, _second = ending.issue()
    token = ending.browser(ending.trainee).get(f"/certified/{first.id}/badge.jwt").get_data(as_text=True)
    anybody = ending.world.app.test_client()
    header = extract_compact(token.encode()).headers()

    key = RSAKey.import_key(anybody.get(header["kid"]).json)
    badge = jwt.decode(token, key, algorithms=["RS256"]).claims

    assert header["alg"] == "RS256"
    assert badge["@context"][0] == "https://www.w3.org/ns/credentials/v2"
    assert badge["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    assert (badge["iss"], badge["jti"], badge["nbf"]) == (
        badge["issuer"]["id"], badge["id"], int(NOW.timestamp())
    )  # fmt: skip
    assert badge["sub"] == badge["credentialSubject"]["id"]
    assert badge["validFrom"] == "2026-11-20T01:30:00Z"
    assert badge["credentialSubject"]["achievement"]["name"] == "数控装调工现场工程师"
    assert badge["credentialSubject"]["identifier"][0]["identityHash"] == "周建国"
    uuid.UUID(badge["id"].removeprefix("urn:uuid:"))
    assert anybody.get(badge["issuer"]["id"]).json == badge["issuer"]
    assert "周建国" in anybody.get(badge["evidence"][0]["id"]).get_data(as_text=True)
    keys = KeySet.import_key_set(anybody.get("/.well-known/jwks.json").json)
    head, body, signature = token.split(".")
    with pytest.raises(BadSignatureError):
        jwt.decode(f"{head}.{body[:-2]}AA.{signature}", keys.keys[0], algorithms=["RS256"])


@pytest.mark.once
def test_a_revoked_badge_stands_in_the_list_that_it_names(ending):
    first, second = ending.issue()
    staff, anybody = ending.browser(ending.staff), ending.world.app.test_client()
    token = staff.get(f"/certified/{first.id}/badge.jwt").get_data(as_text=True)
    badge = jwt.decode(
        token, KeySet.import_key_set(anybody.get("/.well-known/jwks.json").json).keys[0]
    ).claims
    address = badge["credentialStatus"]["id"]
    assert anybody.get(address).json["revokedCredential"] == []

    staff.post(f"/certified/{first.id}/revoke", data={"reason": "x"})

    found = anybody.get(address).json
    assert found["revokedCredential"] == [{"id": badge["id"], "revoked": True}]
    assert found["issuer"] == badge["issuer"]["id"]
    assert staff.get(f"/certified/{first.id}/badge.jwt").status_code == 404
    assert ending.all(Certificate)[1].id == second.id


def test_an_organisation_that_issued_nothing_is_not_told_of(ending):
    ending.issue()
    anybody = ending.world.app.test_client()

    assert anybody.get(f"/badges/issuers/{ending.program.lead_college_id}").status_code == 200
    for address in ("issuers", "revoked"):
        assert anybody.get(f"/badges/{address}/{ending.world.enterprise.id}").status_code == 404


def test_mentors_see_the_certificates_of_their_own_trainees_only(ending):
    mentor = ending.world.user(Role.ENTERPRISE_MENTOR)
    mine = ending.world.enrolment(ending.program, mentor=mentor)
    ending.decide(mine)
    first, _second, third = ending.issue(*ending.passed, mine)
    reader = ending.browser(mentor)

    assert reader.get(f"/certified/{third.id}").status_code == 200
    assert reader.get(f"/certified/{first.id}").status_code == 404
    page = reader.get("/certified").get_data(as_text=True)
    assert third.serial in page
    assert first.serial not in page
