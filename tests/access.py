"""Persons with passports of any status, and a clock to move, for the tests of activation and sign-in."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient

from foundation.config import Settings
from foundation.db import Database
from immigration.models.people import Passport, Person, document_index, folded_index
from immigration.models.records import Movement
from immigration.rules.birth_dates import BirthDate
from immigration.services import activations
from tests.conftest import NOW, SECRET, application, as_served

BORN = date(1990, 5, 17)
BIRTH = BirthDate.of(BORN)
SETTINGS = Settings(environment="test", secret_keys=(SECRET,), public_url="https://reports.example")
DETAILS = {"document_number": "EX1000001", "issuing_state": "FRA", "birth_date": "1990-05-17"}


class SetClock:
    """A clock that stands still until it is set or moved."""

    def __init__(self, moment: datetime = NOW) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        """The moment that it was set to."""
        return self.moment

    def pass_by(self, **span: float) -> None:
        """Move the clock forward."""
        self.moment += timedelta(**span)


def make_app(database: Database, clock: SetClock) -> Flask:
    """The application with a clock that the test moves."""
    return application(as_served(database), settings=SETTINGS, clock=clock)


def add_person(
    database: Database,
    number: str = "EX1000001",
    *,
    state: str = "FRA",
    status: str = "valid",
    replaces: str | None = None,
    person_id: UUID | None = None,
    email: str | None = None,
    born: BirthDate = BIRTH,
) -> UUID:
    """Add a person with a passport, and an arrival if there is an e-mail address; the person's id."""
    with database.transaction() as session:
        if person_id is None:
            session.add(person := Person())
            session.flush()
            person_id = person.id
        passport = Passport(
            person_id=person_id,
            document_index=document_index(state, number),
            folded_index=folded_index(state, number),
            document_number=number,
            issuing_state=state,
            nationality=state,
            surname="MARTIN",
            given_names="CHLOE",
            birth_date=born.first_day,
            birth_date_known=born.known,
            sex="F",
            expires_on=date(2033, 1, 1),
            status=status,
            replaces_index=document_index(state, replaces) if replaces else None,
            row_digest=b"",
        )
        session.add(passport)
        session.flush()
        if email:
            session.add(arrival(passport.id, email))
    return person_id


def arrival(passport_id: int, email: str | None, on: date = date(2026, 9, 1)) -> Movement:
    """An arrival with a contact address, not yet added to a session."""
    return Movement(
        movement_id=f"{passport_id}-{on}",
        passport_id=passport_id,
        direction="arrival",
        occurred_on=on,
        checkpoint="Suvarnabhumi",
        contact_email=email,
        row_digest=b"",
    )


def code_for(
    database: Database,
    number: str = "EX1000001",
    state: str = "FRA",
    *,
    assurance: str = "counter",
    now: datetime = NOW,
) -> str:
    """Issue an activation code for a passport on record."""
    with database.transaction() as session:
        return activations.issue(
            session, number, state, assurance=assurance, issued_by="tests", now=now
        ).activation_code


def activate(client: FlaskClient, code: str, **changes: str) -> Any:
    """Send the default details but for the given ones, with a code."""
    return client.post("/api/v1/activations", json=DETAILS | {"activation_code": code} | changes)


def failed(answer: Any) -> bool:
    """Whether an activation had the answer of every mismatch."""
    return bool((answer.status_code, answer.json["code"]) == (401, "activation-failed"))
