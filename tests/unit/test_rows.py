"""A row of each kind of records: what is taken, and the reason for which one is not."""

from datetime import date
from typing import Any

import pytest

from immigration.rules.birth_dates import BirthDate
from immigration.rules.rows import KINDS, BadRow
from tests.factories import row

PASSPORT = {"document_number": "EX1", "issuing_state": "FRA"}
NO_BIRTH_DATE = "not a date as YYYY-MM-DD, with 00 for a month or a day that the passport leaves open"
BUDDHIST_YEAR = "2533 looks like a year of the Buddhist calendar: in the common era it is 1990"


def read(kind: str, production: bool = False, **values: str) -> dict[str, Any]:
    """A row of a kind as it is read: defaults but for the given values."""
    defaults = {"occurred_on": "2026-09-01", "granted_on": "2026-09-01", "filed_on": "2026-09-01"}
    given = row(kind, **{k: v for k, v in defaults.items() if k in KINDS[kind].columns} | values)
    return KINDS[kind].read([given[column] for column in KINDS[kind].columns], production)


def reason(kind: str, **values: str) -> str:
    with pytest.raises(BadRow) as refused:
        read(kind, False, **values)
    return str(refused.value)


def test_a_passport_is_read_with_its_types():
    given: Any = PASSPORT
    row = read("passports", **given, sex="f", status="VALID", replaces="deu:old1")
    assert row == {
        **PASSPORT,
        "nationality": "FRA",
        "surname": "DURAND",
        "given_names": "ALIX",
        "birth_date": BirthDate(1990, 1, 2),
        "sex": "F",
        "expires_on": date(2035, 1, 1),
        "status": "valid",
        "replaces": ("DEU", "OLD1"),
    }


def test_values_lose_the_spaces_around_them_and_identifiers_are_in_capitals():
    row = read("passports", document_number=" ex1 ", issuing_state="fra ", surname=" Durand ", nationality="\tfra")
    assert (row["document_number"], row["issuing_state"], row["nationality"]) == ("EX1", "FRA", "FRA")
    assert row["surname"] == "Durand"


@pytest.mark.parametrize("written", ["D", "d", "D<<", "DEU"])
def test_germany_is_kept_as_one_state_however_a_passport_writes_it(written):
    row = read("passports", document_number="C01X00T47", issuing_state=written, nationality=written, replaces="D:OLD1")
    assert (row["issuing_state"], row["nationality"], row["replaces"]) == ("DEU", "DEU", ("DEU", "OLD1"))


def test_an_id_and_an_address_are_kept_as_they_are_written():
    row = read("movements", document_number="EX1", movement_id="tm-0001a", contact_email="Alix@example.org")
    assert (row["movement_id"], row["contact_email"]) == ("tm-0001a", "Alix@example.org")


@pytest.mark.parametrize(("kind", "column"), [
    ("passports", "replaces"), ("movements", "arrival_card"), ("movements", "permitted_until"),
    ("movements", "contact_email"), ("permissions", "visa_class"), ("reports", "next_due_on"),
    ("residences", "until_on"), ("residences", "host"),
])  # fmt: skip
def test_what_may_be_left_out_is_none(kind, column):
    assert read(kind, **{column: ""})[column] is None


@pytest.mark.parametrize(("kind", "column"), [
    ("movements", "checkpoint"), ("reports", "office"), ("passports", "given_names"), ("passports", "surname"),
])  # fmt: skip
def test_a_text_that_may_be_left_out_is_empty(kind, column):
    assert read(kind, **{column: ""})[column] == ""


@pytest.mark.parametrize(
    ("written", "birth"),
    [("1968", "1968-00-00"), ("1968-00-00", "1968-00-00"), ("1968-05", "1968-05-00"), ("1968-05-00", "1968-05-00")],
)
def test_a_birth_date_may_be_open(written, birth):
    assert str(read("passports", birth_date=written)["birth_date"]) == birth


@pytest.mark.parametrize("written", ["ex-100 0001", "EX1000001", "ex1000001"])
def test_a_number_is_the_same_however_it_is_written(written):
    assert read("movements", document_number=written)["document_number"] == "EX1000001"
    assert read("passports", replaces=f"FRA:{written}")["replaces"] == ("FRA", "EX1000001")


