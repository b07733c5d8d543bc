"""Sealed fields open with their key in their column only; rotation keeps old fields and every blind index alive."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.sealing import CannotOpen, Keyring, Sealed, derive

OLD, NEW, OTHER = (f"a-secret-of-{name}-that-is-long-enough" for name in ("last-year", "this-year", "somebody-else"))
COLUMN = "passports.surname"
KEYS = Keyring((OLD,))
TEXT = st.text(st.characters(blacklist_categories=["Cs"]))


@given(TEXT)
def test_what_is_sealed_opens_as_it_was(value: str) -> None:
    assert KEYS.open(KEYS.seal(value, COLUMN), COLUMN) == value


@given(st.text(st.characters(blacklist_categories=["Cs"]), min_size=4))
def test_equal_values_are_sealed_differently_and_say_nothing(value: str) -> None:
    one, other = KEYS.seal(value, COLUMN), KEYS.seal(value, COLUMN)
    assert one != other
    assert value.encode() not in one


@given(TEXT, st.integers(min_value=0), st.integers(1, 255))
def test_a_field_with_any_bit_altered_does_not_open(value: str, place: int, change: int) -> None:
    sealed = bytearray(KEYS.seal(value, COLUMN))
    sealed[place % len(sealed)] ^= change
    with pytest.raises(CannotOpen):
        KEYS.open(bytes(sealed), COLUMN)


@given(TEXT, st.integers(0, 40))
def test_a_field_that_was_cut_off_does_not_open(value: str, kept: int) -> None:
    sealed = KEYS.seal(value, COLUMN)
    with pytest.raises(CannotOpen):
        KEYS.open(sealed[: min(kept, len(sealed) - 1)], COLUMN)


def test_a_field_copied_to_another_column_does_not_open() -> None:
    with pytest.raises(CannotOpen, match=r"^passports\.given_names$"):
        KEYS.open(KEYS.seal("DURAND", COLUMN), "passports.given_names")


def test_a_field_copied_to_another_row_does_not_open() -> None:
    assert KEYS.open(KEYS.seal("DURAND", COLUMN, "1"), COLUMN, "1") == "DURAND"
    for row in ("2", "", None):
        with pytest.raises(CannotOpen):
            KEYS.open(KEYS.seal("DURAND", COLUMN, "1"), COLUMN, row)


def test_a_field_sealed_to_its_column_only_opens_until_it_is_refused() -> None:
    keys = Keyring((OLD,))
    unbound = keys.seal("DURAND", COLUMN)
    assert keys.open(unbound, COLUMN, "1") == "DURAND"
    keys.refuse_unbound()
    with pytest.raises(CannotOpen):
        keys.open(unbound, COLUMN, "1")
    with pytest.raises(CannotOpen):  # nor with the version of a field that is sealed to its row
        keys.open(b"\x02" + unbound[1:], COLUMN, "1")


def test_a_column_takes_no_text_that_does_not_say_its_row() -> None:
    with pytest.raises(TypeError, match=r"^passports\.surname"):
        Sealed(COLUMN, "id").seal("DURAND")


def test_a_field_of_another_installation_does_not_open() -> None:
    with pytest.raises(CannotOpen):
        Keyring((OTHER,)).open(KEYS.seal("DURAND", COLUMN), COLUMN)


def test_a_rotated_secret_opens_old_fields_and_the_new_one_seals() -> None:
    rotated = Keyring((NEW, OLD))
    assert rotated.open(KEYS.seal("DURAND", COLUMN), COLUMN) == "DURAND"
    fresh = rotated.seal("DURAND", COLUMN)
    assert Keyring((NEW,)).open(fresh, COLUMN) == "DURAND"
    with pytest.raises(CannotOpen):
        KEYS.open(fresh, COLUMN)


@given(st.lists(TEXT, min_size=1, max_size=3))
def test_indexes_and_digests_stay_over_a_rotation(parts: list[str]) -> None:
    rotated = Keyring((NEW, OLD))
    for made in ("index", "digest", "fingerprint"):
        assert getattr(rotated, made)(*parts) == getattr(KEYS, made)(*parts)
        assert getattr(Keyring((OTHER,)), made)(*parts) != getattr(KEYS, made)(*parts)


def test_an_index_tells_its_parts_apart() -> None:
    assert len({KEYS.index("AB", "C"), KEYS.index("A", "BC"), KEYS.index("ABC"), KEYS.index("", "ABC")}) == 4
    assert KEYS.index("ABC") != KEYS.digest("ABC")


def test_keys_of_two_purposes_have_nothing_in_common() -> None:
    assert derive(OLD, "field") == derive(OLD, "field")
    assert derive(OLD, "field") != derive(OLD, "blind-index")
    assert len(derive(OLD, "field", 16)) == 16
