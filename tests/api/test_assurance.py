"""For what an activation at a counter stands: for the passport that was seen there, and for no other."""

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from immigration.models.access import TokenFamily
from immigration.models.people import Passport
from immigration.models.reports import Report
from immigration.rules.codes import KeyPurpose
from immigration.services import rechecks
from operations.services import services_of
from tests.api.test_tokens import claims_of
from tests.factories import ADDRESS, Resident, activate, arrived, load, officer, row

NEWER = {"document_number": "TEST00002", "replaces": "FRA:TEST00001"}


@pytest.fixture
def resident(app: Flask) -> Resident:
    """Activated at a counter, with the only passport."""
    arrived(app)
    return activate(app)


def renew(app: Flask) -> None:
    load(app, "passports", row("passports", **NEWER))


def without_passport(app: Flask, resident: Resident) -> Resident:
    """The resident with an access token as the release before gave it."""
    claims = claims_of(resident.headers["Authorization"].removeprefix("Bearer "))
    token = services_of(app).filing.signer.sign(KeyPurpose.ACCESS, {n: v for n, v in claims.items() if n != "psp"})
    return Resident(resident.client, {"Authorization": f"Bearer {token}"}, resident.id)


def test_a_first_report_is_accepted_with_the_passport_seen_at_the_counter(resident):
    assert resident.file().json["status"] == "accepted"


def test_a_first_report_on_a_newer_passport_waits_for_an_officer(app, resident):
    renew(app)
    answer = resident.file()
    assert (answer.json["status"], answer.json["reasons"]) == ("under-review", ["first-report", "new-passport"])


def test_a_later_report_on_a_newer_passport_waits_for_an_officer(app, resident):
    load(app, "reports", row("reports", filed_on="2026-09-02"))
    renew(app)
    assert resident.file().json["reasons"] == ["new-passport"]


def test_the_newer_passport_activated_at_a_counter_is_accepted(app, resident):
    renew(app)
    assert activate(app, "TEST00002").file().json["status"] == "accepted"


def test_once_the_newer_passport_has_a_report_the_earlier_sign_in_files_with_it(app, resident):
    renew(app)
    load(app, "reports", row("reports", document_number="TEST00002", filed_on="2026-09-02"))
    assert resident.file().json["status"] == "accepted"


def test_tokens_exchanged_later_know_the_passport_too(app, resident):
    answer = resident.client.post("/api/v1/tokens", json={"refresh_token": resident.refresh_token})
    later = Resident(resident.client, {"Authorization": f"Bearer {answer.json['access_token']}"}, resident.id)
    renew(app)
    assert later.file().json["status"] == "under-review"


def test_a_correction_is_judged_by_the_passport_that_the_report_was_filed_with(app, resident):
    renew(app)
    number = resident.file().json["number"]
    officer(app).post(f"/review/reports/{number}/decision", {"outcome": "returned", "reasons": ["other"]})
    corrected = resident.post(f"/reports/{number}/correction", {"address": ADDRESS})
    assert corrected.json["reasons"] == ["first-report", "new-passport"]


@pytest.mark.parametrize(("renewed", "status"), [(False, "accepted"), (True, "under-review")])
def test_a_report_that_waited_for_the_records_is_judged_by_its_passport(app, resident, database, renewed, status):
    with database.transaction() as session:
        session.execute(text("insert into switches (name, \"on\") values ('records-unavailable', true)"))
    number = resident.file().json["number"]
    if renewed:
        renew(app)
    with database.transaction() as session:
        session.execute(text('update switches set "on" = false'))
    context, now = services_of(app).filing, services_of(app).clock()
    with database.transaction() as session:
        assert rechecks.recheck(session, context=context, now=now) == 1
    assert resident.get(f"/reports/{number}").json["status"] == status


@pytest.mark.parametrize(("renewed", "status"), [(False, "accepted"), (True, "under-review")])
def test_a_token_that_does_not_say_which_passport_counts_where_there_is_one_only(app, resident, renewed, status):
    earlier = without_passport(app, resident)
    if renewed:
        renew(app)
    assert earlier.file().json["status"] == status


def test_the_passport_of_the_sign_in_is_kept_with_the_report(resident, database):
    number = resident.file().json["number"]
    with database.read_session() as session:
        kept = session.scalars(select(Report.activated_passport_id).where(Report.number == number)).one()
        assert (
            kept == session.scalars(select(TokenFamily.passport_id)).one() == session.scalars(select(Passport.id)).one()
        )


def test_a_sign_in_without_a_passport_can_be_refreshed(resident, database):
    with database.transaction() as session:
        session.execute(update(TokenFamily).values(passport_id=None))
    answer = resident.client.post("/api/v1/tokens", json={"refresh_token": resident.refresh_token})
    head = {"Authorization": f"Bearer {answer.json['access_token']}"}
    assert resident.client.get("/api/v1/me", headers=head).status_code == 200
