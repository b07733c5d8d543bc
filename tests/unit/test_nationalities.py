"""Which codes may stand in a passport."""

import pytest

from immigration.rules.nationalities import ICAO_ONLY, ISO_3166_1, canonical, is_known


def test_the_iso_list_is_complete():
    assert len(ISO_3166_1) == 249
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in ISO_3166_1)


def test_the_icao_codes_are_not_in_the_iso_list():
    assert not ISO_3166_1 & ICAO_ONLY


@pytest.mark.parametrize(
    "code", ["THA", "MMR", "DEU", "D", "GBN", "RKS", "UNO", "XXA", "XXB", "XXC", "XXX", "XOM", "EUE"]
)
def test_a_code_of_iso_or_icao_is_known(code):
    assert is_known(code, production=True)


@pytest.mark.parametrize("code", ["", "ZZZ", "YUG", "GB", "DE", "tha", "D<<", "THA ", "1FR"])
def test_any_other_code_is_unknown(code):
    assert not is_known(code, production=False)


def test_the_specimen_state_is_refused_in_production():
    assert is_known("UTO", production=False)
    assert not is_known("UTO", production=True)


@pytest.mark.parametrize(
    ("code", "same"), [("D", "DEU"), ("D<<", "DEU"), ("DEU", "DEU"), ("gbr", "GBR"), ("XXA", "XXA")]
)
def test_germany_has_one_canonical_code(code, same):
    assert canonical(code) == same


def test_the_code_of_no_nationality_is_no_filler():
    assert canonical("XXX") == "XXX"
    assert canonical("XX<") == "XX"
