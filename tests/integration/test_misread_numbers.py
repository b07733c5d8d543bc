"""References of records to passports whose number was misread: O for 0, I for 1."""

from flask import Flask
from sqlalchemy import func, select, update

from foundation.db import Database
from immigration.models.people import Passport, folded_index
from immigration.models.records import Movement
from immigration.services import document_indexes
from tests.factories import activate, arrived, load, merge, row

NEWER = {"document_number": "NEWER1", "expires_on": "2036-01-01"}


def people(database: Database) -> int:
    """How many people the passports on record are of."""
    with database.read_session() as session:
        return session.scalar(select(func.count(Passport.person_id.distinct()))) or 0


def test_a_movement_of_a_misread_number_is_the_passports(app, database):
    load(app, "passports", row("passports"))
    counts = merge(app, "movements", row("movements", document_number="TESTOOOOI"))
    assert (counts["imported"], counts["rejected"]) == (1, 0)
    assert activate(app).get("/me/stay").json["entered_on"] == "2026-09-01"


def test_every_kind_of_record_takes_a_misread_number(app):
    load(app, "passports", row("passports"))
    for kind, values in (
        ("permissions", {"granted_on": "2026-09-02"}),
        ("reports", {"filed_on": "2026-09-02"}),
        ("residences", {}),
    ):
        assert merge(app, kind, row(kind, document_number="test-OOOOI", **values))["imported"] == 1


def test_the_number_as_written_comes_first(app, database):
    load(app, "passports", row("passports"), row("passports", document_number="TESTOOOO1"))
    merge(app, "movements", row("movements", document_number="TESTOOOO1"))
    with database.read_session() as session:
        assert session.scalar(select(Passport.document_number).join(Movement)) == "TESTOOOO1"


def test_a_misread_number_that_may_be_two_is_unknown(app):
    load(app, "passports", row("passports"), row("passports", document_number="TEST0000I"))
    assert merge(app, "movements", row("movements", document_number="TESTOOOOI"))["rejected"] == 1


def test_a_misread_number_of_another_state_is_unknown(app):
    load(app, "passports", row("passports"))
    assert merge(app, "movements", row("movements", document_number="TESTOOOOI", issuing_state="DEU"))["rejected"] == 1


def test_passports_that_differ_in_o_and_0_are_two(app, database):
    load(app, "passports", row("passports"))
    load(app, "passports", row("passports", document_number="TESTOOOO1"))
    assert people(database) == 2


def test_a_passport_replaces_a_misread_one_on_record(app, database):
    load(app, "passports", row("passports"))
    load(app, "passports", row("passports", **NEWER, replaces="FRA:TESTOOOOI"))
    assert people(database) == 1


def test_a_passport_replaces_a_misread_one_of_the_same_file(app, database):
    load(app, "passports", row("passports", **NEWER, replaces="FRA:TESTOOOOI"), row("passports"))
    assert people(database) == 1


def test_a_passport_replaces_a_misread_one_that_comes_later(app, database):
    load(app, "passports", row("passports", **NEWER, replaces="FRA:TESTOOOOI"))
    assert people(database) == 1
    load(app, "passports", row("passports"))
    assert people(database) == 1


def test_the_same_rows_again_change_nothing(app, database):
    rows = row("passports", **NEWER, replaces="FRA:TESTOOOOI"), row("passports")
    load(app, "passports", *rows)
    assert load(app, "passports", *rows)["unchanged"] == 2
    assert people(database) == 1


def test_a_replaced_number_that_may_be_two_joins_nobody(app, database):
    load(app, "passports", row("passports"), row("passports", document_number="TEST0000I"))
    load(app, "passports", row("passports", **NEWER, replaces="FRA:TESTOOOOI"))
    assert people(database) == 3


def test_a_passport_does_not_replace_itself_by_a_misread_number(app, database):
    load(app, "passports", row("passports", replaces="FRA:TESTOOOO1"))
    with database.read_session() as session:
        assert session.scalars(select(Passport)).one().replaces_index is not None
    assert people(database) == 1
    arrived(app)
    assert activate(app).get("/me").status_code == 200


def test_passports_of_an_earlier_release_are_filled_and_found(app: Flask, database: Database) -> None:
    load(app, "passports", *(row("passports", document_number=f"TEST{n:05}") for n in range(5)))
    with database.transaction() as session:
        session.execute(update(Passport).values(folded_index=None))
    movement = row("movements", document_number="TESTOOOOI")
    assert merge(app, "movements", movement)["rejected"] == 1
    for _ in range(2):
        document_indexes.fill(database)
    assert merge(app, "movements", movement)["imported"] == 1
    with database.read_session() as session:
        folded = session.scalars(select(Passport.folded_index).order_by(Passport.id)).first()
        assert folded == folded_index("FRA", "TEST00000")
