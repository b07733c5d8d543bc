"""Officers look people up by name or receipt: of their own offices, with a purpose, recorded found or not."""

from typing import Any
from uuid import uuid4

import pytest
from flask import Flask

from immigration.services import name_search
from tests.factories import Resident, activate, arrived, load, officer, query, row

WHY = {"purpose": "At the counter."}
BY_NAME, BY_RECEIPT = "/review/residents/search-by-name", "/review/residents/search-by-receipt"
LOOKED_UP = (
    "select person_id::text, data->>'purpose', data->>'link' from events where kind = 'resident.looked-up' order by id"
)


@pytest.fixture
def staff(app: Flask) -> Resident:
    return officer(app, "staff", office="BKK")


def person(app: Flask, number: str, surname: str, given: str, subdistrict: str = "103901", **more: str) -> None:
    """A person on record with a residence."""
    names = {"surname": surname, "given_names": given, **more}
    load(app, "passports", row("passports", document_number=number, **names))
    place = {"residence_id": f"R-{number}", "subdistrict_code": subdistrict}
    load(app, "residences", row("residences", document_number=number, **place))


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [f"{each['surname']} {each['given_names']}".strip() for each in answer.json["items"]]


@pytest.fixture
def people(app: Flask) -> None:
    person(app, "NAMED0001", "MUELLER", "JÖRG", birth_date="1970-02-03", nationality="D")
    person(app, "NAMED0002", "SATO", "KENJI", nationality="JPN")
    person(app, "NAMED0003", "SATO", "KENJI", birth_date="1985-01-01")
    person(app, "NAMED0004", "O'BRIEN", "SEAN")
    person(app, "NAMED0005", "SATO", "KENJI", subdistrict="500101")
    person(app, "NAMED0006", "IVANOV", "IURII")
    person(app, "NAMED0007", "BLANC", "ANNE-MARIE")


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Müller", "MUELLER JÖRG"), ("jorg mueller", "MUELLER JÖRG"), ("Muller Jorg", "MUELLER JÖRG"),
        ("obrien", "O'BRIEN SEAN"), ("O’Brien Sean", "O'BRIEN SEAN"),
        ("sat ken", "SATO KENJI"), ("anne marie", "BLANC ANNE-MARIE"),
        ("Иванов", "IVANOV IURII"), ("ivanof iurii", "IVANOV IURII"),
    ],
)  # fmt: skip
def test_a_name_is_found_as_it_is_written_sounds_or_is_mistyped(people, staff, typed, found) -> None:
    assert names(staff.post(BY_NAME, WHY | {"name": typed}))[:1] == [found]


def test_one_of_the_own_office_is_found_among_hundreds_who_share_the_name(app, staff, monkeypatch) -> None:
    """Where there are more than can be compared, the answer says so instead of claiming that there is nobody."""
    shared = {"surname": "KIM", "given_names": "MINJI", "nationality": "KOR"}
    load(app, "passports", *(row("passports", document_number=f"KIM{n:06}", **shared) for n in range(400)))
    person(app, "KIMOFBKK1", "KIM", "MINJI", nationality="KOR", birth_date="1977-07-07")
    found = staff.post(BY_NAME, WHY | {"name": "Minji Kim"}).json
    assert [(each["birth_date"], found["cut"]) for each in found["items"]] == [("1977-07-07", False)]
    monkeypatch.setattr(name_search, "_COMPARED", 100)
    assert staff.post(BY_NAME, WHY | {"name": "Minji Kim"}).json["cut"] is True
    narrowed = staff.post(BY_NAME, WHY | {"name": "Minji Kim", "born_in": 1977}).json
    assert [(each["birth_date"], narrowed["cut"]) for each in narrowed["items"]] == [("1977-07-07", False)]


def test_people_of_other_offices_are_not_shown_and_headquarters_see_all(app, people, staff) -> None:
    wanted = WHY | {"name": "Kenji Sato"}
    assert len(names(staff.post(BY_NAME, wanted))) == 2
    assert len(names(officer(app, "north", office="CMI").post(BY_NAME, wanted))) == 1
    assert len(names(officer(app, "headquarters", office="HQ").post(BY_NAME, wanted))) == 3


def test_nationality_and_year_of_birth_narrow_it_down(people, staff) -> None:
    wanted = WHY | {"name": "Sato Kenji"}
    japanese = staff.post(BY_NAME, wanted | {"nationality": "jpn"}).json["items"]
    assert [each["nationality"] for each in japanese] == ["JPN"]
    for written in ("D", "deu", "D<<"):
        germans = staff.post(BY_NAME, WHY | {"name": "Mueller", "nationality": written}).json["items"]
        assert [each["nationality"] for each in germans] == ["DEU"]
    born = staff.post(BY_NAME, wanted | {"born_in": 1985}).json["items"]
    assert [each["birth_date"] for each in born] == ["1985-01-01"]


def test_who_is_shown_is_recorded_with_the_purpose_and_so_is_nobody(app, people, staff) -> None:
    shown = staff.post(BY_NAME, WHY | {"name": "Kenji Sato"}).json["items"]
    assert "NAMED0002" not in str(shown), "the number of a passport stays hidden"
    assert sorted(query(app, LOOKED_UP)) == sorted(
        (each["resident_id"], WHY["purpose"], "own-office") for each in shown
    )
    assert staff.post(BY_NAME, WHY | {"name": "Nobody at All"}).json == {"items": [], "more": False, "cut": False}
    assert query(app, LOOKED_UP)[-1] == (None, WHY["purpose"], "")


