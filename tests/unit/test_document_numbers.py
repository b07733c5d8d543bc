"""A passport's number however it was typed or misread."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immigration.rules.document_numbers import folded, holds_number, plain


@pytest.mark.parametrize("typed", ["EX1000001", "ex1000001", " ex-100 0001", "EX1000001<<", "EX\t1000001"])
def test_spaces_hyphens_filler_and_small_letters_do_not_count(typed):
    assert plain(typed) == "EX1000001"


@pytest.mark.parametrize(
    ("typed", "expected"), [("EXIO0001", "EX100001"), ("oi", "01"), ("QL8B5S", "QL8B5S"), ("A-O I", "A01")]
)
def test_only_the_letters_o_and_i_are_folded(typed, expected):
    assert folded(typed) == expected


@given(st.text())
def test_tidying_twice_is_tidying_once(text):
    assert plain(plain(text)) == plain(text)
    assert folded(folded(text)) == folded(text) == folded(plain(text))


@pytest.mark.parametrize(
    "written",
    [
        "about EX1000001",
        "ab 123 4567?",
        "123456789",
        "passport:c01x00t47",
        "no. EX-100-0001",
        "ＥＸ１００００01",
        "X1234567A",
        "passportEX1000001",
        "EX1000001th",
        "EX10000010FRA9005177F3301014<<<<<<<<<<<<<<00",
        "AB<1000000UTO7408122F1204159ZE184226B<<<<<10",
        "EX\u2011100\u20110001",
        "EX1000\u200b001",
        "EX1000\u00ad001",
    ],
)
def test_a_passports_number_in_a_text_is_noticed(written):
    assert holds_number(written)


@pytest.mark.parametrize(
    "written",
    [
        "At the counter.",
        "R26-4XQ2-7K3M-9PTC-T, see 2026-11-23 and 23.11.2026",
        "Case 4711, room 12, 90-day report of 2026",
        "soi Sukhumvit 31, 10110 Bangkok",
        "เคาน์เตอร์ 5",
        "LINE id x4711, call 0812345678, 1,000,000 baht",
    ],
)
def test_what_else_people_write_is_not_taken_for_one(written):
    assert not holds_number(written)
