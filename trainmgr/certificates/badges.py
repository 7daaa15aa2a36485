"""A certificate as an Open Badges 3.0 credential: a W3C Verifiable Credential signed as a JSON Web Token.

1EdTech, Open Badges 3.0 (2024), section 8.2: the credential is the payload itself, with iss, jti, nbf and sub beside
it; the header names the address of the key's public half and no more, since careful verifiers refuse long headers.
Revocation by the 1EdTech revocation list.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from trainmgr.certificates.models import Certificate
from trainmgr.kernel import crypto, signing
from trainmgr.kernel.hours import ledger_hours

CONTEXT = [
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
]
SCHEMA = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
SPACE = uuid.UUID("5d3b9a52-0f0e-4d3c-9a0a-6f0c7b1f4c51")


def badge_of(certificate: Certificate) -> str:
    """Return the signed credential of a certificate."""
    credential = credential_of(certificate)
    header = {"kid": f"{certificate.origin}.well-known/keys/{signing.thumbprint()}"}
    claims = {
        "iss": credential["issuer"]["id"],
        "jti": credential["id"],
        "nbf": int(certificate.issued_at.timestamp()),
        "sub": credential["credentialSubject"]["id"],
    }
    return signing.sign(credential | claims, header)


def credential_of(certificate: Certificate) -> dict[str, Any]:
    """Return the credential without its signature."""
    one, issuer = certificate, profile_of(certificate)
    return {
        "@context": CONTEXT,
        "id": f"urn:uuid:{one.credential_id}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": one.program_name,
        "issuer": issuer,
        "validFrom": _stamp(one.issued_at),
        "credentialSubject": {
            "id": _subject(one),
            "type": ["AchievementSubject"],
            "identifier": [
                {
                    "type": "IdentityObject",
                    "identityHash": one.holder_name,
                    "identityType": "name",
                    "hashed": False,
                }
            ],
            "achievement": _achievement(one),
        },
        "evidence": [{"id": one.check_address, "type": ["Evidence"], "name": one.serial}],
        "credentialStatus": {
            "id": f"{one.origin}badges/revoked/{one.college_id}",
            "type": "1EdTechRevocationList",
        },
        "credentialSchema": [{"id": SCHEMA, "type": "1EdTechJsonSchemaValidator2019"}],
    }


def profile_of(certificate: Certificate) -> dict[str, Any]:
    """Return who issued a certificate, as a profile of Open Badges."""
    return profile(
        certificate.origin, certificate.college_id, certificate.college_name, certificate.college_name_en
    )


def profile(origin: str, college_id: int, name: str, name_en: str) -> dict[str, Any]:
    """Return a college's profile."""
    found: dict[str, Any] = {
        "id": f"{origin}badges/issuers/{college_id}",
        "type": ["Profile"],
        "name": name,
        "url": origin,
    }
    return found | ({"description": name_en} if name_en else {})


def revocation_list(origin: str, college_id: int, credentials: list[str]) -> dict[str, Any]:
    """Return which credentials of a college no longer count; why is nobody else's business."""
    return {
        "id": f"{origin}badges/revoked/{college_id}",
        "issuer": f"{origin}badges/issuers/{college_id}",
        "revokedCredential": [{"id": f"urn:uuid:{one}", "revoked": True} for one in credentials],
    }


def _achievement(one: Certificate) -> dict[str, Any]:
    said = " · ".join(part for part in (one.program_name_en, one.college_name, one.enterprise_name) if part)
    found: dict[str, Any] = {
        "id": f"urn:uuid:{uuid.uuid5(SPACE, f'{one.origin}programs/{one.program_id}')}",
        "type": ["Achievement"],
        "achievementType": "CertificateOfCompletion",
        "name": one.program_name,
        "description": said,
        "criteria": {"narrative": "Passed the programme's three-party evaluation."},
        "creator": profile_of(one),
    }
    if one.field:
        found["fieldOfStudy"] = one.field
    if one.minutes:
        found["creditsAvailable"] = ledger_hours(one.minutes)
    return found


def _subject(one: Certificate) -> str:
    """Return what names the holder without telling anything: the same for all certificates of one person here."""
    return f"urn:uuid:{uuid.UUID(crypto.blind_index(f'badge holder {one.user_id}')[:32])}"


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
