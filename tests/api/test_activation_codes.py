"""Asking for an activation code, and handing one out at a counter."""

import pytest
from sqlalchemy import select

from immigration.models.access import ActivationCode, ActivationRequest
from immigration.services import officers
from tests.access import DETAILS, activate, add_person
from tests.conftest import NOW


def request_code(client, **changes):
    return client.post("/api/v1/activations/requests", json=DETAILS | changes)


def test_asking_for_a_code_has_one_answer_and_leaves_one_row(client, database):
    add_person(database, email="chloe@example.org")
    answers = [request_code(client), request_code(client, document_number="EX9999999")]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].data == answers[1].data
    with database.read_session() as session:
        rows = session.scalars(select(ActivationRequest)).all()
    assert len(rows) == 2
    assert {row.settled_at for row in rows} == {None}


@pytest.mark.parametrize("changes", [{"birth_date": "x"}, {"document_number": ""}, {"issuing_state": 1}, {"more": 1}])
def test_a_malformed_request_for_a_code_is_refused(client, database, changes):
    assert request_code(client, **changes).status_code == 422


def signed_in(client, database, role):
    with database.transaction() as session:
        officers.add(session, role, password="correct horse battery", role=role, office="BKK", actor="tests", now=NOW)
    body = {"name": role, "password": "correct horse battery"}
    token = client.post("/api/v1/officers/sessions", json=body).json["access_token"]
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("role", ["officer", "supervisor"])
def test_an_officer_issues_a_code_for_the_present_passport(client, database, role):
    person = add_person(database)
    add_person(database, "EX2000001", replaces="EX1000001", person_id=person)
    head = signed_in(client, database, role)
    answer = client.post(f"/api/v1/review/residents/{person}/activation-codes", headers=head)
    assert answer.status_code == 201
    assert answer.json["expires_at"] == "2026-12-23T03:00:00+00:00"
    activated = activate(client, answer.json["activation_code"], document_number="EX2000001")
    assert activated.status_code == 201
    with database.read_session() as session:
        assert session.scalars(select(ActivationCode.issued_by)).one() == f"{role}:{role}"


def test_there_is_no_code_for_a_person_who_does_not_exist(client, database):
    head = signed_in(client, database, "officer")
    unknown = "00000000-0000-0000-0000-000000000001"
    answer = client.post(f"/api/v1/review/residents/{unknown}/activation-codes", headers=head)
    assert (answer.status_code, answer.json["code"]) == (404, "not-found")


@pytest.mark.parametrize("role", ["auditor", "administrator"])
def test_others_issue_no_codes(client, database, role):
    person = add_person(database)
    head = signed_in(client, database, role)
    answer = client.post(f"/api/v1/review/residents/{person}/activation-codes", headers=head)
    assert answer.status_code == 403
