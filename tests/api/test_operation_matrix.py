"""Every operation of the API document, as the owner and the own office call it, and as others do.

An operation without a row here fails: whoever adds a route says whose objects it can name. Which roles may call what is
in `tests/architecture/test_routes.py`.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import text

from operations.services import services_of
from tests.api_operations import operations
from tests.factories import ADDRESS, Resident, activate, arrived, load, officer, query, row

OPEN, OWN, EVERY_OFFICE = "anyone", "the caller's own", "no office's"
"""What names no object of somebody: open to anyone, only about who calls, or of no office in particular."""

NO_OBJECT: Mapping[str, str] = {
    "GET /.well-known/jwks.json": OPEN,
    "POST /activations": OPEN,
    "POST /activations/requests": OPEN,
    "GET /addresses": OPEN,
    "POST /console/session": OPEN,
    "GET /console/sign-in": OPEN,
    "POST /console/session/passkey": OPEN,
    "POST /officers/sessions": OPEN,
    "POST /officers/passkeys/first": OPEN,
    "POST /officers/passkeys/first/options": OPEN,
    "POST /officers/passkeys/sign-in": OPEN,
    "POST /officers/passkeys/sign-in/options": OPEN,
    "PUT /officers/password": OWN,
    "GET /officers/passkeys": OWN,
    "POST /officers/passkeys": OWN,
    "POST /officers/passkeys/options": OWN,
    "GET /offices": OPEN,
    "GET /reasons": OPEN,
    "POST /receipts/verify": OPEN,
    "POST /tokens": OPEN,
    "POST /tokens/revocation": OWN,
    "GET /console/session": OWN,
    "DELETE /console/session": OWN,
    "DELETE /officers/sessions/current": OWN,
    "GET /me": OWN,
    "PATCH /me": OWN,
    "GET /me/access-log": OWN,
    "GET /calendar/{secret}.ics": OPEN,  # by a secret: tests/api/test_calendar_feed.py
    "GET /me/calendar": OWN,
    "POST /me/calendar": OWN,
    "DELETE /me/calendar": OWN,
    "GET /me/cases": OWN,
    "POST /me/cases": OWN,
    "GET /me/export": OWN,
    "POST /me/erasure": OWN,
    "GET /me/reminders": OWN,
    "PUT /me/reminders": OWN,
    "GET /me/passkeys": OWN,
    "POST /me/passkeys": OWN,
    "POST /me/passkeys/options": OWN,
    "POST /me/verification": OWN,
    "POST /passkeys/sign-in": OPEN,
    "POST /passkeys/sign-in/options": OPEN,
    "GET /me/sessions": OWN,
    "DELETE /me/sessions": OWN,
    "GET /me/stay": OWN,
    "POST /me/stay/simulations": OWN,
    "GET /notifications": OWN,
    "POST /notifications/acknowledgements": OPEN,  # by a mark that only this service makes
    "GET /reports": OWN,
    "POST /reports": OWN,
    "PUT /devices/{device_id}": OWN,  # the name that a phone gave itself, within the person
    "DELETE /devices/{device_id}": OWN,
    "DELETE /officers/passkeys/{passkey_id}": OWN,  # another account's is not found: tests/api/test_officer_passkeys.py
    "PATCH /officers/passkeys/{passkey_id}": OWN,
    "GET /administration/officers": EVERY_OFFICE,  # accounts of the own offices only: tests/api/test_administration.py
    "POST /administration/officers": EVERY_OFFICE,
    "PUT /administration/officers/{officer_id}/access": EVERY_OFFICE,
    "POST /administration/officers/{officer_id}/closing": EVERY_OFFICE,
    "POST /administration/officers/{officer_id}/reopening": EVERY_OFFICE,
    "POST /administration/officers/{officer_id}/password": EVERY_OFFICE,
    "POST /administration/officers/{officer_id}/first-use-code": EVERY_OFFICE,
    "DELETE /administration/officers/{officer_id}/second-factors": EVERY_OFFICE,
    "DELETE /administration/officers/{officer_id}/sessions": EVERY_OFFICE,
    "GET /law": OPEN,  # to staff
    "GET /law/versions": OPEN,
    "GET /law/comparison": OPEN,
    "GET /law/decisions": EVERY_OFFICE,  # about reports of the own offices only: tests/api/test_law.py
    "GET /law/entries": OPEN,
    "POST /law/entries": EVERY_OFFICE,  # of the headquarters only
    "POST /law/entries/{reference}/ending": EVERY_OFFICE,
    "GET /messages/texts": EVERY_OFFICE,
    "GET /feeds": EVERY_OFFICE,
    "POST /feeds/imports/{import_id}/rejects": EVERY_OFFICE,  # of the headquarters only: tests/api/test_feeds.py
    "GET /audit/events": EVERY_OFFICE,  # by the auditor's offices: tests/api/test_audit.py
    "GET /audit/alarms": EVERY_OFFICE,
    "GET /audit/verifications": EVERY_OFFICE,  # of the whole trail, and about nobody
    "POST /audit/verifications": EVERY_OFFICE,
    "POST /audit/look-ups": EVERY_OFFICE,
    "GET /console/figures": EVERY_OFFICE,  # another office's is not found: tests/api/test_figures.py
    "GET /console/figures/forecast": EVERY_OFFICE,
    "GET /performance": OPEN,
    "POST /review/residents/search-by-name": EVERY_OFFICE,  # people of the own offices only: tests/api/test_people.py
    "GET /review/counts": EVERY_OFFICE,  # by the officer's offices: tests/api/test_queue_counts.py
    "GET /review/views": OWN,
    "POST /review/views": OWN,
    "PUT /review/views/{view_id}": OWN,  # another officer's is not found: tests/api/test_saved_views.py
    "DELETE /review/views/{view_id}": OWN,
    "GET /review/second-reviews": EVERY_OFFICE,  # what was drawn for the officer: tests/api/test_second_reviews.py
    "GET /review/conflicts": EVERY_OFFICE,  # by the supervisor's offices: tests/api/test_conflicts.py
    "GET /review/decision-rates": EVERY_OFFICE,  # by the supervisor's offices: tests/api/test_decision_rates.py
    "POST /review/exports": EVERY_OFFICE,  # what its list holds: tests/api/test_list_exports.py
    "GET /review/sampling-rates": EVERY_OFFICE,  # by the supervisor's offices: tests/api/test_second_reviews.py
    "GET /review/coverage": EVERY_OFFICE,  # by the supervisor's offices: tests/integration/test_coverage.py
    "GET /devices/webpush-key": OWN,
    "POST /review/reports/{number}/exception": EVERY_OFFICE,  # what leads beyond the offices, and is recorded
}
FORM = {"address": ADDRESS}
DECISION = {"outcome": "rejected", "reasons": ["other"]}
OTHER = {"document_number": "OTHER0001", "issuing_state": "FRA", "reason": "Both are theirs."}
SOUGHT = {"document_number": "TEST00001", "issuing_state": "FRA", "purpose": "At the counter."}
OF_RESIDENT: Mapping[str, Any] = {
    "GET /reports/{number}": None,
    "POST /reports/{number}/correction": FORM,
    "POST /reports/{number}/address-correction": FORM,
    "POST /reports/{number}/withdrawal": None,
    "GET /reports/{number}/receipt": None,
    "PATCH /me/sessions/{session_id}": {"name": "phone"},
    "DELETE /me/sessions/{session_id}": None,
    "DELETE /me/passkeys/{passkey_id}": None,
    "POST /notifications/{notification_id}/read": None,
}
"""What names an object of a resident, with a body: another's is not found."""
OF_OFFICE: Mapping[str, Any] = {
    "GET /review/reports/{number}": None,
    "GET /review/reports/{number}/claim": None,
    "POST /review/reports/{number}/claim": None,
    "DELETE /review/reports/{number}/claim": None,
    "GET /review/cases/{number}": None,
    "POST /review/cases/{number}/answer": {"outcome": "explained", "text": "It is on record."},
    "GET /review/address-corrections/{number}": None,
    "POST /review/address-corrections/{number}/decision": {"outcome": "applied"},
    "POST /review/residents/search": SOUGHT,
    "POST /review/residents/search-by-receipt": {"receipt": "{number}", "purpose": "At the counter."},
    "POST /review/residents/{resident_id}/look-ups": {"purpose": "At the counter."},
    "POST /review/residents/{resident_id}/activation-codes": None,
    "POST /review/residents/{resident_id}/counter-reports": {"receipt_number": "B-1"},
    "POST /review/residents/{resident_id}/links": OTHER,
    "DELETE /review/residents/{resident_id}/links/{link_id}": None,
    "DELETE /review/residents/{resident_id}/sessions": None,
    "POST /review/reports/{number}/decision": DECISION | {"next_due_on": None},
    "POST /review/messages/{message_id}/retry": None,
    "POST /review/reports/{number}/reopening": {"note": "A check."},
    "POST /review/reports/{number}/transfer": {"office": "BKK", "note": "It is theirs."},
    "POST /review/residents/{resident_id}/conflicts": {"officer": "asker", "reason": "They are married."},
    "POST /review/conflicts/{conflict_id}/end": {"reason": "They are not."},
    "POST /review/second-reviews/{review_id}": {"outcome": "confirmed", "note": ""},
    "POST /review/sampling-rates": {"office": "BKK", "per_mille": 30, "reason": "More new officers."},
    "POST /review/approvals/{reference}": {"outcome": "refused", "note": "No."},
}
"""What names an object of an office, with a body: another office's is not found."""
LISTS = (
    "GET /review/address-corrections",
    "GET /review/approvals",
    "GET /review/cases",
    "GET /review/exceptions",
    "GET /review/messages/failed",
    "GET /review/reports",
)
"""Lists of officers: they hold nothing of other offices."""
NOBODY = "00000000-0000-0000-0000-000000000001"
NOTHING = {
    **dict.fromkeys(
        (
            "resident_id",
            "message_id",
            "reference",
            "session_id",
            "notification_id",
            "passkey_id",
            "link_id",
            "review_id",
            "conflict_id",
        ),
        NOBODY,
    ),
    "number": "R26-0000-0000-0000-0",
}
"""The names of objects that there are not."""


