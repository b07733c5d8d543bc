"""Everything that a filing leaves behind: what is answered, and every row that is written with it."""

import json
import re
from dataclasses import replace
from datetime import date
from uuid import UUID

import jwt
import pytest
from psycopg._queries import MAX_CACHED_STATEMENT_LENGTH, MAX_CACHED_STATEMENT_PARAMS
from sqlalchemy import select, text

from foundation.db import Database
from foundation.errors import NotFound, Unavailable
from foundation.events import EventRecord
from foundation.identity import Principal, Role
from immigration.models.obligations import KEPT_COLUMNS, Obligation
from immigration.models.reports import Decision, IdempotencyKey, Receipt, Report
from immigration.registries.records import ONE_CASE, ImportedRecords
from immigration.rules.addresses import Address
from immigration.rules.findings import CHECKS
from immigration.rules.numbers import is_valid
from immigration.schemas.reports import filed_json
from immigration.services import obligations, reports, storing
from immigration.services.judging import ReportForm, Submission
from operations.services import services_of
from tests.conftest import NOW
from tests.factories import ADDRESS, activate, arrived, load, row

DUE, NEXT = date(2026, 11, 29), date(2027, 2, 27)
FORM = ReportForm(Address(**ADDRESS), "+66 81 234 5678", "alix@example.org")
SUBMISSION = Submission(FORM, "k", b"digest")
OPEN_CHECKS = dict.fromkeys(CHECKS) | {"first-report": "first-report"}


@pytest.fixture
def resident(app):
    """A person in order, activated at a counter: a report is accepted at once."""
    arrived(app)
    load(app, "residences", row("residences"))
    return activate(app)


def only(database, model):
    """The only row of a table."""
    with database.read_session() as session:
        return session.scalars(select(model)).one()


def none(database, *models):
    with database.read_session() as session:
        return all(session.scalars(select(model)).first() is None for model in models)


def claims(statement):
    return jwt.decode(statement, options={"verify_signature": False})


def test_an_accepted_report_is_stored_as_it_was_judged(database, resident):
    answer = resident.file("k").json
    stored = only(database, Report)
    assert (str(stored.person_id), stored.passport_id, stored.number) == (resident.id, 1, answer["number"])
    assert (stored.period[:8], stored.entered_on, stored.due_on) == ("arrival:", date(2026, 9, 1), DUE)
    assert (stored.filed_at, stored.filed_on, stored.status) == (NOW, date(2026, 11, 23), "accepted")
    assert (stored.assurance, stored.office, stored.subdistrict_code) == ("counter", "BKK", "103901")
    assert json.loads(stored.address) == ADDRESS
    assert json.loads(stored.contact) == {"phone": "+66 81 234 5678", "email": "alix@example.org"}
    assert (stored.checks, stored.reasons) == (OPEN_CHECKS, [])
    assert (stored.decided_at, stored.decided_by) == (NOW, "system")
    assert stored.filing_statement == answer["filing_statement"]
    decision = only(database, Decision)
    assert (decision.report_id, decision.outcome, decision.reasons) == (stored.id, "accepted", [])
    assert (decision.next_due_on, decision.decided_by, decision.decided_at) == (NEXT, "system", NOW)
    assert decision.policy_version == stored.policy_version


def test_the_receipt_and_its_statement_say_the_same(database, resident):
    answer = resident.file("k").json
    receipt, report = only(database, Receipt), only(database, Report)
    assert is_valid(receipt.number)
    assert receipt.number[0] == "C"
    assert answer["receipt"] == {"number": receipt.number, "next_due_on": NEXT.isoformat()}
    assert (receipt.report_id, receipt.issued_at, receipt.next_due_on) == (report.id, NOW, NEXT)
    shared = {"iss": "http://localhost:8000", "report": report.number, "document_number": "••••••001"}
    assert claims(receipt.statement) == shared | {
        "statement": "decided",
        "receipt": receipt.number,
        "outcome": "accepted",
        "decided_at": answer["filed_at"],
        "next_due_on": NEXT.isoformat(),
    }
    assert claims(report.filing_statement) == shared | {
        "statement": "filed",
        "filed_at": answer["filed_at"],
        "due_on": DUE.isoformat(),
    }


def test_the_answer_says_what_was_stored(database, resident):
    answer = resident.file("k").json
    assert is_valid(answer["number"])
    assert answer["number"][0] == "R"
    receipt = answer.pop("receipt")
    assert set(receipt) == {"number", "next_due_on"}
    assert answer == {
        "number": only(database, Report).number,
        "status": "accepted",
        "filed_at": "2026-11-23T10:00:00+07:00",
        "due_on": DUE.isoformat(),
        "filing_statement": only(database, Report).filing_statement,
        "checks": [
            {"check": check, "outcome": "failed" if reason else "passed", "reason": reason}
            for check, reason in OPEN_CHECKS.items()
        ],
        "reasons": [],
        "office": "BKK",
    }


def test_the_key_is_kept_with_the_answer(database, resident):
    answer = resident.file("k")
    key = only(database, IdempotencyKey)
    assert (str(key.person_id), key.key, key.status, key.created_at) == (resident.id, "k", 201, NOW)
    assert (key.answer, len(key.body_digest)) == (answer.text, 32)


