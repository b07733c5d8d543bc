"""Visa classes as stamps write them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immigration.registries.law import law
from immigration.rules.rows import KINDS
from immigration.rules.visa_classes import LONGEST, fold, printable
from tests.conftest import NOW
from tests.factories import row

POLICY = law().on(NOW.date())
CLASSES = ["NON-B", "NON-O", "NON-OA", "NON-OX", "NON-ED", "NON-M", "NON-R", "NON-IB", "NON-F", "NON-LA", "TR", "VE"]
CLASSES += ["VOA", "DTV", "PE", "LTR", "SMART", "DIPLOMATIC", "OFFICIAL", "PR", "CABINET"]


@pytest.mark.parametrize("visa_class", CLASSES)
def test_a_class_is_a_spelling_of_itself(visa_class: str) -> None:
    assert POLICY.visa_class(visa_class) == visa_class


@pytest.mark.parametrize(
    ("written", "visa_class"),
    [
        ("non-immigrant o.a.", "NON-OA"),
        ("O_A", "NON-OA"),
        ("O – X", "NON-OX"),
        ("Non Imm. B", "NON-B"),
        ("NON-IMMIGRANT VISA (IB)", "NON-IB"),
        ("NON–B/A", "NON-B"),
        ("ＮＯＮ－ＥＤ", "NON-ED"),
        ("ed +", "NON-ED"),
        ("Non-Immigrant ED PLUS", "NON-ED"),
        ("R-A", "NON-R"),
        ("L.A", "NON-LA"),
        ("O L-A", "NON-LA"),
        ("METV", "TR"),
        ("VE-30", "VE"),
        ("PP.90", "VE"),
        ("ผ.60", "VE"),
        ("ผผ 30", "VE"),
        ("TR-15", "VOA"),
        ("dtv", "DTV"),
        ("LTR - W", "LTR"),
        ("Smart “T”", "SMART"),
        ("D", "DIPLOMATIC"),
        ("คนอยู่ชั่วคราว O", "NON-O"),
        ("NON\u2011O", "NON-O"),
        ("N\u200bON-O\ufeff", "NON-O"),
    ],
)
def test_a_class_is_read_as_it_is_stamped(written: str, visa_class: str) -> None:
    assert POLICY.visa_class(written) == visa_class


@pytest.mark.parametrize(
    "written", ["", "-", "F", "S", "NON", "NON-IMMIGRANT", "NОN-O", "O-AA", "XLTR-P", "EXEMPT", "�"]
)
def test_what_no_list_knows_is_unclear(written: str) -> None:
    assert POLICY.visa_class(written) is None
    assert POLICY.regime(written).name == "unclear"


@pytest.mark.parametrize(
    ("written", "regime"),
    [("LTR-P", "yearly"), ("smart e", "yearly"), ("Permanent Resident", "exempt"), ("cabinet resolution", "unclear")],
)
def test_a_spelling_has_the_regime_of_its_class(written: str, regime: str) -> None:
    assert POLICY.regime(written).name == regime


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Non-Immigrant “O-A”", "Non-Immigrant “O-A”"),
        ("NON\tO\r\n RETIREMENT", "NON O RETIREMENT"),
        ("\x1b[31mTR\x07", "�[31mTR�"),
        ("TR\u202e\u2066", "TR"),
        ("\u200b\u00ad", "�"),
        ("\x00", "�"),
        ("ปกติ <script>", "ปกติ <script>"),
        ("X" * 150, "X" * LONGEST),
    ],
)
def test_a_class_is_kept_as_written_but_for_what_a_terminal_would_act_on(written: str, kept: str) -> None:
    assert printable(written) == kept


@given(st.text())
def test_whatever_is_written_can_be_kept_and_folded(written: str) -> None:
    kept = printable(written)
    assert 0 < len(kept) <= LONGEST
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in kept)
    assert printable(kept) == kept
    assert POLICY.regime(written).name in ("90-day", "yearly", "exempt", "unclear")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip))
def test_no_character_of_a_class_rejects_a_row(written: str) -> None:
    values = row("movements", visa_class=written)
    read = KINDS["movements"].read([values[column] for column in KINDS["movements"].columns])
    assert read["visa_class"] == printable(written.strip())


@given(st.sampled_from(CLASSES), st.lists(st.sampled_from(" -./_'\"()–"), max_size=4), st.randoms())
def test_hyphens_dots_and_case_make_no_difference(visa_class: str, marks: list[str], random: object) -> None:
    characters = [*visa_class, *marks]
    for mark in marks:
        characters.remove(mark)
        characters.insert(random.randrange(len(characters) + 1), mark)  # type: ignore[attr-defined]
    assert fold("".join(characters).lower()) == fold(visa_class)