def call(who: Resident, name: str, values: Mapping[str, str], body: Any) -> Any:
    method, path = name.split(" ")
    headers = who.headers | {"Idempotency-Key": "matrix"}
    if isinstance(body, dict) and "receipt" in body:
        body = body | {"receipt": values["number"]}
    return who.client.open("/api/v1" + path.format_map(values), method=method, headers=headers, json=body)


def test_every_operation_has_a_row_and_every_row_an_operation() -> None:
    assert NO_OBJECT.keys() | OF_RESIDENT.keys() | OF_OFFICE.keys() | {*LISTS} == {*map(str, operations())}


def test_what_names_an_object_is_in_no_row_that_says_it_names_none() -> None:
    named = {name for name, whose in NO_OBJECT.items() if "{" in name and whose != EVERY_OFFICE}
    assert named == {
        "GET /calendar/{secret}.ics",
        "PUT /devices/{device_id}",
        "DELETE /devices/{device_id}",
        "DELETE /officers/passkeys/{passkey_id}",
        "PATCH /officers/passkeys/{passkey_id}",
        "PUT /review/views/{view_id}",
        "DELETE /review/views/{view_id}",
    }


@pytest.fixture
def resident(app: Flask) -> Resident:
    arrived(app)
    load(app, "residences", row("residences"))
    return activate(app, assurance="mail")


