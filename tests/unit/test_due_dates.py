"""When a report is due: a table of facts, then what must hold for any history."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from immigration.registries.law import law
from immigration.rules import stays
from immigration.rules.birth_dates import BirthDate
from immigration.rules.due_dates import Obligation, obligation
from immigration.rules.facts import Facts, Movement, Passport, Permission, Report, Residence
from immigration.rules.policies import Policy, Rule, Waiver
from immigration.rules.windows import Window

TODAY = date(2026, 11, 24)
POLICY = law().on(TODAY)
PASSPORT = Passport(1, "valid", date(2036, 1, 1), BirthDate(1990, 1, 1), False, True)


def day(text: str) -> date:
    return date.fromisoformat(text)


def arrival(on: str | date, visa_class: str = "NON-O", until: str = "2040-01-01", id: str = "A") -> Movement:
    return Movement(id, "arrival", day(on) if isinstance(on, str) else on, visa_class, day(until))


def departure(on: str | date, id: str = "D") -> Movement:
    return Movement(id, "departure", day(on) if isinstance(on, str) else on)


def counter(on: str, next_due_on: str | None = None, channel: str = "counter", number: str = "R") -> Report:
    return Report(number, day(on), channel, day(next_due_on) if next_due_on else None, 1, "BKK")


def owed(*records: Movement | Permission | Report, today: str | date = TODAY, policy: Policy = POLICY) -> Obligation:
    facts = Facts(
        (PASSPORT,),
        tuple(r for r in records if isinstance(r, Movement)),
        tuple(r for r in records if isinstance(r, Permission)),
        tuple(r for r in records if isinstance(r, Report)),
    )
    return obligation(facts, day(today) if isinstance(today, str) else today, policy)


def window(*records: Movement | Permission | Report, today: str | date = TODAY, policy: Policy = POLICY) -> Window:
    result = owed(*records, today=today, policy=policy).window
    assert result is not None
    return result


def switched(key: str, value: object) -> Policy:
    return replace(POLICY, rules={**POLICY.rules, key: Rule(key, value, "CON", "a test")})


@pytest.mark.parametrize(
    ("arrived", "due", "opens", "grace_ends", "late_after"),
    [
        ("2024-12-02", "2025-03-01", "2025-02-14", "2025-03-08", "2025-03-10"),
        ("2025-05-01", "2025-07-29", "2025-07-14", "2025-08-05", "2025-08-06"),
        ("2026-01-15", "2026-04-14", "2026-03-30", "2026-04-21", "2026-04-22"),
        ("2026-03-01", "2026-05-29", "2026-05-14", "2026-06-05", "2026-06-08"),
        ("2014-09-29", "2014-12-27", "2014-12-12", "2015-01-03", "2015-01-05"),
        ("2023-12-31", "2024-03-29", "2024-03-14", "2024-04-05", "2024-04-09"),
        ("2023-12-02", "2024-02-29", "2024-02-14", "2024-03-07", "2024-03-08"),
    ],
)
def test_the_day_of_arrival_is_day_one(arrived: str, due: str, opens: str, grace_ends: str, late_after: str) -> None:
    result = window(arrival(arrived), today=arrived)
    expected = (day(due), day(opens), day(due), day(grace_ends), day(late_after))
    assert (
        result.due_on,
        result.opens_on,
        result.online_closes_on,
        result.grace_ends_on,
        result.late_after,
    ) == expected


@pytest.mark.parametrize(
    ("filed", "channel", "next_due"),
    [
        ("2026-04-01", "counter", "2026-06-30"),
        ("2026-04-01", "online", "2026-07-13"),
        ("2026-04-30", "counter", "2026-07-29"),
        ("2026-04-22", "online", "2026-07-13"),
        ("2026-04-23", "online", "2026-07-22"),
        ("2026-04-01", "agent", "2026-06-30"),
        ("2026-04-01", "post", "2026-06-30"),
    ],
)
def test_the_next_date_follows_from_channel_and_day(filed: str, channel: str, next_due: str) -> None:
    assert window(arrival("2026-01-15"), counter(filed, channel=channel), today="2026-05-01").due_on == day(next_due)


def test_the_date_printed_on_a_receipt_wins() -> None:
    result = window(arrival("2026-01-15"), counter("2026-04-01", "2026-07-07"), today="2026-05-01")
    assert result.due_on == day("2026-07-07")


def test_a_reentry_starts_again_whatever_was_reported_before() -> None:
    reentered = (arrival("2026-08-30", id="A2"), departure("2026-08-20"))
    result = window(arrival("2026-03-01"), counter("2026-05-27", "2026-08-25"), *reentered)
    assert result.due_on == day("2026-11-27")


def test_the_first_extension_counts_as_a_report_and_later_ones_change_nothing() -> None:
    first = Permission("P1", "extension", day("2026-09-10"), day("2027-09-10"))
    second = Permission("P2", "extension", day("2026-10-10"), day("2027-10-10"))
    assert window(arrival("2026-08-01"), first).due_on == day("2026-12-09")
    assert window(arrival("2026-08-01"), first, second).due_on == day("2026-12-09")
    assert owed(arrival("2026-08-01"), first, second).permitted_until == day("2027-10-10")


def test_a_change_of_visa_does_not_reset_the_count() -> None:
    change = Permission("P1", "change", day("2026-09-10"), day("2027-09-10"), "NON-B")
    result = owed(arrival("2026-08-01"), change)
    assert (result.window and result.window.due_on, result.visa_class) == (day("2026-10-29"), "NON-B")


@pytest.mark.parametrize(("value", "due"), [("first", "2026-12-09"), ("never", "2026-10-29"), ("every", "2027-01-08")])
def test_whether_an_extension_resets_is_a_switch(value: str, due: str) -> None:
    first = Permission("P1", "extension", day("2026-09-10"), day("2027-09-10"))
    second = Permission("P2", "extension", day("2026-10-10"), day("2027-10-10"))
    policy = switched("due.extension_resets", value)
    assert window(arrival("2026-08-01"), first, second, policy=policy).due_on == day(due)


def test_counting_the_day_of_arrival_is_a_switch_and_lateness_stays() -> None:
    policy = switched("due.count_arrival_day", False)
    result = window(arrival("2026-09-01"), policy=policy)
    assert (result.due_on, result.late_after) == (day("2026-11-30"), window(arrival("2026-09-01")).late_after)


def test_a_yearly_regime_is_due_a_calendar_year_after_arrival() -> None:
    result = window(arrival("2026-02-10", "LTR"))
    assert (result.due_on, result.late_after) == (day("2027-02-10"), day("2027-02-17"))
    assert window(arrival("2024-02-29", "SMART"), today="2024-03-01").due_on == day("2025-02-28")


@pytest.mark.parametrize(
    ("visa_class", "regime"),
    [("DIPLOMATIC", "exempt"), ("PR", "exempt"), ("CABINET", "unclear"), ("NEVER-HEARD", "unclear"), ("DTV", "90-day")],
)
def test_the_visa_class_decides_the_regime(visa_class: str, regime: str) -> None:
    result = owed(arrival("2026-09-01", visa_class))
    assert result.regime == regime
    assert (result.window is None) == (regime != "90-day")


def test_abroad_there_is_no_obligation() -> None:
    result = owed(arrival("2026-03-01"), departure("2026-11-20"))
    assert (result.regime, result.window, result.state(TODAY)) == (None, None, "none")


def test_a_stay_that_ends_by_the_due_date_expects_no_report_and_still_shows_the_dates() -> None:
    result = owed(arrival("2026-09-10", until="2026-12-08"))
    assert (result.state(TODAY), result.window and result.window.due_on) == ("none", day("2026-12-08"))


@pytest.mark.parametrize(
    ("today", "state"),
    [
        ("2026-11-13", "not-open"),
        ("2026-11-14", "open"),
        ("2026-11-28", "open"),
        ("2026-11-29", "due-today"),
        ("2026-11-30", "in-grace"),
        ("2026-12-08", "in-grace"),
        ("2026-12-09", "late"),
    ],
)
def test_the_state_changes_at_midnight_in_bangkok(today: str, state: str) -> None:
    assert owed(arrival("2026-09-01"), today=today).state(day(today)) == state


def test_a_day_of_outage_in_the_window_moves_lateness_by_a_day() -> None:
    outage = Waiver("outage", "cut", day("2026-11-20"), day("2026-11-21"), "a test")
    policy = replace(POLICY, waivers=(outage,))
    assert window(arrival("2026-09-01"), policy=policy).late_after == day("2026-12-11")
    elsewhere = replace(outage, first=day("2026-11-10"), last=day("2026-11-13"))
    assert window(arrival("2026-09-01"), policy=replace(POLICY, waivers=(elsewhere,))).late_after == day("2026-12-08")


@pytest.mark.parametrize(
    ("first_inside", "expected"), [(True, "2026-09-20"), (False, None)], ids=["in the country", "abroad"]
)
def test_the_order_on_one_day_follows_from_where_the_person_was(first_inside: bool, expected: str | None) -> None:
    same_day = [departure("2026-09-20", "D2"), arrival("2026-09-20", id="A2")]
    movements = [arrival("2026-09-01")] * first_inside + same_day
    result = stays.current(movements, TODAY)
    assert (result.entered_on.isoformat() if result else None) == expected


def test_every_step_of_the_explanation_names_its_source() -> None:
    steps = owed(arrival("2026-09-01")).explanation
    assert [s.code for s in steps][:4] == ["entered", "regime", "counted-from-arrival", "opens"]
    assert all(step.source for step in steps)


def test_records_of_the_future_do_not_count_yet() -> None:
    assert owed(arrival("2026-12-01")).regime is None
    assert window(arrival("2026-09-01"), departure("2026-12-01")).due_on == day("2026-11-29")


days = st.dates(date(2015, 1, 1), date(2045, 12, 31))
gaps = st.lists(st.integers(0, 200), min_size=1, max_size=12)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Movement], list[Report], date]:
    """Arrivals and departures in turn, with reports between them."""
    moved_on, movements, reports = draw(days), [], []
    for n, gap in enumerate(draw(gaps)):
        moved_on += timedelta(days=gap)
        movements.append(arrival(moved_on, id=f"M{n:02}") if n % 2 == 0 else departure(moved_on, id=f"M{n:02}"))
        if n % 2 == 0 and draw(st.booleans()):
            on = moved_on + timedelta(days=draw(st.integers(1, 90)))
            reports.append(Report(f"R{n}", on, draw(st.sampled_from(["counter", "online", "post"])), None, 1, "BKK"))
    return movements, reports, moved_on + timedelta(days=draw(st.integers(0, 150)))


@given(histories())
def test_the_dates_of_any_history_are_in_order(history: tuple[list[Movement], list[Report], date]) -> None:
    movements, reports, today = history
    result = obligation(Facts((PASSPORT,), tuple(movements), (), tuple(reports)), today, law().on(today))
    if result.window is None:
        return
    w = result.window
    assert result.entered_on is not None
    assert result.entered_on < w.due_on
    assert w.opens_on <= w.online_closes_on <= w.due_on <= w.grace_ends_on <= w.late_after


@given(histories())
def test_a_reentry_always_resets(history: tuple[list[Movement], list[Report], date]) -> None:
    movements, reports, today = history
    back = today + timedelta(days=2)
    again = [*movements, departure(today + timedelta(days=1), "Y"), arrival(back, id="Z")]
    result = obligation(Facts((PASSPORT,), tuple(again), (), tuple(reports)), back, law().on(back))
    ahead = [r for r in reports if r.on >= back]
    if not ahead:
        assert result.window is not None
        assert result.window.due_on == back + timedelta(days=89)


def from_office(office: str, number: str = "R1", on: str = "2026-07-11", due: str = "2026-10-09") -> Report:
    return Report(number, day(on), "counter", day(due), 1, office)


def lived(subdistrict: str, since: str = "2026-01-01", until: str | None = None) -> Residence:
    return Residence(subdistrict, "", day(since), day(until) if until else None)


@pytest.mark.parametrize(
    ("office", "residences", "late_after"),
    [
        ("BKK", (), "2026-10-19"),
        ("CMI", (), "2026-10-16"),
        ("CMI", (lived("103901"),), "2026-10-16"),
        ("BKK", (lived("500101"),), "2026-10-19"),
        ("", (lived("103901"),), "2026-10-19"),
        ("Jomtien", (lived("103901"),), "2026-10-19"),
        ("", (lived("500101"),), "2026-10-16"),
        ("", (), "2026-10-16"),
        ("", (lived("500101"), lived("103901", since="2026-03-01")), "2026-10-19"),
        ("", (lived("103901", until="2026-02-28"), lived("500101", since="2026-03-01")), "2026-10-16"),
        ("", (lived("103901", until="2026-02-28"),), "2026-10-19"),
        ("", (lived("500101"), lived("103901", since="2026-10-20")), "2026-10-16"),
    ],
)
def test_a_holiday_of_the_province_moves_the_last_day_of_its_residents(
    office: str, residences: tuple[Residence, ...], late_after: str
) -> None:
    facts = Facts((PASSPORT,), (arrival("2026-03-01"),), (), (from_office(office),), residences)
    window = obligation(facts, day("2026-10-10"), POLICY).window
    assert window is not None
    assert (window.due_on, window.grace_ends_on) == (day("2026-10-09"), day("2026-10-16"))
    assert window.late_after == day(late_after)


def test_the_office_of_the_last_report_counts_also_of_one_before_the_stay() -> None:
    moved = (from_office("BKK", on="2025-01-10"), from_office("PKT", "R2", "2026-06-01"))
    facts = Facts((PASSPORT,), (arrival("2026-07-11"),), (), moved)
    in_bangkok = replace(facts, reports=moved[:1])
    last_days = [obligation(each, day("2026-10-10"), POLICY).window for each in (facts, in_bangkok)]
    assert [window and window.late_after for window in last_days] == [day("2026-10-16"), day("2026-10-19")]


@given(days)
def test_no_resident_is_late_before_the_lenient_date(arrived: date) -> None:
    lenient = arrived + timedelta(days=97)
    result = owed(arrival(arrived), today=lenient)
    assert result.state(lenient) in ("in-grace", "none")
    assert POLICY.is_working_day(window(arrival(arrived), today=lenient).late_after)


@given(days, st.randoms(use_true_random=False))
def test_the_order_in_which_records_are_listed_changes_nothing(start: date, random: object) -> None:
    records = [arrival(start), departure(start + timedelta(days=30)), arrival(start + timedelta(days=40), id="A2")]
    today = start + timedelta(days=60)
    shuffled = records[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert owed(*records, today=today) == owed(*shuffled, today=today)


def test_a_date_names_its_basis():
    extension = Permission("E", "extension", day("2026-05-01"), day("2040-01-01"), None)
    ours = replace(counter("2026-08-01", number="R1"), ours=True, entered_on=day("2026-03-01"))
    known = [
        (arrival("2026-03-01", id="M"), "arrival:M"),
        (extension, "extension:E"),
        (counter("2026-07-01", number="N"), "office-report:N"),
        (ours, "report:R1"),
    ]
    for count, (_, basis) in enumerate(known, 1):
        assert owed(*(record for record, _ in known[:count])).basis == basis
    assert owed(arrival("2026-03-01", visa_class="LTR", id="M")).basis == "arrival:M"


def test_without_an_obligation_no_report_is_expected():
    result = owed(arrival("2026-03-01", visa_class="PR"))
    assert (result.basis, result.window, result.expected) == (None, None, False)
