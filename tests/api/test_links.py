"""Links between the passports of one person, made by officers and taken back."""

from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from immigration.models.people import document_index
from immigration.registries.access import limits
from immigration.rules.access import Throttled
from tests.conftest import NOW
from tests.factories import Resident, activate, load, officer, query, row, together
from tests.linking import messages, relay

OTHER = {"document_number": "TEST00002", "issuing_state": "ITA", "reason": "Both passports shown at the counter."}


@pytest.fixture
def resident(app: Flask) -> Resident:
    """A dual national who entered with one passport and left with the other; signed in with the first."""
    other = {"document_number": "TEST00002", "issuing_state": "ITA"}
    load(app, "passports", row("passports"), row("passports", expires_on="2031-01-01", **other))
    load(app, "movements", row("movements", occurred_on="2026-09-01"))
    load(app, "movements", row("movements", direction="departure", occurred_on="2026-10-01", **other))
    return activate(app)


def link(staff: Resident, resident: Resident, **values: str) -> Any:
    return staff.post(f"/review/residents/{resident.id}/links", OTHER | values)


def unlink(staff: Resident, resident: Resident, link_id: str, **body: str) -> Any:
    path = f"/api/v1/review/residents/{resident.id}/links/{link_id}"
    return staff.client.delete(path, headers=staff.headers, json=body)


def kinds(app: Flask, resident: Resident) -> list[str]:
    relay(app)
    return messages(resident)


def events(app: Flask) -> list[tuple[Any, ...]]:
    return query(app, "select kind, actor from events where kind like 'p%' order by id")


def test_a_person_who_left_with_another_passport_is_abroad_once_it_is_linked(app: Flask, resident: Resident) -> None:
    assert resident.get("/me/stay").json["obligation"]["due_on"] == "2026-11-29"
    answer = link(officer(app), resident)
    assert answer.status_code == 201, answer.json
    assert (answer.json["made_by"], answer.json["reason"]) == ("officer:somchai", OTHER["reason"])
    assert resident.get("/me/stay").json["entered_on"] is None
    assert {"passports.linked", "obligation.due-date-changed"} <= set(kinds(app, resident))


def test_a_link_taken_back_separates_the_two_again(app: Flask, resident: Resident) -> None:
    staff = officer(app)
    link_id = link(staff, resident).json["id"]
    assert unlink(staff, resident, link_id, reason="It was the brother's.").status_code == 204
    assert resident.get("/me/stay").json["obligation"]["due_on"] == "2026-11-29"
    assert activate(app, "TEST00002", "ITA").get("/me/stay").json["entered_on"] is None
    assert "people.separated" in kinds(app, resident)
    officers = "officer:somchai"
    assert events(app) == [
        ("people.joined", officers),
        ("passports.linked", officers),
        ("passports.unlinked", officers),
        ("people.separated", officers),
        ("people.separated", officers),
    ]
    path = f"/api/v1/review/residents/{resident.id}/links/{link_id}"
    assert staff.client.delete(path, headers=staff.headers).status_code == 204
    assert len(events(app)) == 5
    assert link(staff, resident).json["id"] != link_id


def test_a_repeated_link_is_answered_the_same_by_whichever_passport(app: Flask, resident: Resident) -> None:
    staff = officer(app)
    first = link(staff, resident)
    again = link(officer(app, "other"), resident, reason="Again.")
    assert (again.status_code, again.json) == (first.status_code, first.json)
    assert len([kind for kind, _ in events(app) if kind == "passports.linked"]) == 1
    asked = {"document_number": "TEST00002", "issuing_state": "ITA", "purpose": "At the counter."}
    shown = staff.post("/review/residents/search", asked).json
    assert shown["links"] == [first.json]
    assert len(shown["passports"]) == 2


@pytest.mark.parametrize(
    ("values", "obstacle"),
    [({"sex": "M"}, "sex-contradicts"), ({"birth_date": "1991-01-02"}, "birth-date-contradicts")],
)
def test_what_contradicts_is_not_linked(app: Flask, resident: Resident, values: dict[str, str], obstacle: str) -> None:
    load(app, "passports", row("passports", document_number="TEST00002", issuing_state="ITA", **values))
    answer = link(officer(app), resident)
    assert (answer.status_code, answer.json["code"], answer.json["obstacles"]) == (409, "cannot-link", [obstacle])


def test_passports_of_one_person_already_are_not_linked_again(app: Flask, resident: Resident) -> None:
    load(app, "passports", row("passports", document_number="TEST00003", replaces="FRA:TEST00001"))
    for number in ("TEST00001", "TEST00003"):
        answer = link(officer(app, number), resident, document_number=number, issuing_state="FRA")
        assert (answer.status_code, answer.json["obstacles"]) == (409, ["already-linked"])


