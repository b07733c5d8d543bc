"""The details of an activation: open birth dates, what no passport can say, and misread numbers."""

import pytest
from sqlalchemy import select, update

from immigration.models.access import ActivationAttempt, ActivationRequest
from immigration.models.people import Passport, folded_index
from immigration.rules import mrz
from immigration.rules.birth_dates import BirthDate, read
from tests.access import DETAILS, activate, add_person, code_for, failed
from tests.conftest import NOW
from tests.factories import arrived, load, officer, row


def born(text):
    return read(text, latest=NOW.date())


def zone(birth_date, number="EX1000001"):
    return mrz.build(
        issuing_state="FRA",
        document_number=number,
        nationality="FRA",
        surname="MARTIN",
        given_names="CHLOE",
        birth_date=birth_date,
        sex="F",
        expires_on=None,
    )


@pytest.mark.parametrize(
    ("record", "typed"),
    [
        ("1968-00-00", "1968"),
        ("1968-00-00", "1968-00-00"),
        ("1968-00-00", "1968-05-17"),
        ("1968-05-00", "1968-05"),
        ("1968-05-00", "1968-05-00"),
        ("1968-05-00", "1968-05-31"),
        ("1968-05-17", "1968-05-17"),
    ],
)
def test_parts_that_the_record_lacks_are_not_asked(client, database, record, typed):
    add_person(database, born=born(record))
    assert activate(client, code_for(database), birth_date=typed).status_code == 201


@pytest.mark.parametrize(
    ("record", "typed"),
    [
        ("1968-00-00", "1969"),
        ("1968-05-00", "1968"),
        ("1968-05-00", "1968-06"),
        ("1968-05-17", "1968-05"),
        ("1968-05-17", "1968-05-00"),
        ("1968-05-17", "1968-05-18"),
    ],
)
def test_parts_that_the_record_knows_must_be_given(client, database, record, typed):
    add_person(database, born=born(record))
    assert failed(activate(client, code_for(database), birth_date=typed))


@pytest.mark.parametrize("birth", [BirthDate(1968), BirthDate(1968, 5), BirthDate(1968, 5, 17)])
def test_a_zone_with_an_open_birth_date_activates(client, database, birth):
    add_person(database, born=birth)
    body = {"mrz": zone(birth), "activation_code": code_for(database)}
    assert client.post("/api/v1/activations", json=body).status_code == 201


def test_a_zone_that_leaves_open_what_the_record_knows_activates_nobody(client, database):
    add_person(database)
    body = {"mrz": zone(BirthDate(1990)), "activation_code": code_for(database)}
    assert failed(client.post("/api/v1/activations", json=body))


@pytest.mark.parametrize("path", ["/activations", "/activations/requests"])
@pytest.mark.parametrize(
    ("changes", "code", "suggestion"),
    [
        ({"birth_date": "1990-02-30"}, "birth-date-impossible", None),
        ({"birth_date": "1990-13-01"}, "birth-date-impossible", None),
        ({"birth_date": "2533-05-17"}, "birth-year-buddhist", "1990-05-17"),
        ({"birth_date": "2533"}, "birth-year-buddhist", "1990"),
        ({"birth_date": "2026-11-24"}, "birth-date-in-future", None),
        ({"birth_date": "1899-12-31"}, "birth-date-too-early", None),
        ({"issuing_state": "QQQ"}, "unknown-state", None),
        ({"issuing_state": "FR"}, "unknown-state", None),
    ],
)
def test_what_no_passport_says_is_refused_before_a_try_counts(client, database, path, changes, code, suggestion):
    add_person(database)
    activation_code = code_for(database)
    body = DETAILS | ({"activation_code": activation_code} if path == "/activations" else {}) | changes
    answer = client.post(f"/api/v1{path}", json=body)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid-details")
    (fault,) = answer.json["faults"]
    assert (fault["field"], fault["code"], fault.get("suggestion")) == (*changes, code, suggestion)
    assert fault["detail"] in answer.json["detail"]
    with database.read_session() as session:
        assert (
            session.scalars(select(ActivationAttempt)).all() == session.scalars(select(ActivationRequest)).all() == []
        )


def test_every_fault_of_the_details_is_named(client, database):
    answer = activate(client, "00000-00000", birth_date="1990-02-30", issuing_state="QQQ")
    assert [fault["field"] for fault in answer.json["faults"]] == ["birth_date", "issuing_state"]


@pytest.mark.parametrize("typed", ["EXIOOOOOI", "exi-ooo oo1", "EX10000O1"])
def test_a_misread_number_is_found_where_it_is_the_only_one(client, database, typed):
    add_person(database)
    assert activate(client, code_for(database), document_number=typed).status_code == 201


def test_a_misread_number_in_a_zone_is_found(client, database):
    add_person(database)
    body = {"mrz": zone(BirthDate(1990, 5, 17), "EXIOOOOOI"), "activation_code": code_for(database)}
    assert client.post("/api/v1/activations", json=body).status_code == 201


def test_the_number_as_typed_comes_first(client, database):
    add_person(database, "EX1000001")
    person = add_person(database, "EX100000I")
    code = code_for(database, "EX100000I")
    assert activate(client, code, document_number="EX100000I").json["resident_id"] == str(person)


def test_a_misread_number_that_may_be_two_activates_nobody(client, database):
    add_person(database, "EX1000001")
    add_person(database, "EX100000I")
    assert failed(activate(client, code_for(database, "EX1000001"), document_number="EX1OOOOOI"))


def test_a_misread_number_of_another_state_activates_nobody(client, database):
    add_person(database)
    assert failed(activate(client, code_for(database), document_number="EXIOOOOOI", issuing_state="DEU"))


def test_a_misread_number_of_a_replaced_passport_activates_nobody(client, database):
    person = add_person(database)
    code = code_for(database)
    add_person(database, "EX2000002", replaces="EX1000001", person_id=person)
    assert failed(activate(client, code, document_number="EXIOOOOOI"))


def test_wrong_codes_for_a_misread_number_count_as_those_of_the_number(client, database):
    add_person(database)
    for typed in ("EXIOOOOOI", "EX100000I", "EX1000001", "EXI00000I", "EX1OOOOO1"):
        assert failed(activate(client, "00000-00000", document_number=typed))
    assert activate(client, "00000-00000").status_code == 429


def test_while_a_passport_has_no_folded_form_only_exact_numbers_are_found(client, database):
    add_person(database)
    code = code_for(database)
    add_person(database, "EX7000007")
    with database.transaction() as session:
        session.execute(update(Passport).where(Passport.surname == "MARTIN").values(folded_index=None))
    assert failed(activate(client, code, document_number="EXIOOOOOI"))
    assert activate(client, code).status_code == 201


def test_officers_find_a_misread_number_and_see_what_is_known_of_the_birth(app):
    load(app, "passports", row("passports", birth_date="1968-05-00"))
    staff = officer(app)
    body = {"document_number": "TEST0000I", "issuing_state": "FRA", "purpose": "At the counter."}
    answer = staff.post("/review/residents/search", body)
    assert answer.status_code == 200
    assert [passport["birth_date"] for passport in answer.json["passports"]] == ["1968-05-00"]


def test_a_code_is_issued_for_a_misread_number(client, database):
    add_person(database)
    assert activate(client, code_for(database, "EXIOOOOOI")).status_code == 201


def test_a_passport_imported_has_its_folded_form(app, database):
    arrived(app)
    with database.read_session() as session:
        assert session.scalars(select(Passport.folded_index)).one() == folded_index("FRA", "TESTOOOO1")
