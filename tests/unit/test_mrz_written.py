"""Writing a machine readable zone: how fields are filled, and which values are too long."""

from typing import Any

import pytest

from immigration.rules.mrz import InvalidMRZ, build, check_digit
from tests.zones import SPECIMEN


def written(**different: Any) -> str:
    return build(**(SPECIMEN | different))


def test_a_passport_has_type_p_and_no_optional_data_by_default():
    assert written() == ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159<<<<<<<<<<<<<<<8")
    assert written(document_code="PD")[:5] == "PDUTO"


@pytest.mark.parametrize(
    ("different", "code"),
    [
        ({"document_number": "L898902C36"}, "length"),
        ({"optional_data": "A" * 15}, "length"),
        ({"issuing_state": "UTOP"}, "length"),
        ({"issuing_state": "uto"}, "characters"),
    ],
)
def test_a_value_too_long_for_the_zone_has_an_error_code(different, code):
    with pytest.raises(InvalidMRZ) as refused:
        written(**different)
    assert refused.value.codes == (code,)


def test_a_full_field_is_written_and_an_empty_one_has_a_filler_for_its_digit():
    full = written(optional_data="A" * 14).split("\n")[1]
    assert (full[28:42], full[42]) == ("A" * 14, str(check_digit("A" * 14)))
    assert written(optional_data="AB C").split("\n")[1][28:42] == "AB<C<<<<<<<<<<"
    assert written().split("\n")[1][28:43] == "<" * 15


@pytest.mark.parametrize(
    ("surname", "given_names", "field"),
    [
        ("A" * 36, "B", "A" * 36 + "<<B"),
        ("A" * 37, "B", "A" * 36 + "<<B"),
        ("A" * 36, "BC", "A" * 36 + "<<B"),
        ("A" * 35 + " CC", "B", "A" * 35 + "<<B<"),
        ("A" * 35 + "XX", "B", "A" * 35 + "X<<B"),
        ("A" * 39, "", "A" * 39),
        ("A" * 40, "", "A" * 39),
        ("A", "B", "A<<B".ljust(39, "<")),
        ("", "B", "B".ljust(39, "<")),
    ],
)
def test_a_long_name_leaves_room_for_an_initial(surname, given_names, field):
    assert written(surname=surname, given_names=given_names).split("\n")[0][5:] == field
