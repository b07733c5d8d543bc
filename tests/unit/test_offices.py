"""Every province has its immigration office."""

from datetime import time

import geothai
import pytest

from immigration.registries.offices import all_offices, office, office_for


def test_every_province_has_exactly_one_office():
    served = [province for entry in all_offices() for province in entry.provinces]
    assert sorted(served) == [province.code for province in geothai.provinces()]
    assert all(province.code in office_for(province.code).provinces for province in geothai.provinces())


def test_every_office_has_a_code_of_its_own():
    codes = [entry.code for entry in all_offices()]
    assert len(codes) == len(set(codes)) == 77
    assert all(len(code) == 3 and code.isalpha() and code.isupper() for code in codes)
    assert all(office(entry.code) is entry for entry in all_offices())


@pytest.mark.parametrize(
    ("province", "code"),
    [
        ("10", "BKK"),
        ("20", "CBI"),
        ("50", "CMI"),
        ("83", "PKT"),
        ("30", "NMA"),
        ("11", "SPK"),
        ("12", "NBI"),
        ("13", "PTE"),
    ],
)
def test_a_province_is_served_by_the_office_named_after_it(province, code):
    assert office_for(province).code == code


def test_bangkok_is_served_at_chaeng_watthana():
    assert "Chaeng Watthana" in office_for("10").name_en


def test_an_office_says_when_it_is_open_and_what_to_bring():
    bangkok = office_for("10")
    assert (bangkok.hours.weekdays, bangkok.hours.opens, bangkok.hours.closes) == (
        (1, 2, 3, 4, 5),
        time(8, 30),
        time(16, 30),
    )
    assert bangkok.bring == ("passport", "arrival-card", "previous-receipt", "signed-tm47")


def test_an_office_may_ask_for_more():
    assert "address-proof" in office_for("20").bring


def test_every_entry_has_a_grade_and_a_source():
    assert all(entry.grade in {"OFF", "COR", "ONE", "OWN"} and entry.source for entry in all_offices())


@pytest.mark.parametrize("province", ["", "00", "99", "100", "1", "BKK"])
def test_an_unknown_province_has_no_office(province):
    with pytest.raises(LookupError):
        office_for(province)


@pytest.mark.parametrize("code", ["", "bkk", "XXX", "10"])
def test_an_unknown_code_is_no_office(code):
    assert office(code) is None
