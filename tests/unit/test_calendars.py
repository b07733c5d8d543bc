"""On which days immigration offices are closed, and how long that is known for sure."""

from datetime import date, timedelta

import pytest

from immigration.registries.calendars import read_calendar
from immigration.registries.law import law
from tests.conftest import NOW
from tests.laws import law_with

CONFIRMED = {"year": 2031, "warn_months": 9, "source": "a test"}
BANGKOK, CHIANG_MAI = "10", "50"


def day(text: str) -> date:
    return date.fromisoformat(text)


def is_open(on: str, province: str | None = None) -> bool:
    return law().on(NOW.date()).in_province(province).is_working_day(day(on))


def more(kind: str, on: str, **others: object) -> str:
    values = {"kind": kind, "name": "a test", "grade": "OWN", "source": "a test"} | others
    return f"\n[[day]]\ndate = {on}\n" + "\n".join(f"{name} = {value!r}" for name, value in values.items()) + "\n"


def version(**files: str) -> str:
    return law_with(**files).on(NOW.date()).version


@pytest.mark.parametrize("year", range(2010, 2061))
def test_offices_are_open_on_labour_day_unless_it_is_a_weekend(year: int) -> None:
    labour_day = date(year, 5, 1)
    assert is_open(labour_day.isoformat()) == (labour_day.weekday() < 5)


@pytest.mark.parametrize("substitute", ["2021-05-03", "2022-05-02", "2027-05-03", "2032-05-03", "2033-05-02"])
def test_offices_are_open_when_private_firms_make_up_for_labour_day(substitute: str) -> None:
    assert is_open(substitute)


@pytest.mark.parametrize("holiday", ["2025-05-05", "2026-05-04", "2026-12-07", "2027-05-04", "2027-12-31"])
def test_other_holidays_and_substitutes_are_kept(holiday: str) -> None:
    assert not is_open(holiday)


@pytest.mark.parametrize(
    ("on", "closed"),
    [("2026-10-16", {"10"}), ("2022-11-17", {"10", "11", "12"}), ("2019-11-05", {"10", "12"}), ("2019-11-06", set())],
)
def test_a_holiday_of_a_province_closes_its_offices_only(on: str, closed: set[str]) -> None:
    assert {province for province in ("10", "11", "12", "50") if not is_open(on, province)} == closed
    assert is_open(on)


def test_a_national_holiday_closes_the_offices_of_every_province() -> None:
    assert not is_open("2026-10-13", BANGKOK)
    assert not is_open("2026-10-13", CHIANG_MAI)


def test_an_office_may_be_open_on_a_holiday_in_one_province() -> None:
    policy = law_with(holidays=more("working-day", "2026-12-10", provinces=["83"])).on(NOW.date())
    assert policy.in_province("83").is_working_day(day("2026-12-10"))
    assert not policy.in_province("10").is_working_day(day("2026-12-10"))
    assert not policy.is_working_day(day("2026-12-10"))


def test_a_row_of_another_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="half-day"):
        law_with(holidays=more("half-day", "2026-12-10"))


@pytest.mark.parametrize(
    "files",
    [
        {"holidays": more("holiday", "2028-02-29")},
        {"holidays": more("working-day", "2026-12-31")},
        {"holidays": more("holiday", "2028-02-29", provinces=["50"])},
        {"holidays": more("holiday", "2026-10-16", provinces=["83"])},
    ],
    ids=["added", "taken back", "of a new province", "of another province"],
)
def test_another_set_of_holidays_is_another_version_of_the_policy(files: dict[str, str]) -> None:
    assert version(**files) != version()


def test_a_holiday_that_was_known_is_no_other_version() -> None:
    assert version(holidays=more("holiday", "2026-12-31", name="said again")) == version()


def test_what_the_library_knows_is_in_the_version_of_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    before = version()
    monkeypatch.setattr("immigration.registries.calendars.YEARS", range(2010, 2062))
    assert version(waivers="\n# read again\n") != before


@pytest.mark.parametrize(
    ("today", "warns"), [("2030-12-31", False), ("2031-03-31", False), ("2031-04-01", True), ("2032-01-01", True)]
)
def test_less_than_nine_months_of_confirmed_holidays_are_warned_of(today: str, warns: bool) -> None:
    warning = read_calendar({"confirmed": CONFIRMED}).warning(day(today))
    assert (warning is not None) == warns
    assert warning is None or ("2031-12-31" in warning and "those of 2032" in warning)


def test_the_file_says_what_the_last_confirmed_year_rests_on() -> None:
    calendar = law().calendar
    assert calendar.source
    assert calendar.confirmed_until.month == 12
    assert calendar.everywhere > {day("2026-12-31"), day("2026-12-10")}
    assert calendar.confirmed_until + timedelta(days=1) > day("2026-12-31")
