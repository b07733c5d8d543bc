"""Addresses: the search of the form, and lines as long as people's own."""

import pytest
from flask import Flask

from tests.factories import ADDRESS, activate, arrived


@pytest.mark.parametrize(
    ("query", "level", "name"),
    [
        ("Koh Samui", "district", "Ko Samui"),
        ("Sriracha", "district", "Si Racha"),
        ("Samutprakarn", "province", "Samut Prakan"),
        ("พัทยา", "district", "Bang Lamung"),
        ("50180", "district", "Mae Rim"),
    ],
)
def test_a_place_is_suggested_however_it_is_spelt(app: Flask, query: str, level: str, name: str) -> None:
    answer = app.test_client().get("/api/v1/addresses", query_string={"q": query})
    assert answer.json["items"][0][level]["en"] == name


def test_the_lines_of_an_address_hold_what_people_have(app: Flask) -> None:
    arrived(app)
    resident = activate(app)
    building = (
        "The Residences at Central Pattaya Beach Condominium and Serviced Apartments, Tower B (North Wing), Floor 12"
    )
    assert len(building) == 107
    lines = {"building": building, "moo": "Moo 5 Ban Nong Prue Tai"}
    answer = resident.file(**lines)
    assert answer.status_code == 201
    assert resident.get(f"/reports/{answer.json['number']}").json["address"] == ADDRESS | lines


@pytest.mark.parametrize(
    ("line", "longest"), [("house_number", 100), ("building", 200), ("moo", 100), ("soi", 150), ("road", 150)]
)
def test_a_line_has_a_limit(app: Flask, line: str, longest: int) -> None:
    arrived(app)
    resident = activate(app)
    refused = resident.file(**{line: "a" * (longest + 1)})
    assert refused.status_code == 422
    assert resident.file(**{line: "ก" * longest}).status_code == 201
