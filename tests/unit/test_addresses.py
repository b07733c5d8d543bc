"""Thai addresses: the search finds the subdistrict meant, and no input does harm."""

import time

import geothai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from immigration.registries.addresses import MOST, all_subdistricts, by_postal_code, lookup, search, suggestions
from immigration.rules.addresses import Address


def codes(query: str, limit: int = 10) -> list[str]:
    return [subdistrict.code for subdistrict in search(query, limit)]


def districts(query: str) -> set[str]:
    return {subdistrict.district_code for subdistrict in search(query, 3)}


def provinces(query: str) -> set[str]:
    return {subdistrict.province_code for subdistrict in search(query, 5)}


def test_an_address_is_kept_with_every_line_of_the_form():
    lines = {"house_number": "1", "building": "b", "moo": "m", "soi": "s", "road": "r"}
    place = {"subdistrict_code": "103901", "postal_code": "10110"}
    assert Address(**lines, **place).as_dict() == lines | place


# Look-ups


def test_a_subdistrict_has_its_names_district_and_province():
    subdistrict = lookup("103901")
    assert subdistrict is not None
    assert (subdistrict.name_th, subdistrict.name_en) == ("คลองเตยเหนือ", "Khlong Toei Nuea")
    assert (subdistrict.district_code, subdistrict.district_th, subdistrict.district_en) == (
        "1039",
        "เขตวัฒนา",
        "Vadhana",
    )
    assert (subdistrict.province_code, subdistrict.province_th, subdistrict.province_en) == (
        "10",
        "กรุงเทพมหานคร",
        "Bangkok",
    )
    assert subdistrict.postal_codes == ("10110",)


@pytest.mark.parametrize("code", ["", "1", "103999", "100205", "10390", "1039011", "abcdef", "๑๐๓๙๐๑", "\0"])
def test_a_code_that_is_not_in_use_is_not_found(code):
    assert lookup(code) is None


def test_every_subdistrict_of_the_data_is_there_in_order():
    subdistricts = all_subdistricts()
    per_district = (geothai.subdistricts(d.code) for p in geothai.provinces() for d in geothai.districts(p.code))
    assert len(subdistricts) == sum(map(len, per_district))
    assert [s.code for s in subdistricts] == sorted({s.code for s in subdistricts})
    assert all(s.postal_codes for s in subdistricts)


# Search


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("Khlong Toei Nuea", "103901"),
        ("khlong-toei  NUEA", "103901"),
        ("คลองเตยเหนือ", "103901"),
        ("แขวงคลองเตยเหนือ", "103901"),
        ("แขวงคลองเตยเหนือ เขตวัฒนา กรุงเทพมหานคร 10110", "103901"),
        ("แขวงคลองเตยเหนือเขตวัฒนากรุงเทพฯ", "103901"),
        ("Khlong Toei Nuea, Watthana, Bangkok", "103901"),
        ("Klong Toey Nua Wattana Bangkok", "103901"),
        ("123/4 Sukhumvit 31, Khlong Toei Nuea, Vadhana, Bangkok 10110", "103901"),
        ("Khwaeng Khlong Toei Nuea Khet Vadhana", "103901"),
        ("103901", "103901"),
        ("khlong toei", "103301"),
        ("Chatuchak", "103005"),
        ("jatujak", "103005"),
        ("Tambon Suthep, Amphoe Mueang Chiang Mai", "500108"),
        ("ต.ตลาด อ.เมือง จ.สุราษฎร์ธานี", "840101"),
        ("Ko Pha-ngan", "840501"),
        ("phangan", "840501"),
        ("พะงัน", "840501"),
        ("nong prue bang lamung chonburi 20150", "200402"),
    ],
)
def test_the_best_answer_comes_first(query, code):
    assert codes(query)[0] == code


@pytest.mark.parametrize(
    ("query", "province"),
    [
        ("กทม", "10"),
        ("กทม.", "10"),
        ("กรุงเทพฯ", "10"),
        ("Bangkok", "10"),
        ("bangkok province", "10"),
        ("Krung Thep", "10"),
        ("KrungThep Maha Nakhon", "10"),
        ("Korat", "30"),
        ("โคราช", "30"),
        ("Ayutthaya", "14"),
        ("ayuthaya", "14"),
        ("อยุธยา", "14"),
        ("จังหวัดอยุธยา", "14"),
        ("Chonburi", "20"),
        ("Chon Buri", "20"),
        ("chiang mai", "50"),
        ("Puket", "83"),
    ],
)
def test_a_province_stands_for_its_subdistricts(query, province):
    assert provinces(query) == {province}


