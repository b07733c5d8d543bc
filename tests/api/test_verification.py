"""Whether a receipt is valid: what a number or a statement stands for, and how that stands at present."""

from typing import Any

import pytest
from flask import Flask

from immigration.rules.numbers import receipt_number
from tests.conftest import NOW
from tests.factories import ADDRESS, Resident, approve, load, officer, row


@pytest.fixture
def report(resident: Resident) -> dict[str, str]:
    filed: dict[str, str] = resident.file().json
    return filed


def decide(app: Flask, number: str, outcome: str = "accepted", name: str = "somchai") -> dict[str, Any]:
    """An officer's decision; the receipt that it issued, if it did."""
    reasons = [] if outcome == "accepted" else ["other"]
    staff = officer(app, name)
    answer = staff.post(f"/review/reports/{number}/decision", {"outcome": outcome, "reasons": reasons})
    assert answer.status_code == 200, answer.json
    receipt: dict[str, Any] = answer.json["receipt"] or {}
    return receipt


def reopen(app: Flask, number: str) -> None:
    boss = officer(app, "boss", "supervisor")
    approve(app, boss.post(f"/review/reports/{number}/reopening", {"note": "A check."}))


def verify(app: Flask, text: str, language: str = "en") -> dict[str, Any]:
    headers = {"Accept-Language": language}
    answer = app.test_client().post("/api/v1/receipts/verify", json={"receipt": text}, headers=headers)
    assert answer.status_code == 200, answer.json
    return dict(answer.json or {})


def verdict(app: Flask, text: str) -> tuple[bool, str | None, str]:
    found = verify(app, text)
    return found["valid"], found["kind"], found["status"]


def test_the_receipt_of_an_acceptance_that_stands_is_valid(
    app: Flask, resident: Resident, report: dict[str, str]
) -> None:
    receipt = decide(app, report["number"])
    statement = resident.get(f"/reports/{report['number']}/receipt").json["statement"]
    for text in (receipt["number"], statement):
        assert verdict(app, text) == (True, "receipt", "accepted")
        assert verify(app, text)["says"]["next_due_on"] == receipt["next_due_on"]


def test_who_verifies_learns_three_characters_of_the_passport(
    app: Flask, resident: Resident, report: dict[str, str]
) -> None:
    receipt = decide(app, report["number"])["number"]
    statement = resident.get(f"/reports/{report['number']}/receipt").json["statement"]
    for text in (receipt, report["number"], statement, report["filing_statement"]):
        says = verify(app, text)["says"]
        assert says["document_number"] == "••••••001"
        assert not {"DURAND", "ALIX", "TEST00001", "1990-01-02"} & {*map(str, says.values())}


def test_that_a_report_was_filed_is_no_receipt(app: Flask, report: dict[str, str]) -> None:
    for text in (report["number"], report["filing_statement"]):
        assert verdict(app, text) == (False, "filing", "under-review")
    decide(app, report["number"])
    for text in (report["number"], report["filing_statement"]):
        assert verdict(app, text) == (False, "filing", "accepted")


@pytest.mark.parametrize("outcome", ["returned", "rejected", "needs-visit"])
def test_a_filing_says_how_its_report_stands(app: Flask, report: dict[str, str], outcome: str) -> None:
    decide(app, report["number"], outcome)
    assert verdict(app, report["filing_statement"]) == (False, "filing", outcome)


def test_a_withdrawn_report_is_withdrawn(app: Flask, resident: Resident, report: dict[str, str]) -> None:
    resident.post(f"/reports/{report['number']}/withdrawal")
    assert verdict(app, report["number"]) == (False, "filing", "withdrawn")


def test_one_that_an_office_took_meanwhile_is_closed(app: Flask, report: dict[str, str]) -> None:
    load(app, "reports", row("reports", filed_on=str(NOW.date())))
    assert verdict(app, report["filing_statement"]) == (False, "filing", "rejected")


