"""Which code joins a phone to a person, and the terms of it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from immigration.registries.access import resolve, terms
from immigration.rules.activations import obstacles
from immigration.rules.officers import is_over

DAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND, HALF_AN_HOUR = timedelta(seconds=1), timedelta(minutes=30)


@pytest.mark.parametrize("status", ["valid", "expired", "cancelled"])
@pytest.mark.parametrize("assurance", ["counter", "mail"])
def test_a_passport_in_its_owners_hands_can_activate(status, assurance):
    assert obstacles(status=status, replaced=False, assurance=assurance) == []


@pytest.mark.parametrize("status", ["lost", "stolen"])
def test_a_lost_or_stolen_passport_needs_a_code_from_a_counter(status):
    assert obstacles(status=status, replaced=False, assurance="mail") == ["passport-out-of-hand"]
    assert obstacles(status=status, replaced=False, assurance="counter") == []


@pytest.mark.parametrize("assurance", ["counter", "mail"])
def test_a_replaced_passport_activates_nobody(assurance):
    assert obstacles(status="valid", replaced=True, assurance=assurance) == ["passport-replaced"]


@pytest.mark.parametrize(
    ("seen", "ends", "over"),
    [(timedelta(0), SECOND, False), (timedelta(0), timedelta(0), True), (HALF_AN_HOUR - SECOND, SECOND, False),
     (HALF_AN_HOUR, SECOND, True)],
)  # fmt: skip
def test_a_session_ends_by_its_end_or_by_idling(seen, ends, over):
    assert is_over(seen_at=NOON - seen, expires_at=NOON + ends, idle=HALF_AN_HOUR, now=NOON) == over


def test_the_shipped_terms_are_those_agreed_on():
    agreed = terms(DAY)
    assert agreed.access_token == timedelta(minutes=10)
    assert agreed.refresh_token == timedelta(days=90)
    assert agreed.code("counter") == timedelta(days=30)
    assert agreed.code("mail") == timedelta(hours=24)
    assert (agreed.mails_per_person, agreed.password_length) == (3, 15)
    assert (agreed.officer_idle, agreed.officer_session) == (timedelta(minutes=30), timedelta(hours=12))
    assert terms(date(2000, 1, 1)) == agreed


def test_a_later_entry_holds_from_its_day_on():
    rows = [{"key": key, "value": 1, "effective_from": date(2026, 1, 1)} for key in vars(terms(DAY))]
    rows.append({"key": "mails_per_person", "value": 3, "effective_from": DAY})
    assert resolve(rows, DAY - timedelta(days=1)).mails_per_person == 1
    assert resolve(rows, DAY).mails_per_person == 3


@pytest.mark.parametrize("rows", [[], [{"key": "made_up", "value": 1, "effective_from": DAY}]])
def test_a_file_with_missing_or_unknown_terms_is_refused(rows):
    with pytest.raises(TypeError):
        resolve(rows, DAY)
