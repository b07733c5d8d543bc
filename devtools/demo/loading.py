"""The demo country: loaded once, with officers of every role, and a sign-in for each interesting state."""

import fcntl
import hashlib
import secrets
from pathlib import Path

import click
from flask import Flask
from sqlalchemy import exists, select

from devtools.demo import country
from devtools.demo.scenarios import Scenario, scenarios
from foundation.clock import bangkok_date
from foundation.db import Database, Session
from foundation.identity import Principal, Role
from immigration.models.access import Officer
from immigration.models.approvals import Approval
from immigration.models.people import Passport, document_index
from immigration.models.reports import Report
from immigration.rules.addresses import Address
from immigration.rules.codes import ApprovalOutcome, Outcome, Reason
from immigration.rules.reports import DecisionRequest
from immigration.rules.rows import KINDS
from immigration.schemas.reports import filed_json
from immigration.services import activations, approving, officers, records, reports, review
from immigration.services.judging import FilingContext, ReportForm, Submission
from operations.services import services_of

STAFF = {"officer": "BKK", "supervisor": "BKK", "auditor": None, "administrator": None}
PASSWORD = "ninety-days-demo"  # noqa: S105 - printed by `make run`; the demo is refused in production
HOME = Address("1", "", "", "Sukhumvit 31", "Sukhumvit", "103901", "10110")


def is_empty(app: Flask) -> bool:
    """Whether no passport is on record yet."""
    with services_of(app).database.read_session() as session:
        return not session.scalar(select(exists().select_from(Passport)))


def load(app: Flask, folder: Path, people: int, seed: int) -> None:
    """Generate a country of about `people` and import it; add officers and the states that take more than records.

    Of two processes that load from the same folder the second waits: the tests start several services at once.
    """
    law, source = services_of(app).filing.law, services_of(app).filing.records
    now = services_of(app).clock()
    folder.mkdir(parents=True, exist_ok=True)
    database = services_of(app).database.without_timeout()
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        country.generate(folder, people, bangkok_date(now), seed)
        for kind in KINDS:
            outcome = records.import_file(database, kind, folder / f"{kind}.csv", records=source, law=law, now=now)
            click.echo(f"  {kind}: {outcome}")
    with database.transaction() as session:
        for name, office in STAFF.items():
            if not session.scalar(select(exists().where(Officer.name == name))):
                officers.add(session, name, password=PASSWORD, role=Role(name), office=office, actor="demo", now=now)
    _return_a_report(app, database)
    database.close()


def _return_a_report(app: Flask, database: Database) -> None:
    """File the returned-report scenario's report and send it back, as an officer would."""
    context: FilingContext = services_of(app).filing
    now = services_of(app).clock()
    scenario = next(s for s in scenarios(bangkok_date(now)) if s.key == "returned-report")
    context.signer.refresh()
    with database.transaction() as session:
        passport = _passport(session, scenario)
        if session.scalar(select(exists().where(Report.person_id == passport.person_id))):
            return
        resident = Principal(Role.RESIDENT, passport.person_id, assurance="counter")
        digest = hashlib.sha256(scenario.key.encode()).digest()
        form = ReportForm(HOME, "+66 2 000 0000", "returned@example.org")
        submission = Submission(form, secrets.token_hex(8), digest)
        reports.file(session.connection(), submission, author=resident, context=context, render=filed_json, now=now)
        number = session.scalars(select(Report.number).where(Report.person_id == passport.person_id)).one()
        staff = {row.name: officers.principal_of(row) for row in session.scalars(select(Officer))}
        asked = review.ask_to_reopen(session, number, note="Random check.", supervisor=staff["supervisor"], now=now)
        if isinstance(asked, Approval):
            approved = ApprovalOutcome.APPROVED
            approving.settle(session, asked.reference, approved, "", officer=staff["officer"], context=context, now=now)
        decision = DecisionRequest(
            outcome=Outcome.RETURNED,
            reasons=[Reason.ADDRESS_MISMATCH],
            note="The house number is missing its soi. Please correct the address.",
        )
        review.decide(session, number, decision, officer=staff["officer"], context=context, now=now)


def _passport(session: Session, scenario: Scenario) -> Passport:
    index = document_index(scenario.issuing_state, scenario.document_number)
    return session.scalars(select(Passport).where(Passport.document_index == index)).one()


def sign_ins(app: Flask) -> str:
    """A line for each scenario, with a fresh activation code, and one for each officer's role."""
    now = services_of(app).clock()
    lines = ["Residents: POST /api/v1/activations with document_number, issuing_state, birth_date, activation_code"]
    with services_of(app).database.transaction() as session:
        for scenario in scenarios(bangkok_date(now)):
            assurance = scenario.assurance
            issued = activations.issue(
                session,
                scenario.document_number,
                scenario.issuing_state,
                assurance=assurance,
                issued_by="demo",
                now=now,
            )
            who = f"{scenario.document_number} {scenario.issuing_state} {scenario.birth_date.isoformat()}"
            lines.append(f"  {scenario.key:<20} {who}  {issued.activation_code}")
    lines.append(f"Officers: POST /api/v1/officers/sessions; the password of each is {PASSWORD}")
    return "\n".join([*lines, *(f"  {name:<20} {office or 'all offices'}" for name, office in STAFF.items())])
