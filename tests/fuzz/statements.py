"""Fuzzing target: any text as a receipt to verify, by a number or by a signed statement."""

from datetime import date
from functools import cache
from typing import Any

from immigration.rules.codes import KeyPurpose
from immigration.rules.numbers import compact, receipt_number, report_number
from immigration.services import receipts, statements
from tests.fuzz import signing
from tests.fuzz.signing import NOW, SETTINGS

LONGEST = signing.LONGEST
REPORT, RECEIPT = report_number(bytes(range(9))), receipt_number(bytes(range(9, 18)))


@cache
def genuine() -> tuple[str, dict[str, Any]]:
    """A statement of the service's own, and what it says."""
    text = statements.decided(
        signing.signer(),
        SETTINGS.public_url,
        number=REPORT,
        receipt=RECEIPT,
        document="EX1000001",
        decided_at=NOW,
        next_due_on=date(2027, 2, 20),
    )
    return text, signing.signer().verify_statement(text)


def seeds() -> tuple[bytes, ...]:
    """Statements, tampered ones, and numbers."""
    token = signing.signer().sign(KeyPurpose.ACCESS, {"sub": "x"})
    numbers = (signing.AS_IT_IS + number.encode() for number in (REPORT, RECEIPT, RECEIPT.lower(), RECEIPT[:-1]))
    return (*signing.seeds(genuine()[0], token), *numbers)


def check(data: bytes) -> None:
    """Only the genuine statement verifies, whatever is changed in it; on empty tables no number is known."""
    real, claims = genuine()
    text = signing.tampered(data, real, KeyPurpose.STATEMENT)
    with signing.database().read_session() as session:
        verdict = receipts.verify(session, text, signer=signing.signer())
    plain = compact(text)
    assert not verdict.valid
    assert verdict.says or plain != real
    if verdict.says:
        assert signing.may_pass(data, plain, real), text
        assert (verdict.says, verdict.status) == (claims, "not-on-record")
    elif plain.startswith("eyJ"):
        assert verdict.status == "invalid-signature"
    else:
        assert verdict.status in ("wrong-check-character", "not-of-this-service")