@pytest.mark.parametrize("then", ["", "accepted", "rejected", "returned", "withdrawn"])
def test_the_receipt_of_a_reopened_report_is_void_whatever_comes_then(
    app: Flask, resident: Resident, report: dict[str, str], then: str
) -> None:
    number = report["number"]
    receipt = decide(app, number)["number"]
    statement = resident.get(f"/reports/{number}/receipt").json["statement"]
    reopen(app, number)
    if then == "withdrawn":
        resident.post(f"/reports/{number}/withdrawal")
    elif then:
        decide(app, number, then, "second")
    for text in (receipt, statement):
        assert verdict(app, text) == (False, "receipt", "void")
    if then == "accepted":
        assert verdict(app, resident.get(f"/reports/{number}/receipt").json["number"]) == (True, "receipt", "accepted")


def test_a_receipt_that_the_records_contradict_is_not_valid(app: Flask, report: dict[str, str]) -> None:
    receipt = decide(app, report["number"])["number"]
    load(app, "movements", row("movements", occurred_on="2026-11-24", movement_id="later"))
    assert verdict(app, receipt)[0] is True
    arrival = {"occurred_on": "2026-10-01", "movement_id": "T-earlier"}
    load(app, "movements", row("movements", **arrival))
    assert verdict(app, receipt) == (False, "receipt", "record-corrected")


@pytest.mark.parametrize(
    "text", ["B-77", "TM.47.123", "1234567890", receipt_number(bytes(range(9))), "A" * 4000, "a.b.c", "ไทย", "🧾"]
)
def test_what_is_not_ours_is_said_to_be_not_of_this_service(app: Flask, text: str) -> None:
    found = verify(app, text)
    assert (found["valid"], found["kind"], found["status"], found["says"]) == (False, None, "not-of-this-service", {})
    assert found["title"] == "This is not of this service."
    assert verify(app, text, "th")["title"] == "ไม่ใช่ของบริการนี้"


def test_a_typing_mistake_is_told_apart(app: Flask, report: dict[str, str]) -> None:
    number = report["number"]
    wrong = number[:-1] + ("A" if number[-1] != "A" else "B")
    assert verdict(app, wrong) == (False, None, "wrong-check-character")


@pytest.mark.parametrize("kind", ["filed", "receipt"])
def test_a_changed_statement_is_not_signed_by_us(
    app: Flask, resident: Resident, report: dict[str, str], kind: str
) -> None:
    decide(app, report["number"])
    receipt = resident.get(f"/reports/{report['number']}/receipt").json["statement"]
    head, claims, signature = (report["filing_statement"] if kind == "filed" else receipt).split(".")
    for text in (
        f"{head}.{claims}x.{signature}",
        f"{head}.{claims}",
        f"{head}..{signature}",
        f"{head}.{claims}.",
        head,
    ):
        assert verdict(app, text) == (False, None, "invalid-signature")


WHITE = " \t\r\n\v\f\x1c\x85\xa0\u1680\u2003\u2009\u2028\u2029\u202f\u205f\u3000\u200b\u200d\u2060\ufeff\xad"


def test_white_space_of_any_kind_is_ignored(app: Flask, resident: Resident, report: dict[str, str]) -> None:
    receipt = decide(app, report["number"])["number"]
    statement = resident.get(f"/reports/{report['number']}/receipt").json["statement"]
    for white in WHITE:
        for text in (receipt, statement):
            middle = len(text) // 2
            spaced = f"{white}{text[:middle]}{white * 3}{text[middle:]}{white}"
            assert verdict(app, spaced) == (True, "receipt", "accepted"), hex(ord(white))
    assert verdict(app, "\n".join(statement)) == (True, "receipt", "accepted")
    assert verdict(app, receipt.lower().replace("-", "\u2013 ")) == (True, "receipt", "accepted")


@pytest.mark.parametrize("text", ["", " \n\u200b", "A" * 4001, "A\x01", None, 5, ["A"]])
def test_what_can_be_no_receipt_is_refused(app: Flask, text: Any) -> None:
    assert app.test_client().post("/api/v1/receipts/verify", json={"receipt": text}).status_code == 422


def test_a_number_of_a_report_is_found_with_any_white_space(resident: Resident, report: dict[str, str]) -> None:
    number = report["number"].replace("-", "\u00a0\u2011")
    assert resident.get(f"/reports/{number}").json["number"] == report["number"]
    assert resident.post(f"/reports/{number}/correction", {"address": ADDRESS}).json["code"] == "wrong-state"