def test_more_than_ten_are_said_to_be_more(app, staff) -> None:
    for n in range(12):
        person(app, f"MANY{n}", "SMITH", f"JOHN {'ABCDEFGHIJKL'[n]}")
    answer = staff.post(BY_NAME, WHY | {"name": "john smith"}).json
    assert (len(answer["items"]), answer["more"]) == (10, True)


def test_who_was_shown_is_opened_with_a_purpose_of_its_own(app, people, staff) -> None:
    found = staff.post(BY_NAME, WHY | {"name": "obrien"}).json["items"][0]
    opened = staff.post(f"/review/residents/{found['resident_id']}/look-ups", {"purpose": "A question by phone."})
    assert opened.json["passports"][0]["surname"] == "O'BRIEN"
    assert query(app, LOOKED_UP)[-1] == (found["resident_id"], "A question by phone.", "own-office")
    stranger = officer(app, "stranger", office="CMI")
    foreign = stranger.post(f"/review/residents/{found['resident_id']}/look-ups", WHY)
    assert foreign.status_code == 404
    assert query(app, LOOKED_UP)[-1] == (None, WHY["purpose"], "")


@pytest.fixture
def accepted(app: Flask) -> dict[str, Any]:
    """A report that was accepted at once, with its receipt."""
    arrived(app)
    load(app, "residences", row("residences"))
    answer = activate(app).file().json
    assert answer["status"] == "accepted"
    return dict(answer)


def test_a_receipt_finds_its_person_by_number_report_or_qr_code(app, accepted, staff) -> None:
    found = [
        staff.post(BY_RECEIPT, WHY | {"receipt": text})
        for text in (accepted["receipt"]["number"].lower(), accepted["number"], accepted["filing_statement"])
    ]
    assert [answer.status_code for answer in found] == [200, 200, 200]
    assert {answer.json["resident_id"] for answer in found} == {query(app, "select person_id::text from reports")[0][0]}
    assert {each[1:] for each in query(app, LOOKED_UP)} == {(WHY["purpose"], "own-office")}


def test_a_paper_receipt_finds_its_person(app, accepted, staff) -> None:
    load(app, "reports", row("reports", receipt_number="BKK-47/9", filed_on="2026-09-10"))
    assert staff.post(BY_RECEIPT, WHY | {"receipt": " BKK-47/9 "}).status_code == 200


def test_beyond_the_offices_a_receipt_needs_a_reason_and_is_an_exception(app, accepted) -> None:
    stranger = officer(app, "stranger", office="CMI")
    wanted = WHY | {"receipt": accepted["number"]}
    none = stranger.post(BY_RECEIPT, WHY | {"receipt": "R26-0000-0000-0000-0"})
    foreign = stranger.post(BY_RECEIPT, wanted)
    assert (foreign.status_code, foreign.json) == (404, none.json)
    assert [each[0] for each in query(app, LOOKED_UP)] == [None, None]
    assert stranger.post(BY_RECEIPT, wanted | {"reason": "Stands before me."}).status_code == 200
    assert query(app, "select reason, stated_case from office_exceptions") == [
        ("Stands before me.", accepted["number"])
    ]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (BY_NAME, {"name": "x"}), (BY_NAME, {"name": "a" * 101} | WHY), (BY_NAME, {"name": "Sato"}),
        (BY_NAME, {"name": None} | WHY), (BY_NAME, {"name": "\u202eSato"} | WHY),
        (BY_NAME, {"name": "Sato", "born_in": 3000} | WHY), (BY_NAME, {"name": "Sato", "nationality": "FRANCE"} | WHY),
        (BY_RECEIPT, {"receipt": ""} | WHY), (BY_RECEIPT, {"receipt": "a" * 4001} | WHY),
    ],
)  # fmt: skip
def test_malformed_searches_are_refused_and_find_nobody(app, staff, path, body) -> None:
    assert staff.post(path, body).status_code == 422
    assert query(app, LOOKED_UP) == []


@pytest.mark.parametrize("name", ["%%%", "'; drop table people; --", "\u0e01\u0e02", "_ _", "<script>", "((((", "😀😀"])
def test_hostile_names_find_nobody(people, staff, name) -> None:
    assert staff.post(BY_NAME, WHY | {"name": name}).json["items"] == []


def test_guesses_in_vain_are_slowed_down(people, staff) -> None:
    answers = [staff.post(BY_RECEIPT, WHY | {"receipt": f"X-{n}"}).status_code for n in range(60)]
    assert (answers[0], answers[-1]) == (404, 429)
    assert staff.post(BY_NAME, WHY | {"name": "Sato"}).status_code == 429
    assert staff.post(f"/review/residents/{uuid4()}/look-ups", WHY).status_code == 429


@pytest.mark.parametrize("role", ["administrator"])
def test_administrators_look_nobody_up(app, people, role) -> None:
    admin = officer(app, "admin", role)
    assert [admin.post(path, WHY).status_code for path in (BY_NAME, BY_RECEIPT)] == [403, 403]


def test_a_look_at_a_person_of_another_office_says_whom_it_sought(app, resident, number) -> None:
    far = officer(app, "far", office="CMI")
    assert far.post(f"/review/residents/{resident.id}/look-ups", WHY).status_code == 404
    passport = {"document_number": "TEST00001", "issuing_state": "FRA"}
    [seen] = officer(app, "auditor", "auditor").post("/audit/look-ups", passport).json["items"]
    assert (seen["actor"], seen["person"], seen["data"]["link"]) == ("officer:far", None, "")