def test_what_is_not_on_record_is_not_found(app: Flask, resident: Resident) -> None:
    staff, nobody = officer(app), Resident(app.test_client(), {}, str(uuid4()))
    link_id = link(staff, resident).json["id"]
    assert link(staff, resident, document_number="NOBODY").status_code == 404
    assert link(staff, nobody).status_code == 404
    assert unlink(staff, resident, str(uuid4())).status_code == 404
    assert unlink(staff, nobody, link_id).status_code == 404
    load(app, "passports", row("passports", document_number="TEST00009"))
    assert unlink(staff, activate(app, "TEST00009"), link_id).status_code == 404


@pytest.mark.parametrize(
    ("role", "status"),
    [("supervisor", 201), ("auditor", 403), ("administrator", 403), ("resident", 403), ("nobody", 401)],
)
def test_officers_and_supervisors_link_and_nobody_else(app: Flask, resident: Resident, role: str, status: int) -> None:
    made = link(officer(app), resident).json["id"]
    callers = {"resident": resident, "nobody": Resident(app.test_client(), {}, "")}
    caller = callers.get(role) or officer(app, role, role)
    assert link(caller, resident).status_code == status
    assert unlink(caller, resident, made).status_code == (204 if status == 201 else status)


def test_a_link_needs_a_reason(app: Flask, resident: Resident) -> None:
    assert link(officer(app), resident, reason="").status_code == 422


def test_officers_who_link_at_once_make_one_link(app: Flask, resident: Resident) -> None:
    staff = [officer(app, f"officer-{n}") for n in range(4)]
    answers = together([partial(link, each, resident) for each in staff])
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.json["id"] for answer in answers}) == 1
    assert [kind for kind, _ in events(app)] == ["people.joined", "passports.linked"]


def test_a_link_stands_when_the_records_link_the_passports_too_and_take_that_back(
    app: Flask, resident: Resident
) -> None:
    staff = officer(app)
    link_id = link(staff, resident).json["id"]
    renewed = {"document_number": "TEST00002", "issuing_state": "ITA"}
    load(app, "passports", row("passports", replaces="FRA:TEST00001", **renewed))
    load(app, "passports", row("passports", **renewed))
    assert resident.get("/me/stay").json["entered_on"] is None
    load(app, "passports", row("passports", replaces="FRA:TEST00001", **renewed))
    unlink(staff, resident, link_id)
    assert resident.get("/me/stay").json["entered_on"] is None
    load(app, "passports", row("passports", **renewed))
    assert resident.get("/me/stay").json["entered_on"] == "2026-09-01"


def test_a_link_that_is_refused_is_a_look_up(app: Flask, resident: Resident) -> None:
    load(app, "passports", row("passports", document_number="TEST00003", birth_date="1970-01-01"))
    staff = officer(app)
    third, nobody = ({"document_number": number, "issuing_state": "FRA"} for number in ("TEST00003", "NOBODY1"))
    assert link(staff, resident, **third).json["code"] == "cannot-link"
    assert link(staff, resident, **nobody).status_code == 404
    sought = query(
        app,
        "select person_id is not null, data->>'purpose', data->>'sought' from events where kind ="
        " 'resident.looked-up' order by id",
    )
    indexes = [document_index("FRA", number).hex() for number in ("TEST00003", "NOBODY1")]
    assert sought == [(True, OTHER["reason"], indexes[0]), (False, OTHER["reason"], indexes[1])]


def test_a_link_that_a_conflict_of_interest_refuses_is_a_look_up_too(app: Flask, resident: Resident) -> None:
    load(app, "passports", row("passports", document_number="TEST00003"))
    staff, third = officer(app), activate(app, "TEST00003")
    assert staff.post(f"/review/residents/{third.id}/conflicts", {"reason": "My wife."}).status_code < 300
    refused = link(staff, resident, document_number="TEST00003", issuing_state="FRA")
    assert (refused.status_code, refused.json["code"]) == (403, "conflict-of-interest")
    looked = query(app, "select person_id, data->>'purpose' from events where kind = 'resident.looked-up'")
    assert looked == [(None, OTHER["reason"])]


def test_an_officer_who_tries_numbers_out_by_links_is_refused(app: Flask, resident: Resident) -> None:
    staff, most = officer(app), limits(NOW.date())[Throttled.LOOK_UP].allowed
    for _ in range(2):
        assert link(staff, resident).status_code == 201
    tries = [link(staff, resident, document_number=f"NOBODY{n}").status_code for n in range(most)]
    assert tries == [404] * most
    assert link(staff, resident).status_code == 429


def test_an_officer_of_another_office_takes_no_link_back(app: Flask, resident: Resident) -> None:
    load(app, "residences", row("residences"))
    link_id = link(officer(app), resident).json["id"]
    assert unlink(officer(app, "far", office="CMI"), resident, link_id).status_code == 404
    assert query(app, "select withdrawn_at from passport_links") == [(None,)]
