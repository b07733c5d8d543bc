"""Links between passports: who is joined, who is refused, and in any order."""

import itertools
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from operations.services import services_of
from tests.factories import activate, arrived, load, officer, query, row, together
from tests.linking import NEW, OLD, documents, import_passports, passport, people


def test_unrelated_holders_are_not_joined_and_the_row_is_rejected_with_the_reason(app: Flask, tmp_path: Path) -> None:
    italian = {"issuing_state": "ITA", "nationality": "ITA"}
    first = row(
        "passports", document_number="CP0000020", birth_date="1981-01-01", sex="M", given_names="UGO", **italian
    )
    second = row("passports", document_number="CP0000021", birth_date="1992-02-02", sex="F", **italian)
    load(app, "passports", first)
    phone = activate(app, "CP0000020", "ITA", "1981-01-01")
    path = tmp_path / "p.csv"
    assert (
        import_passports(app, path, second | {"replaces": "ITA:CP0000020"})
        == "imported 0, updated 0, unchanged 0, rejected 1"
    )
    assert "the birth date contradicts" in (tmp_path / "p.csv.rejected.csv").read_text()
    assert phone.get("/me").json["given_names"] == "UGO"
    assert import_passports(app, path, second) == "imported 1, updated 0, unchanged 0, rejected 0"
    assert people(app) == 2


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ({"sex": "M"}, "rejected 1"),
        ({"birth_date": "1990-01-03"}, "rejected 1"),
        ({"sex": "X"}, "rejected 0"),
        ({"surname": "MARTIN", "nationality": "ITA"}, "rejected 0"),
    ],
)
def test_birth_date_and_sex_contradict_and_nothing_else(
    app: Flask, tmp_path: Path, values: dict[str, str], outcome: str
) -> None:
    load(app, "passports", passport(OLD))
    assert import_passports(app, tmp_path / "p.csv", passport(NEW, OLD, **values)).endswith(outcome)


def test_a_claim_that_a_later_row_contradicts_links_nothing_and_replaces_nothing(app: Flask, tmp_path: Path) -> None:
    load(app, "passports", passport(NEW, OLD, sex="M"))
    assert import_passports(app, tmp_path / "p.csv", passport(OLD, sex="F")).startswith("imported 1")
    assert people(app) == 2
    assert documents(activate(app, OLD)) == ("ALIX", "001")
    again = import_passports(app, tmp_path / "q.csv", passport(NEW, OLD, sex="M"))
    assert again == "imported 0, updated 0, unchanged 0, rejected 1"


def test_in_one_file_the_row_that_claims_is_rejected_wherever_it_stands(app: Flask, tmp_path: Path) -> None:
    claim, innocent = passport(NEW, OLD, sex="M"), passport(OLD, sex="F")
    for name, rows in (("p", (claim, innocent)), ("q", (innocent, claim))):
        import_passports(app, tmp_path / f"{name}.csv", *rows)
        assert (tmp_path / f"{name}.csv.rejected.csv").read_text().splitlines()[1].count(f"{NEW},FRA") == 1
    assert people(app) == 1


def test_a_circle_is_rejected_within_a_file_across_files_and_through_an_officers_link(
    app: Flask, tmp_path: Path
) -> None:
    path = tmp_path / "p.csv"
    assert import_passports(app, path, passport(OLD, NEW), passport(NEW, OLD)).endswith("rejected 1")
    reason = (tmp_path / "p.csv.rejected.csv").read_text().splitlines()[1]
    assert reason.startswith("3,")
    assert "circle" in reason
    load(app, "passports", passport(NEW))
    assert import_passports(app, path, passport(NEW, OLD)).endswith("rejected 1")
    load(app, "passports", passport("TEST00003"))
    staff, resident = officer(app), query(app, "select person_id from passports order by id limit 1")[0][0]
    body = {"document_number": "TEST00003", "issuing_state": "FRA", "reason": "Both shown."}
    assert staff.post(f"/review/residents/{resident}/links", body).status_code == 201
    assert people(app) == 1
    assert import_passports(app, path, passport(NEW, "TEST00003")).endswith("rejected 1")
    assert import_passports(app, path, passport("TEST00003", OLD)).endswith("rejected 0")


