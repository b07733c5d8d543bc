"""What is kept too long is removed by one round, which leaves a certificate; nothing else is."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from foundation import retention
from foundation.classification import Classification
from foundation.db import Base
from foundation.retention import Kept
from immigration.services import officers
from operations.services import services_of
from tests.conftest import NOW
from tests.factories import activate, arrived, load, officer, query, row
from tests.sealing import tamper

FOR_OTHER_REASONS = {
    "coverage_gaps": "written anew by the check of each evening",
    "events": "removed by a round of their own, since a chain of seals lists them",
    "notification_preferences": "as long as the person is on record",
    "obligations": "as long as the person is on record",
    "passport_links": "as long as the passports are on record",
    "passkeys": "until their owner removes them",
    "passports": "the issuing office says when one leaves the records",
    "people": "as long as their passports are on record",
    "reminders_to_plan": "a row goes when it is planned, and the list is made anew each day",
}
LATER = datetime(2040, 1, 1, tzinfo=UTC)


def enforce(app: Flask, now: datetime) -> int:
    return retention.enforce(services_of(app).database, now=now)


def counts(app: Flask, *tables: str) -> list[int]:
    return [query(app, f"select count(*) from {table}")[0][0] for table in tables]


@pytest.fixture
def used(app: Flask) -> Flask:
    """A service that somebody used: a filing, a decision, a case, a message, a device."""
    arrived(app)
    resident = activate(app, assurance="mail")
    number = resident.file().json["number"]
    staff = officer(app)
    staff.post(f"/review/reports/{number}/decision", {"outcome": "accepted"})
    number = resident.post("/me/cases", {"about": "entry", "text": "I came by land."}).json["number"]
    staff.post(f"/review/cases/{number}/answer", {"outcome": "explained", "text": "It is on record."})
    phone = {"platform": "android", "kind": "token", "target": "token-1", "language": "en"}
    resident.client.put("/api/v1/devices/phone", json=phone, headers=resident.headers)
    return app


def test_nothing_is_removed_before_its_time(used: Flask) -> None:
    assert enforce(used, NOW + timedelta(days=30)) == 0
    assert counts(used, "retention_certificates") == [0]


def test_each_table_is_emptied_when_its_time_has_come_and_says_so(used: Flask) -> None:
    before = {table.name: counts(used, table.name)[0] for table in retention.enforced()}
    enforce(used, NOW + timedelta(days=401))
    assert counts(used, "idempotency_keys", "refresh_tokens", "devices", "officer_sessions") == [0, 0, 0, 0]
    assert counts(used, "reports", "receipts", "decisions", "cases", "movements") == [1, 1, 1, 1, 1]
    enforce(used, LATER)
    kept = {table.name for table in retention.enforced() if counts(used, table.name)[0]}
    assert kept == {"officers"}
    certified = dict(query(used, "select table_name, sum(row_count)::int from retention_certificates group by 1"))
    assert certified == {name: count for name, count in before.items() if count and name not in kept}


def test_a_certificate_says_when_by_which_rule_and_which_rows(used: Flask) -> None:
    enforce(used, LATER)
    [(removed_at, rule, digest)] = query(
        used, "select removed_at, rule, digest from retention_certificates where table_name = 'cases'"
    )
    assert (removed_at, rule, len(digest)) == (LATER, "10 years after the answer", 64)


def test_nothing_is_overdue_after_the_round(used: Flask) -> None:
    enforce(used, LATER)
    with services_of(used).database.transaction() as session:
        late = {table.name: retention.overdue(session, table, LATER) for table in retention.enforced()}
    assert {name for name, count in late.items() if count} == set()


def test_a_row_that_another_refers_to_stays_until_that_is_gone(used: Flask) -> None:
    tamper(services_of(used).database, "update decisions set decided_at = '2039-01-01'")
    enforce(used, LATER)
    assert counts(used, "reports", "decisions", "receipts") == [1, 1, 0]


def test_what_an_officer_left_behind_keeps_neither_the_report_nor_the_account(used: Flask) -> None:
    load(used, "passports", row("passports", document_number="TEST00002"))
    load(used, "movements", row("movements", document_number="TEST00002"))
    resident, staff = activate(used, "TEST00002", assurance="mail"), officer(used, "malee")
    number = resident.file().json["number"]
    assert staff.post(f"/review/reports/{number}/claim").status_code == 200
    assert resident.post(f"/reports/{number}/withdrawal").status_code == 200
    assert staff.post("/review/views", {"name": "Mine", "filter": {"mine": True}}).status_code == 201
    person = activate(used).id
    assert staff.post(f"/review/residents/{person}/conflicts", {"reason": "A neighbour."}).status_code == 201
    assert counts(used, "claims", "saved_views", "conflicts", "reports") == [1, 1, 1, 2]
    with services_of(used).database.transaction() as session:
        officers.disable(session, "malee", actor="test", now=NOW)
    enforce(used, LATER)
    assert counts(used, "claims", "saved_views", "conflicts", "reports") == [0, 0, 0, 0]
    assert query(used, "select name from officers where name = 'malee'") == []


def test_what_has_not_ended_is_kept(used: Flask) -> None:
    with services_of(used).database.transaction() as session:
        session.execute(text("update cases set answered_at = null, status = 'open'"))
    enforce(used, LATER)
    assert counts(used, "cases", "officers") == [1, 1]


def test_every_table_with_personal_data_has_an_end_that_is_enforced_or_another_reason() -> None:
    personal = {
        table.name
        for table in Base.metadata.sorted_tables
        if any(column.info["classification"] == Classification.PERSONAL for column in table.columns)
    }
    enforced = {table.name for table in retention.enforced()}
    assert personal - enforced == FOR_OTHER_REASONS.keys()
    assert all(isinstance(table.info["retention"], Kept) for table in retention.enforced())