def test_filing_and_acceptance_are_events_of_the_author_and_of_the_service(database, resident):
    number = resident.file("k").json["number"]
    with database.read_session() as session:
        events = session.scalars(
            select(EventRecord).where(EventRecord.subject == number).order_by(EventRecord.id)
        ).all()
    assert [(e.kind, e.actor, e.at, str(e.person_id)) for e in events] == [
        ("report.filed", f"resident:{resident.id}", NOW, resident.id),
        ("report.decided", "system", NOW, resident.id),
    ]
    assert events[0].data == {"status": "accepted", "reasons": [], "due_on": DUE.isoformat()}
    told = {"outcome": "accepted", "reasons": [], "next_due_on": NEXT.isoformat(), "office": "BKK"}
    assert told.items() <= events[1].data.items()


def test_the_obligation_is_what_computing_it_anew_gives(app, database, resident):
    resident.file("k")
    kept = columns(database)
    assert (kept["due_on"], kept["basis"]) == (NEXT, f"report:{only(database, Report).number}")
    filing = services_of(app).filing
    with database.transaction() as session:
        obligations.recompute(
            session, [UUID(resident.id)], records=filing.records, law=filing.law, now=NOW, actor="test"
        )
    assert columns(database) == kept


def columns(database):
    with database.read_session() as session:
        row = session.execute(
            select(*(getattr(Obligation, name) for name in KEPT_COLUMNS if name != "changes_on"))
        ).one()
    return dict(row._mapping)


def test_a_report_under_review_leaves_no_decision_no_receipt_and_the_obligation_as_it_was(app, database):
    arrived(app)
    resident, before = activate(app, assurance="mail"), columns(database)
    answer = resident.file("k").json
    assert (answer["status"], answer["reasons"], answer["receipt"]) == ("under-review", ["first-report"], None)
    stored = only(database, Report)
    assert (stored.status, stored.assurance, stored.reasons) == ("under-review", "mail", ["first-report"])
    assert (stored.decided_at, stored.decided_by) == (None, None)
    assert none(database, Decision, Receipt)
    assert columns(database) == before
    with database.read_session() as session:
        events = session.scalars(select(EventRecord).where(EventRecord.subject == stored.number)).all()
    assert [event.kind for event in events] == ["report.filed"]
    assert events[0].data == {"status": "under-review", "reasons": ["first-report"], "due_on": DUE.isoformat()}


def test_a_filing_without_a_due_date_says_so(app, database):
    load(app, "passports", row("passports"))
    answer = activate(app).file("k").json
    assert (answer["due_on"], answer["status"]) == (None, "under-review")
    assert claims(answer["filing_statement"])["due_on"] is None


def test_a_filing_raises_the_revision_by_one(app, database, resident):
    def revision():
        return only(database, Obligation).revision

    before = revision()
    resident.file("k")
    assert revision() == before + 1
    resident.file("k")
    assert revision() == before + 1


def test_a_person_who_is_not_on_record_cannot_file(app, database):
    unknown = Principal(Role.RESIDENT, UUID(int=1), assurance="counter")
    with pytest.raises(NotFound):
        submit(database, unknown, services_of(app).filing)


def submit(database, author, context):
    with database.autocommit() as connection:
        return reports.file(connection, SUBMISSION, author=author, context=context, render=filed_json, now=NOW)


class Restless(ImportedRecords):
    """Records that somebody changes just after each of the first few times they were read."""

    def __init__(self, database: Database, changes: int) -> None:
        self.database, self.changes, self.read = database, changes, 0

    def case(self, at, person_id, key=""):
        """The case, out of date by the time it is used."""
        case = super().case(at, person_id, key)
        self.read += 1
        if self.read <= self.changes:
            with self.database.transaction() as session:
                session.execute(text("update obligations set revision = revision + 1"))
        return case


def file(app, database, resident, records):
    author = Principal(Role.RESIDENT, UUID(resident.id), assurance="counter")
    return submit(database, author, replace(services_of(app).filing, records=records))


def test_a_filing_judged_on_what_has_changed_since_is_judged_again(app, database, resident):
    records = Restless(database, reports.TRIES - 1)
    answer = file(app, database, resident, records)
    assert (answer.replayed, json.loads(answer.text)["status"]) == (False, "accepted")
    assert records.read == reports.TRIES
    assert only(database, Report)


def test_a_filing_gives_up_when_the_records_do_not_come_to_rest(app, database, resident):
    records = Restless(database, reports.TRIES)
    with pytest.raises(Unavailable, match=r"^the records of this person are changing; try again$"):
        file(app, database, resident, records)
    assert records.read == reports.TRIES
    assert none(database, Report, IdempotencyKey)


def test_what_is_sealed_as_json_comes_back_and_keeps_its_letters():
    assert storing.as_json({"soi": "สุขุมวิท"}) == '{"soi": "สุขุมวิท"}'
    assert storing.from_json('{"soi": "สุขุมวิท"}') == {"soi": "สุขุมวิท"}


@pytest.mark.parametrize("statement", [storing.STORE_ACCEPTED, storing.STORE_UNDER_REVIEW, ONE_CASE])
def test_the_driver_keeps_how_it_reads_the_statements_of_a_filing(statement):
    """psycopg reads a statement of more characters or parameters anew each time, which takes it 300 µs."""
    assert len(statement.sql) + 8 * statement.sql.count(":") < MAX_CACHED_STATEMENT_LENGTH
    assert len(set(re.findall(r"(?<!:):([a-z_]+)", statement.sql))) < MAX_CACHED_STATEMENT_PARAMS
