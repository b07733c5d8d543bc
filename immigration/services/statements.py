"""What the platform signs: "filed at" for every stored report, "decided at" for an accepted one, and
corrections of its address (ES256, RFC 7515).

A statement is proof without this service: anybody with the public keys can check it. It names as little as it can.
"""

from datetime import date, datetime
from typing import Any

from foundation.clock import rfc3339
from immigration.rules.numbers import masked
from immigration.services.keys import Signer


def filed(signer: Signer, issuer: str, *, number: str, document: str, filed_at: datetime, due_on: date | None) -> str:
    """A signed statement that a report was received, and when."""
    claims = _claims("filed", issuer, number, document)
    return signer.sign_statement(
        claims | {"filed_at": rfc3339(filed_at), "due_on": due_on.isoformat() if due_on else None}
    )


def decided(
    signer: Signer,
    issuer: str,
    *,
    number: str,
    receipt: str,
    document: str,
    decided_at: datetime,
    next_due_on: date | None,
) -> str:
    """A signed statement that a report was accepted, with the next due date."""
    claims = _claims("decided", issuer, number, document)
    return signer.sign_statement(
        claims
        | {
            "receipt": receipt,
            "outcome": "accepted",
            "decided_at": rfc3339(decided_at),
            "next_due_on": next_due_on.isoformat() if next_due_on else None,
        }
    )


def address_corrected(
    signer: Signer,
    issuer: str,
    *,
    number: str,
    correction: str,
    document: str,
    corrected_at: datetime,
    subdistrict_code: str,
) -> str:
    """A signed statement that the address of an accepted report was corrected, when, and to which subdistrict."""
    claims = _claims("address-corrected", issuer, number, document)
    return signer.sign_statement(
        claims | {"correction": correction, "corrected_at": rfc3339(corrected_at), "subdistrict_code": subdistrict_code}
    )


def _claims(statement: str, issuer: str, number: str, document: str) -> dict[str, Any]:
    return {"iss": issuer, "statement": statement, "report": number, "document_number": masked(document)}
