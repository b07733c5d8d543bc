"""A passport's number however it was typed or misread."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immigration.rules.document_numbers import folded, plain


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