@pytest.mark.parametrize(
    ("query", "district"),
    [
        ("Vadhana", "1039"),
        ("เขตวัฒนา", "1039"),
        ("Pattaya", "2004"),
        ("พัทยา", "2004"),
        ("Amphoe Ko Samui", "8404"),
        ("samui", "8404"),
        ("Sathorn", "1028"),
        ("Hua Hin Prachuap", "7707"),
        ("อ.หัวหิน", "7707"),
    ],
)
def test_a_district_stands_for_its_subdistricts(query, district):
    assert districts(query) == {district}


@pytest.mark.parametrize("name", ["Vadhana", "Watthana", "wattana", "WATTHANA"])
def test_however_it_is_spelt_watthana_is_among_the_first(name):
    assert "1039" in districts(name)


@pytest.mark.parametrize("postal_code", ["10110", "๑๐๑๑๐", "\uff11\uff10\uff11\uff11\uff10"])
def test_a_postal_code_finds_its_subdistricts(postal_code):
    assert codes(postal_code) == [subdistrict.code for subdistrict in by_postal_code("10110")]


def test_the_beginning_of_a_name_is_enough():
    assert provinces("phuke") == {"83"}


def test_a_house_number_is_no_postal_code():
    assert codes("31 Khlong Toei Nuea") == codes("Khlong Toei Nuea")


def test_every_subdistrict_is_found_by_its_own_names():
    for subdistrict in all_subdistricts()[::37]:
        thai = f"{subdistrict.name_th} {subdistrict.district_th} {subdistrict.province_th}"
        english = f"{subdistrict.name_en}, {subdistrict.district_en}, {subdistrict.province_en}"
        assert subdistrict.code in codes(thai, MOST), thai
        assert subdistrict.code in codes(english, MOST), english


@pytest.mark.parametrize(("limit", "count"), [(-1, 0), (0, 0), (1, 1), (7, 7), (10_000, MOST)])
def test_the_limit_is_kept(limit, count):
    assert len(search("Bangkok", limit)) == count


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "😀",
        "Bang\0kok",
        "a" * 10_240,
        "ก" * 10_240,
        "Bangkok " * 1280,
        "\ud800",
        "'; drop table x; --%",
        "<<<",
    ],
)
def test_hostile_text_finds_nothing_and_quickly(query):
    search("Bangkok")
    started = time.perf_counter()
    assert search(query) == []
    assert time.perf_counter() - started < 0.05


@given(st.text(max_size=210))
def test_any_text_has_an_answer(query):
    assert len(search(query)) <= 10


def test_a_query_takes_less_than_two_milliseconds():
    queries = ["b", "ban", "บ", "กทม", "Khlong Toei Nuea, Watthana, Bangkok 10110", "101", "chiang mai mueang", "nong"]
    search("Bangkok")
    started = time.process_time()
    for query in queries * 5:
        search(query)
    assert (time.process_time() - started) / len(queries) / 5 < 0.002


# Suggestions


def test_an_abolished_code_leads_to_its_successor():
    assert next(subdistrict.code for subdistrict in suggestions("100205", "10800")) == "102901"


def test_of_several_successors_the_one_with_the_postal_code_comes_first():
    successors = {subdistrict.code for subdistrict in suggestions("104701", "10260")[:2]}
    assert successors == {"104702", "104703"}


def test_a_wrong_postal_code_shows_the_subdistrict_itself_first():
    suggested = suggestions("103901", "10400")
    assert (suggested[0].code, suggested[0].postal_codes) == ("103901", ("10110",))
    assert {s.code for s in suggested[1:]} <= {s.code for s in by_postal_code("10400")}


def test_a_wrong_subdistrict_shows_those_of_the_postal_code_its_district_first():
    suggested = suggestions("103999", "10110")
    assert [s.code for s in suggested] == ["103901", "103902", "103903", "103301", "103302", "103303"]


def test_without_a_postal_code_the_district_is_shown():
    assert {subdistrict.district_code for subdistrict in suggestions("103999", "")} == {"1039"}


@pytest.mark.parametrize(
    ("code", "postal_code"), [("", ""), ("999999", "99999"), ("\0", "😀"), ("1" * 9999, "1" * 9999)]
)
def test_for_nonsense_there_is_nothing_to_suggest(code, postal_code):
    assert suggestions(code, postal_code) == []
