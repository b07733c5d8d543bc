"""Phone numbers and e-mail addresses as people type them: what is cleaned up, and what cannot be one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immigration.rules.contacts import LONGEST_PHONE, NotContact, is_blank, normalise_email, normalise_phone


@pytest.mark.parametrize(
    ("typed", "phone"),
    [
        ("+66 (0)81-234 5678", "+66 (0)81-234 5678"),
        ("081.234.5678 ext. 12", "081.234.5678 ext. 12"),
        ("02 123 4567 ต่อ 12", "02 123 4567 ext. 12"),
        ("+1 (555) 123-4567x9", "+1 (555) 123-4567 ext. 9"),
        ("tel:+66-81-234-5678;ext=7", "+66-81-234-5678 ext. 7"),
        ("๐๘๑-๒๓๔ ๕๖๗๘", "081-234 5678"),
        ("＋６６ ８１ ２３４ ５６７８", "+66 81 234 5678"),
        ("\u200e\u202a+66\u00a081\u2011234\u20115678\u202c\ufeff ", "+66 81-234-5678"),
        ("\t0812345678\r\n", "0812345678"),
        ("00 66 81 234 5678", "00 66 81 234 5678"),
    ],
)
def test_a_phone_number_is_taken_as_people_write_it(typed, phone):
    assert normalise_phone(typed) == phone


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("call me", "phone-invalid"),
        ("", "phone-invalid"),
        ("+", "phone-invalid"),
        ("12345", "phone-length"),
        ("1" * 16, "phone-length"),
        ("1" * 2000, "phone-invalid"),
        ("+66+812345678", "phone-invalid"),
        ("(081 2345678", "phone-invalid"),
        ("081) 2345678", "phone-invalid"),
        ("((081)) 2345678", "phone-invalid"),
        ("()0812345678", "phone-invalid"),
        ("0812345678, 0891234567", "phone-invalid"),
        ("0812345678\n0891234567", "phone-invalid"),
        ("0812345678 ext.", "phone-invalid"),
        ("alix@example.org", "phone-invalid"),
        ("²³⁴⁵⁶⁷⁸⁹", "phone-invalid"),
    ],
)
def test_what_cannot_be_a_phone_number_is_refused_with_a_code(typed, code):
    with pytest.raises(NotContact) as refused:
        normalise_phone(typed)
    assert refused.value.code == code
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("typed", "email"),
    [
        ("Alix@Example.org", "Alix@Example.org"),
        (" \u200balix@example.org\ufeff\r\n", "alix@example.org"),
        ("mailto:alix@example.org", "alix@example.org"),
        ("<alix@example.org>", "alix@example.org"),
        ("alix+visa@example.org", "alix+visa@example.org"),
        ("o\u2019brien@example.org", "o'brien@example.org"),
        ("alix\u2011d@example.org", "alix-d@example.org"),
        ('"alix d"@example.org', '"alix d"@example.org'),
        ("ａｌｉｘ＠ｅｘａｍｐｌｅ．ｏｒｇ", "alix@example.org"),
        ("สมชาย@ตัวอย่าง.ไทย", "สมชาย@ตัวอย่าง.ไทย"),
        ("用户@例子。广告", "用户@例子.广告"),
        ("jose\u0301@mu\u0308nchen.de", "josé@münchen.de"),
        ("a@xn--mnchen-3ya.de", "a@xn--mnchen-3ya.de"),
    ],
)
def test_an_address_is_taken_as_people_write_it(typed, email):
    assert normalise_email(typed) == email


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "nobody",
        "@example.org",
        "a@",
        "a@localhost",
        "a@1.2.3.4",
        "a@[192.0.2.1]",
        "a..b@example.org",
        ".a@example.org",
        "a@example..org",
        "a@-example.org",
        "a@example.org.",
        "a@b@example.org",
        "a b@example.org",
        "a,b@example.org",
        "a@exa_mple.org",
        "a@" + "x" * 64 + ".org",
        "ก" * 22 + "@example.org",
        "x" * 65 + "@example.org",
        "a@" + ".".join(["x" * 60] * 5) + ".org",
        "a@b.example\r\nBcc: c@d.example",
        "a@b.example\x00",
        "x" * 100_000,
    ],
)
def test_what_cannot_be_an_address_is_refused(typed):
    with pytest.raises(NotContact) as refused:
        normalise_email(typed)
    assert refused.value.code in ("email-invalid", "email-too-long")


@given(st.text(max_size=60) | st.from_regex(r"[+(0-9๐-๙][0-9 ().-]{5,20}( ext\. [0-9]{1,3})?", fullmatch=True))
def test_what_was_cleaned_stays_as_it_is(typed):
    for normalise in (normalise_phone, normalise_email):
        try:
            once = normalise(typed)
        except NotContact:
            continue
        assert normalise(once) == once
        assert once == once.strip()
        assert len(once.encode()) <= (LONGEST_PHONE if normalise is normalise_phone else 254)


@given(st.emails())
def test_every_address_of_the_standard_is_taken(address):
    local_part, _, domain = address.rpartition("@")
    if not domain.rpartition(".")[2].isdigit() and len(address) <= 254 and len(local_part) <= 64:
        assert normalise_email(address) == address


@pytest.mark.parametrize(("typed", "blank"), [("", True), (" \t\u200b\ufeff", True), ("-", False)])
def test_what_cannot_be_seen_is_blank(typed, blank):
    assert is_blank(typed) is blank
