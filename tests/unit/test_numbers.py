"""Numbers of reports and receipts, and activation codes, as people type them."""

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from immigration.rules.numbers import (
    ALPHABET,
    CODE_BYTES,
    RANDOM_BYTES,
    activation_code,
    is_valid,
    masked,
    normalise,
    receipt_number,
    report_number,
)

NUMBERS = st.one_of(
    st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES).map(report_number),
    st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES).map(receipt_number),
)
PLACES = st.integers(0, 15)


def changed(number: str, place: int, character: str) -> str:
    plain = list(number.replace("-", ""))
    plain[place] = character
    return "".join(plain)


@given(NUMBERS)
def test_a_number_is_valid_and_keeps_its_shape(number):
    assert is_valid(number)
    assert normalise(number) == number
    assert [len(group) for group in number.split("-")] == [3, 4, 4, 4, 1]


@given(NUMBERS, PLACES, st.sampled_from(ALPHABET))
def test_every_wrong_character_is_caught(number, place, character):
    wrong = changed(number, place, character)
    assume(normalise(wrong) != number)
    assert not is_valid(wrong)


@given(NUMBERS, PLACES, PLACES)
def test_every_exchange_of_two_characters_is_caught(number, first, second):
    plain = number.replace("-", "")
    assume(plain[first] != plain[second])
    assert not is_valid(changed(changed(number, first, plain[second]), second, plain[first]))


def test_every_slip_of_one_number_is_caught():
    number = report_number(bytes(range(RANDOM_BYTES)))
    plain = number.replace("-", "")
    slips = [changed(number, place, letter) for place in range(16) for letter in ALPHABET if plain[place] != letter]
    swaps = [changed(changed(number, i, plain[i + 1]), i + 1, plain[i]) for i in range(15) if plain[i] != plain[i + 1]]
    assert len(slips) == 16 * 31
    assert not any(map(is_valid, slips + swaps))


@given(NUMBERS)
def test_a_report_number_is_no_receipt_number(number):
    other = {"R": "C", "C": "R"}[number[0]] + number[1:]
    assert not is_valid(other)


@given(NUMBERS)
def test_a_number_is_recognised_however_it_was_typed(number):
    typed = " " + number.lower().replace("-", " – ").replace("0", "o").replace("1", "l") + "\n"
    assert normalise(typed) == number
    assert is_valid(typed)


@pytest.mark.parametrize(
    "text", ["", "R", "R26-4XQ2-7K3M-9PTC", "U" * 16, "R" + "ß" * 15, "ง" * 16, "EX-R-001", "R" * 400]
)
def test_other_text_is_no_number(text):
    assert not is_valid(text)


@given(st.text())
@example("\u0131 \u017f \u00df \u0149 \ufb01 \u0390")  # letters whose capitals are others, or several
def test_tidying_any_text_twice_is_tidying_it_once(text):
    tidy = normalise(text)
    assert normalise(tidy) == tidy
    assert is_valid(tidy) == is_valid(text)


def test_all_but_two_random_bits_reach_the_number():
    flipped = {report_number((1 << bit).to_bytes(RANDOM_BYTES, "big")) for bit in range(72)}
    assert len(flipped) == 71  # 70 that count, and the one number of the two that do not


def test_too_few_random_bytes_are_refused():
    with pytest.raises(ValueError, match=r"^14 characters take 9 random bytes$"):
        report_number(b"12345678")
    with pytest.raises(ValueError, match=r"^10 characters take 7 random bytes$"):
        activation_code(b"123456")


def test_numbers_that_were_given_out_stay_valid():
    """People have them on paper: what makes and checks them may not change."""
    assert report_number(bytes(range(9))) == "R00-0G40-R40M-30E2-5"
    assert receipt_number(bytes(range(9, 18))) == "C14-50P3-0D1R-7H04-Q"
    assert activation_code(bytes(range(7))) == "000G4-0R40M"


@given(st.binary(min_size=CODE_BYTES, max_size=32))
def test_a_code_has_two_groups_of_five(random_bytes):
    code = activation_code(random_bytes)
    assert len(code) == 11
    assert code[5] == "-"
    assert set(code) <= set(ALPHABET + "-")
    assert normalise(code.lower().replace("-", "")) == code


@pytest.mark.parametrize(("number", "shown"), [("EX1000001", "••••••001"), ("123", "123"), ("1", "1"), ("", "")])
def test_the_last_three_characters_of_a_document_number_are_shown(number, shown):
    assert masked(number) == shown