def test_any_order_of_rows_and_files_ends_with_the_same_people(app: Flask) -> None:
    rows = [passport(OLD), passport(NEW, OLD), passport("TEST00003", NEW), passport("TEST00004", NEW)]
    for number, order in enumerate(itertools.permutations(rows)):
        renamed = [
            each
            | {"document_number": f"{number:02}{each['document_number']}"}
            | ({"replaces": f"FRA:{number:02}{each['replaces'][4:]}"} if each["replaces"] else {})
            for each in order
        ]
        for each in renamed if number % 2 else [renamed]:
            load(app, "passports", *(each if isinstance(each, list) else [each]))
        assert people(app) == number + 1
    before = query(app, "select id, person_id, holder_id from passports order by id")
    assert load(app, "passports", *renamed) == {"unchanged": 4, "rejected": 0}
    assert query(app, "select id, person_id, holder_id from passports order by id") == before


def test_a_link_in_the_middle_of_a_chain_leaves_the_others_joined(app: Flask) -> None:
    numbers = [f"TEST0000{n}" for n in range(1, 6)]
    for number, older in zip(numbers, ["", *numbers], strict=False):
        load(app, "passports", passport(number, older, given_names=number))
    residents = {number: activate(app, numbers[-1]) for number in numbers[-1:]}
    assert people(app) == 1
    load(app, "passports", passport(numbers[2]))
    assert query(app, "select count(*) from passports group by person_id order by 1") == [(2,), (3,)]
    assert documents(residents[numbers[-1]]) == (numbers[-1], "005")
    assert documents(activate(app, numbers[1])) == (numbers[1], "002")
    load(app, "passports", passport(numbers[2], numbers[0]))
    assert people(app) == 1


def test_a_changed_link_moves_a_passport_from_one_person_to_another(app: Flask) -> None:
    arrived(app, "2026-09-01")
    load(app, "passports", passport("TEST00003"))
    load(app, "movements", row("movements", document_number="TEST00003", occurred_on="2026-10-01"))
    load(app, "passports", passport(NEW, OLD))
    resident = activate(app, NEW)
    assert resident.get("/me/stay").json["entered_on"] == "2026-09-01"
    load(app, "passports", passport(NEW, "TEST00003"))
    assert resident.get("/me/stay").json["entered_on"] == "2026-10-01"
    kinds = [kind for (kind,) in query(app, "select kind from events where kind like 'people.%' order by id")]
    assert kinds == ["people.joined", "people.separated", "people.separated", "people.joined"]


def test_a_corrected_birth_date_that_contradicts_separates_and_its_correction_joins_again(app: Flask) -> None:
    load(app, "passports", passport(OLD), passport(NEW, OLD))
    load(app, "passports", passport(OLD, birth_date="1990-02-01"))
    assert people(app) == 2
    load(app, "passports", passport(NEW, OLD, birth_date="1990-02-01"))
    assert people(app) == 1


def test_people_who_were_wrongly_joined_are_separated_when_the_claim_comes_again(app: Flask, tmp_path: Path) -> None:
    load(app, "passports", passport(OLD), passport(NEW, OLD, sex="X"))
    with services_of(app).database.transaction() as session:
        session.execute(text("update passports set holder_id = null, sex = case id when 1 then 'F' else 'M' end"))
    assert people(app) == 1
    assert import_passports(app, tmp_path / "p.csv", passport(NEW, OLD, sex="M")).endswith("rejected 1")
    assert people(app) == 2


def test_imports_at_once_that_join_and_separate_end_as_one_after_the_other(app: Flask, tmp_path: Path) -> None:
    older = [passport(f"OLD{n:05}") for n in range(60)]
    load(app, "passports", *older, *(passport(f"NEW{n:05}") for n in range(60)))
    linked = [passport(f"NEW{n:05}", f"OLD{n:05}") for n in range(60)]
    files = {tmp_path / "p.csv": linked, tmp_path / "q.csv": linked[::-1]}
    done = together([partial(import_passports, app, path, *rows) for path, rows in files.items()])
    assert sorted(done) == [
        "imported 0, updated 0, unchanged 60, rejected 0",
        "imported 0, updated 60, unchanged 0, rejected 0",
    ]
    assert people(app) == 60
    assert query(app, "select count(*) from obligations") == [(60,)]
