"""The machine readable zone: specimens, faults, and which changes check digits detect."""

import string
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from immigration.rules.birth_dates import BirthDate
from immigration.rules.codes import BirthParts
from immigration.rules.mrz import MRZ, Fault, InvalidMRZ, Sex, check_digit, parse
from immigration.rules.transliteration import transliterate
from tests.zones import GERMAN, ICAO, SPECIMEN, TD1, TD2, written

TODAY = date(2026, 11, 23)
COMPOSITE = Fault("check-digit:composite", 2, 44)


def read(text: str) -> MRZ:
    return parse(text, today=TODAY)


def faults(text: str) -> tuple[Fault, ...]:
    with pytest.raises(InvalidMRZ) as refused:
        read(text)
    return refused.value.faults


def codes(text: str) -> list[str]:
    return [fault.code for fault in faults(text)]


def changed(text: str, line: int, position: int, character: str) -> str:
    lines = text.split("\n")
    lines[line - 1] = lines[line - 1][: position - 1] + character + lines[line - 1][position:]
    return "\n".join(lines)


def passport(**different: object) -> MRZ:
    defaults = SPECIMEN | {"format": "TD3", "document_code": "P"}
    return MRZ(**(defaults | different))


# Specimens

LONG_NAME = "LONGSURNAMEEXAMPLETHATISVERYLONGINDEED"


def of(state: str, number: str, surname: str, given_names: str, born: date, sex: Sex, expiry: date) -> MRZ:
    return MRZ("TD3", "P", state, number, state, surname, given_names, BirthDate.of(born), sex, expiry)


@pytest.mark.parametrize(
    ("text", "document"),
    [
        (ICAO, passport(optional_data="ZE184226B")),
        (GERMAN, of("D", "C01X00T47", "MUSTERMANN", "ERIKA", date(1964, 8, 12), "F", date(2027, 2, 28))),
        (
            "P<GBDTEST<<BRITISH<OVERSEAS<<<<<<<<<<<<<<<<<\n5000000016GBD8001014M3001019<<<<<<<<<<<<<<<0",
            of("GBD", "500000001", "TEST", "BRITISH OVERSEAS", date(1980, 1, 1), "M", date(2030, 1, 1)),
        ),
        (
            "P<UNOSPECIMEN<<UN<OFFICIAL<<<<<<<<<<<<<<<<<<\nUN00000010UNO7503153<2906302<<<<<<<<<<<<<<<4",
            of("UNO", "UN0000001", "SPECIMEN", "UN OFFICIAL", date(1975, 3, 15), "X", date(2029, 6, 30)),
        ),
        (
            "P<XXASTATELESS<<PERSON<<<<<<<<<<<<<<<<<<<<<<\nRT12345674XXA9002281M2812313<<<<<<<<<<<<<<<6",
            of("XXA", "RT1234567", "STATELESS", "PERSON", date(1990, 2, 28), "M", date(2028, 12, 31)),
        ),
        (
            "P<THALONGSURNAMEEXAMPLETHATISVERYLONGINDEED<\nAA12345678THA8501019F3101012<<<<<<<<<<<<<<<6",
            of("THA", "AA1234567", LONG_NAME, "", date(1985, 1, 1), "F", date(2031, 1, 1)),
        ),
        (TD1, passport(format="TD1", document_code="I", document_number="D23145890")),
        (TD2, passport(format="TD2", document_code="I", document_number="D23145890")),
    ],
)
def test_a_specimen_is_read(text, document):
    assert read(text) == document


def test_a_long_number_of_a_td1_card_flows_over_into_the_optional_field():
    line_1 = "I<UTOD23145890<7349<<<<<<<<<<<"
    line_2 = "3407127M9507122UTO<<<<<<<<<<<"
    composite = check_digit(line_1[5:] + line_2[:7] + line_2[8:15] + line_2[18:])
    card = read(f"{line_1}\n{line_2}{composite}\nSTEVENSON<<PETER<JOHN<<<<<<<<<")
    assert (card.document_number, card.optional_data) == ("D23145890734", "")


def test_a_long_number_of_a_td2_card_flows_over_into_the_optional_field():
    line = "D23145890<UTO3407127M95071227349<<<"
    composite = check_digit(line[:10] + line[13:20] + line[21:])
    assert read(f"I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<\n{line}{composite}").document_number == "D23145890734"