@pytest.mark.parametrize(
    ("kind", "values", "why"),
    [
        ("passports", {"document_number": ""}, "document_number: missing"),
        ("passports", {"document_number": "A" * 21}, "document_number: not a document number (letters and digits)"),
        ("passports", {"birth_date": "1990-02-30"}, "birth_date: there is no such day"),
        ("passports", {"document_number": "A_1"}, "document_number: not a document number (letters and digits)"),
        ("passports", {"issuing_state": ""}, "issuing_state: missing"),
        ("passports", {"issuing_state": "QQQ"}, "issuing_state: not an ICAO 9303 code"),
        ("passports", {"nationality": "FR"}, "nationality: not an ICAO 9303 code"),
        ("passports", {"birth_date": ""}, "birth_date: missing"),
        ("passports", {"birth_date": "2.1.1990"}, f"birth_date: {NO_BIRTH_DATE}"),
        ("passports", {"birth_date": "1899-12-31"}, "birth_date: before 1900; years are those of the common era"),
        ("passports", {"expires_on": "2200-01-02"}, "expires_on: out of range; years are those of the common era"),
        ("passports", {"birth_date": "2533-01-02"}, f"birth_date: {BUDDHIST_YEAR}"),
        ("passports", {"sex": "Q"}, "sex: not M, F or X"),
        ("passports", {"status": "gone"}, "status: not one of valid, expired, lost, stolen, cancelled"),
        ("passports", {"surname": "", "given_names": ""}, "surname: missing, and so are given names"),
        ("passports", {"surname": "A" * 201}, "surname: longer than 200 characters"),
        ("passports", {"surname": "A\x07"}, "surname: contains control characters"),
        ("passports", {"replaces": "FRA"}, "replaces: not issuing_state:document_number"),
        ("passports", {"replaces": "QQQ:1"}, "replaces: not an ICAO 9303 code"),
        ("passports", {"replaces": "FRA:"}, "replaces: missing"),
        ("passports", {"replaces": "FRA:A:1"}, "replaces: not a document number (letters and digits)"),
        ("passports", {"replaces": "FRA:EX1"} | PASSPORT, "replaces: a passport cannot replace itself"),
        ("passports", {"expires_on": "1990-01-01"}, "expires_on: before the birth date"),
        ("movements", {"movement_id": "a b"}, "movement_id: not an id of up to 64 characters"),
        ("movements", {"movement_id": "a" * 65}, "movement_id: not an id of up to 64 characters"),
        ("movements", {"direction": "in"}, "direction: not one of arrival, departure"),
        ("movements", {"visa_class": ""}, "visa_class: missing on an arrival"),
        ("reports", {"office": "A" * 21}, "office: longer than 20 characters"),
        ("residences", {"subdistrict_code": "10390"}, "subdistrict_code: not a six-digit subdistrict code"),
        ("residences", {"address": ""}, "address: missing"),
        ("residences", {"address": "A" * 501}, "address: longer than 500 characters"),
        ("residences", {"until_on": "2025-12-31"}, "until_on: before from_on"),
    ],
)
def test_a_bad_row_is_told_why(kind, values, why):
    assert reason(kind, **values) == why


@pytest.mark.parametrize(
    ("kind", "column", "text", "left", "why"),
    [
        ("movements", "contact_email", "nobody", None, "not an e-mail address"),
        ("movements", "contact_email", "a@b.example\nBcc: c@d.example", None, "not an e-mail address"),
        ("movements", "checkpoint", "A" * 101, "", "longer than 100 characters"),
        ("movements", "arrival_card", "A" * 41, None, "longer than 40 characters"),
        ("residences", "host", "A" * 201, None, "longer than 200 characters"),
    ],
)
def test_a_field_that_proves_nothing_costs_no_legal_fact(kind, column, text, left, why):
    given = row(kind, **{"occurred_on": "2026-09-01"} if kind == "movements" else {}, **{column: text})
    warnings: list[str] = []
    values = KINDS[kind].read([given[name] for name in KINDS[kind].columns], False, warnings.append)
    assert (values[column], warnings) == (left, [f"{column}: left out: {why}"])


def test_an_address_on_arrival_is_cleaned_like_any_other():
    assert (
        read("movements", contact_email="mailto:o\u2019brien@example.org\u200b")["contact_email"]
        == "o'brien@example.org"
    )


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("passports", {"document_number": "A" * 20, "birth_date": "1900-01-01", "expires_on": "2200-01-01"}),
        ("passports", {"surname": "A" * 200}),
        ("passports", {"surname": ""}),
        ("passports", {"given_names": ""}),
        ("passports", {"birth_date": "1990-01-02", "expires_on": "1990-01-02"}),
        ("passports", {"document_number": "EX1", "issuing_state": "FRA", "replaces": "FRA:EX2"}),
        ("passports", {"document_number": "EX1", "issuing_state": "FRA", "replaces": "DEU:EX1"}),
        ("movements", {"movement_id": "!~" * 32}),
        ("movements", {"direction": "departure", "visa_class": ""}),
        ("movements", {"visa_class": 'NON "O" / ปกติ <script>\x00'}),
        ("movements", {"visa_class": "Z" * 5000}),
        ("permissions", {"visa_class": "\x1b]0;title\x07;--"}),
        ("residences", {"until_on": "2026-01-01"}),
        ("residences", {"address": "A" * 500}),
        ("reports", {"office": "A" * 20}),
        ("passports", {"issuing_state": "UTO"}),
    ],
)
def test_a_row_at_the_edge_is_taken(kind, values):
    assert read(kind, **values)


@pytest.mark.parametrize(
    ("written", "sex"), [("M", "M"), ("m", "M"), ("F", "F"), ("X", "X"), ("<", "X"), ("", "X"), ("x", "X")]
)
def test_a_sex_is_m_f_or_open(written, sex):
    assert read("passports", sex=written)["sex"] == sex


@pytest.mark.parametrize("column", ["issuing_state", "nationality"])
def test_in_production_nobody_is_from_the_state_of_specimens(column):
    with pytest.raises(BadRow, match=f"^{column}: UTO is the state of specimens$"):
        read("passports", production=True, **{column: "UTO"})
    assert read("passports", production=True)
    specimen = row("passports", **{column: "UTO"})
    assert KINDS["passports"].read([specimen[name] for name in KINDS["passports"].columns])[column] == "UTO"


def test_a_row_of_another_length_is_no_row():
    with pytest.raises(ValueError, match="zip"):
        KINDS["reports"].read(["EX-1"])