@pytest.fixture
def values(app: Flask, resident: Resident) -> dict[str, str]:
    """The names of the resident's objects, and of what waits at their office."""
    number = resident.file().json["number"]
    beyond = {"outcome": "accepted", "next_due_on": "2027-06-01", "note": "In hospital."}
    asked = officer(app, "asker", office="BKK").post(f"/review/reports/{number}/decision", beyond)
    return {
        "number": number,
        "resident_id": resident.id,
        "reference": asked.json["approval"],
        "session_id": resident.get("/me/sessions").json["items"][0]["id"],
        "notification_id": NOBODY,
        "message_id": failed_mail(app, resident.id),
        "passkey_id": NOBODY,
        "link_id": NOBODY,
        "review_id": NOBODY,
        "conflict_id": NOBODY,
        "case": resident.post("/me/cases", {"about": "entry", "text": "I came by land."}).json["number"],
    }


def failed_mail(app: Flask, resident_id: str) -> str:
    """A message to a resident that failed for good."""
    made = """with message as (
        insert into notifications (person_id, kind, dedupe, lane, params, status, created_at)
        select h.id, 'case.answered', 'x', 1, '{}', 'unreachable', now() from people h where h.id = :person returning *
    ) insert into deliveries (notification_id, person_id, device_id, channel, lane, next_try_at, status)
    select id, person_id, '@mail', 'mail', 1, now(), 'failed' from message returning id"""
    services = services_of(app)
    with services.database.transaction() as session:
        person = services.person_of(session, UUID(resident_id))
        return str(session.execute(text(made), {"person": person}).scalar_one())