def test_a_long_number_with_a_wrong_digit_is_refused():
    line = "D23145890<UTO3407127M95071227348<<<"
    composite = check_digit(line[:10] + line[13:20] + line[21:])
    assert codes(f"I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<\n{line}{composite}") == ["check-digit:document-number"]


# What is tolerated


@pytest.mark.parametrize(
    "text",
    [
        ICAO.replace("\n", "\r\n") + "\r\n",
        "  " + ICAO.replace("\n", "  \n\n  ") + " \t",
        ICAO.lower(),
        ICAO.replace("\n", ""),
    ],
)
def test_line_ends_spaces_and_small_letters_do_not_matter(text):
    assert read(text) == read(ICAO)


def test_the_check_digit_of_empty_optional_data_may_be_zero_or_filler():
    assert read(changed(GERMAN, 2, 43, "0")) == read(GERMAN)


@pytest.mark.parametrize(
    ("unknown", "birth"),
    [
        ("74<<<<", BirthDate(1974)),
        ("7408<<", BirthDate(1974, 8)),
        ("74<<12", BirthDate(1974, None, 12)),
        ("26<<<<", BirthDate(2026)),
        ("2611<<", BirthDate(2026, 11)),
        ("2612<<", BirthDate(1926, 12)),
        ("27<<<<", BirthDate(1927)),
        ("00<<31", BirthDate(2000, None, 31)),
        ("<<<<<<", None),
        ("<<0812", None),
    ],
)
def test_a_birth_date_has_the_parts_that_are_known(unknown, birth):
    line = f"L898902C36UTO{unknown}{check_digit(unknown)}F1204159<<<<<<<<<<<<<<<"
    composite = check_digit(line[:10] + line[13:20] + line[21:])
    assert read(f"{ICAO[:44]}\n{line}{composite}").birth_date == birth


@pytest.mark.parametrize("broken", ["7<0812", "74<812", "741308", "7400<<", "<<0832", "750229"])
def test_a_birth_date_that_no_calendar_has_is_refused(broken):
    line = f"L898902C36UTO{broken}{check_digit(broken)}F1204159<<<<<<<<<<<<<<<"
    composite = check_digit(line[:10] + line[13:20] + line[21:])
    assert list(faults(f"{ICAO[:44]}\n{line}{composite}")) == [Fault("birth-date", 2, 14)]


@pytest.mark.parametrize("broken", ["121304", "12<415", "120431", "<<0415"])
def test_an_expiry_that_no_calendar_has_is_refused(broken):
    line = f"L898902C36UTO7408122F{broken}{check_digit(broken)}<<<<<<<<<<<<<<<"
    composite = check_digit(line[:10] + line[13:20] + line[21:])
    assert list(faults(f"{ICAO[:44]}\n{line}{composite}")) == [Fault("expiry", 2, 22)]


def test_a_character_without_a_value_has_no_check_digit():
    with pytest.raises(InvalidMRZ) as refused:
        check_digit("AB-C?")
    assert list(refused.value.faults) == [Fault("characters", 1, 3), Fault("characters", 1, 5)]


@pytest.mark.parametrize(
    ("born", "year"), [("261123", 2026), ("261124", 1926), ("270101", 1927), ("000229", 2000), ("280229", 1928)]
)
def test_a_birth_date_is_never_in_the_future(born, year):
    line = f"L898902C36UTO{born}{check_digit(born)}F1204159<<<<<<<<<<<<<<<"
    document = read(f"{ICAO[:44]}\n{line}{check_digit(line[:10] + line[13:20] + line[21:])}")
    assert document.birth_date is not None
    assert document.birth_date.year == year


@pytest.mark.parametrize(("expiry", "year"), [("360101", 2036), ("561231", 2056), ("570101", 1957), ("990101", 1999)])
def test_an_expiry_is_not_further_ahead_than_a_document_lasts(expiry, year):
    line = f"L898902C36UTO7408122F{expiry}{check_digit(expiry)}<<<<<<<<<<<<<<<"
    document = read(f"{ICAO[:44]}\n{line}{check_digit(line[:10] + line[13:20] + line[21:])}")
    assert document.expires_on is not None
    assert document.expires_on.year == year


