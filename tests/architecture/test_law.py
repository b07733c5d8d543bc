"""The law files: every dated row has a source and a grade, every reason code has texts and an effect."""

import pytest

from immigration.rules import findings
from immigration.rules.reports import REASONS
from immigration.rules.visa_classes import fold
from tests.architecture.sources import ROOT, law

GRADES = {"OFF", "COR", "ONE", "CON", "OWN"}
EFFECTS = {"refuse", "review", "note"}
FILES = sorted(path.stem for path in (ROOT / "immigration" / "law").glob("*.toml"))
DATED = ("effective_from", "from", "date", "dates")
ROWS = {row["reason"]: row for row in law("findings")["finding"]}


def dated_rows(name):
    """The rows of a law file that hold from or on a day."""
    tables = (table for table in law(name).values() if isinstance(table, list))
    return [row for table in tables for row in table if any(key in row for key in DATED)]


@pytest.mark.parametrize("name", FILES)
def test_a_dated_row_has_a_source(name):
    assert [row for row in dated_rows(name) if not row.get("source", "").strip()] == []


@pytest.mark.parametrize("name", FILES)
def test_a_dated_row_has_a_grade(name):
    assert [row for row in dated_rows(name) if row.get("grade") not in GRADES] == []


def test_the_law_has_dated_rows():
    assert {name for name in FILES if dated_rows(name)} >= {
        "access", "holidays", "regimes", "rules", "visa_classes", "waivers", "windows",
    }  # fmt: skip


def test_a_spelling_and_a_prefix_are_of_one_class():
    classes = law("visa_classes")
    for table, means in (("spelling", "visa_class"), ("prefix", "read_as")):
        meanings = {}
        for row in classes[table]:
            for written in row["written"]:
                meanings.setdefault(fold(written), set()).add(row[means])
        assert {written: names for written, names in meanings.items() if len(names) > 1} == {}


def test_every_class_of_which_spellings_are_listed_has_a_regime():
    known = {visa_class for row in law("regimes")["regime"] for visa_class in row["visa_classes"]}
    assert {row["visa_class"] for row in law("visa_classes")["spelling"]} <= known


def test_provinces_of_holidays_have_an_office():
    served = {province for row in law("offices")["office"] for province in row["provinces"]}
    assert {province for row in law("holidays")["day"] for province in row.get("provinces", [])} <= served


def test_every_reason_code_but_address_unknown_has_an_effect():
    assert ROWS.keys() == set(REASONS) - {"address-unknown"}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_an_effect_is_known_to_the_rules(row):
    assert row["effect"] in EFFECTS
    assert row.get("unless") in {None, *(rule["key"] for rule in law("rules")["rule"])}


def test_no_reason_code_has_two_rows():
    codes = [row["reason"] for row in law("findings")["finding"]]
    assert sorted(set(codes)) == sorted(codes)


def test_no_check_is_named_twice():
    assert len(set(findings.CHECKS)) == len(findings.CHECKS)