def role_of(name: str) -> str:
    """An officer's role that may make a call."""
    (roles,) = [each.roles for each in operations() if str(each) == name]
    return "officer" if "officer" in roles else "supervisor"


def of_case(name: str, values: Mapping[str, str]) -> Mapping[str, str]:
    return {**values, "number": values["case"]} if "/cases/" in name else values


def test_nothing_of_another_resident_is_found(app: Flask, values: dict[str, str]) -> None:
    load(app, "passports", row("passports", document_number="TEST00002"))
    stranger = activate(app, "TEST00002")
    answers = {name: call(stranger, name, values, body) for name, body in OF_RESIDENT.items()}
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(OF_RESIDENT, 404)
    none = {name: call(stranger, name, NOTHING, body).get_data() for name, body in OF_RESIDENT.items()}
    assert {name: answer.get_data() for name, answer in answers.items()} == none
    assert query(app, "select status from reports") == [("under-review",)]


def test_nothing_of_another_office_is_found_and_what_is_of_the_own_is(app: Flask, values: dict[str, str]) -> None:
    load(app, "passports", row("passports", document_number="OTHER0001"))
    counted = "select (select count(*) from decisions), (select count(*) from activation_codes)"
    changed = query(app, counted)
    far = {role: officer(app, f"far-{role}", role, "CMI") for role in ("officer", "supervisor")}
    near = {role: officer(app, f"near-{role}", role, "BKK") for role in ("officer", "supervisor")}
    role_of = {str(each): "officer" if "officer" in each.roles else "supervisor" for each in operations()}
    foreign = {name: call(far[role_of[name]], name, of_case(name, values), body) for name, body in OF_OFFICE.items()}
    assert {name: answer.status_code for name, answer in foreign.items()} == dict.fromkeys(OF_OFFICE, 404)
    assert len({answer.get_data() for answer in foreign.values()}) == 1
    assert changed == query(app, counted)
    own = {name: call(near[role_of[name]], name, of_case(name, values), body) for name, body in OF_OFFICE.items()}
    missing = {name for name, answer in own.items() if answer.status_code == 404}
    assert missing == {  # there is no correction, no link, no second review and no conflict in this world
        "POST /review/second-reviews/{review_id}",
        "POST /review/conflicts/{conflict_id}/end",
        "GET /review/address-corrections/{number}",
        "POST /review/address-corrections/{number}/decision",
        "DELETE /review/residents/{resident_id}/links/{link_id}",
    }
    assert {answer.status_code for answer in own.values() if answer.status_code >= 500} == set()


def test_lists_hold_nothing_of_another_office(app: Flask, values: dict[str, str]) -> None:
    held: dict[str, dict[str, Any]] = {}
    for office in ("CMI", "BKK"):
        staff = {role: officer(app, f"{role}-{office}", role, office) for role in ("officer", "supervisor")}
        answers = {name: call(staff[role_of(name)], name, values, None).json for name in LISTS}
        held[office] = {name: answer["items"] for name, answer in answers.items()}
    assert {name for name, items in held["CMI"].items() if items} == set()
    filled = {name for name, items in held["BKK"].items() if items}
    assert filled == {*LISTS} - {"GET /review/address-corrections", "GET /review/exceptions"}
