"""Birth dates with open parts: reading, comparing, keeping."""

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immigration.rules import birth_dates
from immigration.rules.birth_dates import BirthDate, InvalidBirthDate, disagree
from immigration.rules.codes import BirthParts

TODAY = date(2026, 11, 24)
BIRTHS = st.builds(BirthDate.stored, st.dates(date(1900, 1, 1), TODAY), st.sampled_from([*BirthParts]))


def read(text: str) -> BirthDate:
    return birth_dates.read(text, latest=TODAY)


@pytest.mark.parametrize(
    ("text", "birth"),
    [
        ("1968-05-17", BirthDate(1968, 5, 17)),
        ("1968-05-00", BirthDate(1968, 5)),
        ("1968-05", BirthDate(1968, 5)),
        ("1968-00-00", BirthDate(1968)),
        ("1968-00", BirthDate(1968)),
        ("1968", BirthDate(1968)),
        ("1968-00-31", BirthDate(1968, None, 31)),
        ("2000-02-29", BirthDate(2000, 2, 29)),
        ("1900-01-01", BirthDate(1900, 1, 1)),
        ("2026-11-24", BirthDate(2026, 11, 24)),
        ("2026-11-00", BirthDate(2026, 11)),
        ("2026", BirthDate(2026)),
    ],
)
def test_a_birth_date_is_read_with_the_parts_it_has(text, birth):
    assert read(text) == birth


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "birth-date-unreadable"),
        ("17.05.1990", "birth-date-unreadable"),
        ("1990-5-17", "birth-date-unreadable"),
        ("1990-05-17 ", "birth-date-unreadable"),
        ("๑๙๙๐-๐๕-๑๗", "birth-date-unreadable"),
        ("90", "birth-date-unreadable"),
        ("1990-02-30", "birth-date-impossible"),
        ("1990-02-29", "birth-date-impossible"),
        ("1990-04-31", "birth-date-impossible"),
        ("1990-13-01", "birth-date-impossible"),
        ("1990-13-00", "birth-date-impossible"),
        ("1990-00-32", "birth-date-impossible"),
        ("1899-12-31", "birth-date-too-early"),
        ("0000-00-00", "birth-date-too-early"),
        ("2026-11-25", "birth-date-in-future"),
        ("2026-12-00", "birth-date-in-future"),
        ("2027", "birth-date-in-future"),
        ("2442-12-31", "birth-date-in-future"),
        ("2443-01-01", "birth-year-buddhist"),
        ("2533-01-02", "birth-year-buddhist"),
        ("2569", "birth-year-buddhist"),
        ("2570", "birth-date-in-future"),
        ("9999-12-31", "birth-date-in-future"),
    ],
)
def test_what_is_no_birth_date_is_refused_with_the_reason(text, code):
    with pytest.raises(InvalidBirthDate) as refused:
        read(text)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("text", "suggestion"), [("2533-01-02", "1990-01-02"), ("2511-00-00", "1968-00-00"), ("2511", "1968")]
)
def test_for_a_buddhist_year_the_one_of_the_common_era_is_suggested(text, suggestion):
    with pytest.raises(InvalidBirthDate, match=r"in the common era it is 19\d\d$") as refused:
        read(text)
    assert refused.value.suggestion == suggestion


@pytest.mark.parametrize(
    ("record", "given", "expected"),
    [
        ("1968-05-17", "1968-05-17", True),
        ("1968-05-17", "1968-05-18", False),
        ("1968-05-17", "1968-05", False),
        ("1968-05-17", "1968", False),
        ("1968-05-00", "1968-05", True),
        ("1968-05-00", "1968-05-17", True),
        ("1968-05-00", "1968-06-17", False),
        ("1968-05-00", "1968", False),
        ("1968", "1968", True),
        ("1968", "1968-05-17", True),
        ("1968", "1969", False),
        ("1968-00-17", "1968-05-17", True),
        ("1968-00-17", "1968-05", False),
    ],
)
def test_every_part_that_the_record_knows_must_be_given(record, given, expected):
    assert read(record).is_given_by(read(given)) is expected


@pytest.mark.parametrize(
    ("births", "expected"),
    [
        ([], False),
        (["1968"], False),
        (["1968", "1968-05-17"], False),
        (["1968-05", "1968-00-17", "1968"], False),
        (["1968", "1969"], True),
        (["1968", "1968-05-17", "1968-06"], True),
    ],
)
def test_births_disagree_where_two_know_a_part_and_differ(births, expected):
    assert disagree(map(read, births)) is expected


@given(BIRTHS)
def test_a_birth_date_is_written_and_kept_as_it_was(birth):
    assert read(str(birth)) == birth == BirthDate.stored(birth.first_day, birth.known)


@given(st.text() | st.from_regex(r"[0-9]{4}(-[0-9]{2}){0,2}", fullmatch=True))
def test_no_text_crashes(text):
    with suppress(InvalidBirthDate):
        assert read(text).first_day <= TODAY