def test_a_document_may_have_no_expiry():
    assert read(written(passport(expires_on=None))).expires_on is None


def test_a_name_that_fills_its_field_may_have_been_cut():
    document = read(written(passport(surname="A" * 20, given_names="B" * 30)))
    assert (document.surname, document.given_names, document.name_truncated) == ("A" * 20, "B" * 17, True)


def test_a_very_long_surname_leaves_room_for_an_initial():
    document = read(written(passport(surname="A" * 60, given_names="BERTA")))
    assert (document.surname, document.given_names) == ("A" * 36, "B")


def test_a_single_name_is_the_surname():
    document = read(written(passport(surname="", given_names="THIDA AYE")))
    assert (document.surname, document.given_names) == ("THIDA AYE", "")


def test_a_zone_that_leaves_the_surname_empty_is_read_as_it_stands():
    text = ICAO.replace("ERIKSSON<<ANNA<MARIA", "<<THIDA<AYE<<<<<<<<<")
    assert (read(text).surname, read(text).given_names) == ("", "THIDA AYE")


# What is refused


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            changed(ICAO, 2, 9, "9"),
            [Fault("check-digit:document-number", 2, 10), Fault("check-digit:composite", 2, 44)],
        ),
        (changed(ICAO, 2, 20, "3"), [Fault("check-digit:birth-date", 2, 20), Fault("check-digit:composite", 2, 44)]),
        (changed(ICAO, 2, 28, "<"), [Fault("check-digit:expiry", 2, 28), Fault("check-digit:composite", 2, 44)]),
        (changed(ICAO, 2, 43, "<"), [Fault("check-digit:optional-data", 2, 43), Fault("check-digit:composite", 2, 44)]),
        (changed(ICAO, 2, 44, "1"), [Fault("check-digit:composite", 2, 44)]),
        (changed(ICAO, 1, 1, "V"), [Fault("document-code", 1, 1)]),
        (changed(ICAO, 1, 3, "<"), [Fault("issuing-state", 1, 3)]),
        (changed(ICAO, 2, 11, "1"), [Fault("nationality", 2, 11)]),
        (changed(ICAO, 2, 21, "X"), [Fault("sex", 2, 21)]),
        (changed(ICAO, 1, 8, "1"), [Fault("name", 1, 6)]),
        (changed(ICAO, 1, 8, "?"), [Fault("characters", 1, 8)]),
        (changed(ICAO, 2, 3, "Ø"), [Fault("characters", 2, 3)]),
        (ICAO[:-1], [Fault("length", 2, 44)]),
        (ICAO + "0", [Fault("length", 2, 45)]),
        (TD1[:-1], [Fault("length", 3, 30)]),
        (ICAO[:44], [Fault("length")]),
        ("", [Fault("length")]),
        ("<" * 201, [Fault("length")]),
        ("A" * 10_000_000, [Fault("length")]),
    ],
)
def test_a_fault_is_named_and_placed(text, expected):
    assert list(faults(text)) == expected


def test_all_faults_are_reported_together():
    text = changed(changed(changed(ICAO, 1, 1, "V"), 2, 21, "Z"), 2, 44, "9")
    assert codes(text) == ["document-code", "sex", "check-digit:composite"]


@pytest.mark.parametrize("code", ["V<", "P<", "IV"])
def test_a_card_that_is_no_travel_document_is_refused(code):
    assert codes(code + TD2[2:]) == ["document-code"]


def test_a_zone_without_number_or_name_is_refused():
    line = f"<<<<<<<<<0UTO7408122F1204159{'<' * 15}"
    composite = check_digit(line[:10] + line[13:20] + line[21:])
    text = f"P<UTO{'<' * 39}\n{line}{composite}"
    assert list(faults(text)) == [Fault("name", 1, 6), Fault("document-number", 2, 1)]


@pytest.mark.parametrize(
    "different",
    [
        {"document_number": "L898902C36"},
        {"document_number": "L8-98"},
        {"document_number": ""},
        {"surname": "", "given_names": "山田"},
        {"issuing_state": "UTOP"},
        {"optional_data": "A" * 15},
        {"document_code": "V"},
        {"issuing_state": "uto"},
        {"nationality": "UTo"},
    ],
)
def test_a_value_that_a_zone_cannot_hold_is_refused(different):
    with pytest.raises(InvalidMRZ):
        written(passport(**different))


