"""The law files: every dated row has a source and a grade, every reason code has texts and an effect."""

import pytest

from immigration.rules import findings
from immigration.rules.reports import REASONS
from tests.architecture.sources import ROOT, law

GRADES = {"OFF", "COR", "ONE", "CON", "OWN"}
EFFECTS = {"refuse", "review", "note"}
FILES = sorted(path.stem for path in (ROOT / "immigration" / "law").glob("*.toml"))
DATED = ("effective_from", "from", "date")
TEXTS = {row["reason"]: row for row in law("reasons")["reason"]}
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
    graded = [row for row in dated_rows(name) if "date" not in row]
    assert [row for row in graded if row.get("grade") not in GRADES] == []


def test_the_law_has_dated_rows():
    assert {name for name in FILES if dated_rows(name)} >= {"access", "regimes", "rules", "waivers", "windows"}


def test_the_texts_are_of_exactly_the_reason_codes():
    assert TEXTS.keys() == set(REASONS)


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("language", ["en", "th"])
@pytest.mark.parametrize("part", ["title", "remedy"])
def test_a_reason_has_a_title_and_a_remedy_in(reason, language, part):
    text = TEXTS[reason][part][language]
    assert text.strip()
    assert any("ก" <= letter <= "๛" for letter in text) == (language == "th")


def test_every_reason_code_but_address_unknown_has_an_effect():
    assert ROWS.keys() == set(REASONS) - {"address-unknown"}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_an_effect_is_known_to_the_rules(row):
    assert row["effect"] in EFFECTS
    assert row.get("unless") in {None, *(rule["key"] for rule in law("rules")["rule"])}


def test_no_reason_code_has_two_rows():
    for name, table in (("reasons", "reason"), ("findings", "finding")):
        codes = [row["reason"] for row in law(name)[table]]
        assert sorted(set(codes)) == sorted(codes)


def test_no_check_is_named_twice():
    assert len(set(findings.CHECKS)) == len(findings.CHECKS)
