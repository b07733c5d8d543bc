"""The worked cases, through the whole way in: import, activation, stay, filing."""

import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.factories import Resident, activate, load_files

CASES = Path(__file__).parents[1] / "data" / "cases"
EXPECTED = json.loads((CASES / "expected.json").read_text())
PEOPLE = EXPECTED["people"]
FILINGS = [(name, filing) for name, person in PEOPLE.items() for filing in person["filing"]]


@pytest.fixture
def country(app: Flask) -> Flask:
    load_files(app, CASES)
    return app


def sign_in(app: Flask, name: str, assurance: str) -> Resident:
    person = PEOPLE[name]
    return activate(app, person["document_number"], person["issuing_state"], person["birth_date"], assurance)


def test_everybody_owes_what_is_expected(country: Flask) -> None:
    for name, person in PEOPLE.items():
        assurance = "counter" if name == "p-lost-passport" else "mail"
        stay = sign_in(country, name, assurance).get("/me/stay").json
        shown = {key: stay["obligation"][key] for key in person["obligation"]}
        assert (name, shown) == (name, person["obligation"])


@pytest.mark.parametrize(("name", "expected"), FILINGS, ids=[f"{n}-{f['assurance']}" for n, f in FILINGS])
def test_a_filing_gets_the_expected_answer(country: Flask, name: str, expected: dict[str, Any]) -> None:
    resident = sign_in(country, name, expected["assurance"])
    answer = resident.file(**EXPECTED["address"])
    body = answer.json
    assert answer.status_code == expected["http"], body
    if answer.status_code != 201:
        assert body["code"] == expected["answer"]
        return
    assert (body["status"], body["reasons"]) == (expected["answer"], expected["reasons"])
    assert (body["receipt"] or {}).get("next_due_on") == expected["next_due_on"]
    assert resident.get(f"/reports/{body['number']}").json["status"] == expected["answer"]