def test_the_message_names_code_and_place():
    with pytest.raises(InvalidMRZ, match=r"^sex \(line 2, position 21\)$"):
        read(changed(ICAO, 2, 21, "X"))


# Names


@pytest.mark.parametrize(
    ("name", "latin"),
    [
        ("Jörg Müller-Lüdenscheidt", "JOERG MUELLER LUEDENSCHEIDT"),
        ("Ångström Æther Søren", "AANGSTROEM AETHER SOEREN"),
        ("Weiß", "WEISS"),
        ("O'Connor", "OCONNOR"),
        ("D’Artagnan, Jr.", "DARTAGNAN JR"),
        ("Núñez Çelik Đoković Łódź Þór Ñandú", "NUNEZ CELIK DOKOVIC LODZ THOR NANDU"),
        ("Nguyễn Thị Hương", "NGUYEN THI HUONG"),
        ("Щукин Юрий Хрущёв", "SHCHUKIN IURII KHRUSHCHEV"),
        ("Mu\u0308ller", "MUELLER"),
        ("  anna   maria ", "ANNA MARIA"),
        ("山田", ""),
        ("", ""),
    ],
)
def test_a_name_is_written_in_the_letters_of_the_zone(name, latin):
    assert transliterate(name) == latin


@given(st.text(max_size=80))
def test_a_transliterated_name_has_letters_and_single_spaces_only(name):
    latin = transliterate(name)
    assert set(latin) <= set(string.ascii_uppercase + " ")
    assert latin == " ".join(latin.split()) == transliterate(latin)


# Properties

WORDS = st.lists(st.text(string.ascii_uppercase, min_size=1, max_size=9), min_size=1, max_size=2).map(" ".join)
NUMBERS = st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=9)
PARTS = st.sampled_from([*BirthParts])
PASSPORTS = st.builds(
    passport,
    issuing_state=st.sampled_from(["D", "MMR", "GBR", "UTO"]),
    document_number=NUMBERS,
    nationality=st.sampled_from(["D", "XXA", "LAO"]),
    surname=WORDS,
    given_names=st.one_of(st.just(""), WORDS).filter(lambda name: len(name) < 18),
    birth_date=st.one_of(st.none(), st.builds(BirthDate.stored, st.dates(date(1927, 1, 1), TODAY), PARTS)),
    sex=st.sampled_from(["M", "F", "X"]),
    expires_on=st.one_of(st.none(), st.dates(date(1957, 1, 1), date(2056, 12, 31))),
    optional_data=NUMBERS | st.just(""),
    document_code=st.sampled_from(["P", "PD", "PO"]),
)


@given(PASSPORTS)
def test_a_written_zone_is_read(document):
    assert read(written(document)) == document


@given(
    PASSPORTS,
    st.one_of(st.integers(1, 9), st.integers(14, 19), st.integers(22, 27)),
    st.sampled_from(string.ascii_uppercase + string.digits + "<"),
)
def test_a_changed_character_is_refused_unless_its_value_is_the_same_modulo_ten(document, position, new):
    text = written(document)
    old = text.split("\n")[1][position - 1]
    if new == old:
        return
    alike = check_digit(new + "<<") == check_digit(old + "<<")
    if position <= 9 and alike:
        assert all(code == "document-number" for code in _codes_or_none(changed(text, 2, position, new)))
    else:
        assert _codes_or_none(changed(text, 2, position, new))


def _codes_or_none(text: str) -> tuple[str, ...]:
    try:
        read(text)
    except InvalidMRZ as refused:
        return refused.codes
    return ()


@given(st.sampled_from(string.digits), st.sampled_from(string.digits), st.integers(0, 8))
def test_a_changed_digit_is_always_detected(old, new, position):
    assert (check_digit("<" * position + old) == check_digit("<" * position + new)) == (old == new)


@settings(max_examples=500)
@given(st.one_of(st.text(), st.text("<AP0123456789\r\n ", max_size=210), st.text("<P0", min_size=88, max_size=92)))
def test_any_text_is_read_or_refused(text):
    _codes_or_none(text)


@given(st.integers(0, 88), st.characters())
def test_a_damaged_specimen_is_read_or_refused(position, character):
    _codes_or_none(ICAO[:position] + character + ICAO[position + 1 :])
