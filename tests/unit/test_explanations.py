"""The explanation of a date: every step with its date, source, grade and figures."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from immigration.registries.law import law
from immigration.rules.birth_dates import BirthDate
from immigration.rules.codes import StepCode
from immigration.rules.due_dates import obligation
from immigration.rules.explanations import Step
from immigration.rules.facts import Facts, Movement, Passport, Permission, Report
from immigration.rules.policies import Policy, Terms, Waiver

TODAY = date(2026, 11, 24)
DAY = timedelta(1)
LAW = law().on(TODAY)
IN_PERSON, ONLINE = Terms(15, 7, "OFF", "counter notice"), Terms(10, -2, "COR", "online notice")
POLICY = replace(LAW, windows={"in-person": IN_PERSON, "online": ONLINE}, waivers=(), holidays=frozenset())
PASSPORT = Passport(1, "valid", date(2036, 1, 1), BirthDate(1990, 1, 1), False, True)
ARRIVED = date(2026, 9, 3)
DUE = date(2026, 12, 1)
LATE_AFTER = date(2026, 12, 9)  # a Wednesday: ninety days and seven of grace, the arrival left out
NON_O, LTR = LAW.regimes["NON-O"], LAW.regimes["LTR"]


def steps(*records: Any, visa_class: str = "NON-O", until: date | None = None, policy: Policy = POLICY) -> list[Step]:
    arrival = Movement("A", "arrival", ARRIVED, visa_class, until)
    facts = Facts(
        (PASSPORT,),
        (arrival,),
        tuple(r for r in records if isinstance(r, Permission)),
        tuple(r for r in records if isinstance(r, Report)),
    )
    return list(obligation(facts, TODAY, policy).explanation)


def beginning(regime: Any = NON_O, visa_class: str = "NON-O") -> list[Step]:
    figures = {"regime": regime.name, "visa_class": visa_class}
    return [
        Step(StepCode("entered"), ARRIVED, "movement:A"),
        Step(StepCode("regime"), None, regime.source, regime.grade, figures),
    ]


def counted_from_arrival() -> Step:
    rule = LAW.rules["due.count_arrival_day"]
    figures = {"days": 89, "counted_from": ARRIVED.isoformat()}
    return Step(StepCode("counted-from-arrival"), DUE, rule.source, rule.grade, figures)


def left_out() -> Step:
    rule = LAW.rules["due.count_arrival_day"]
    return Step(StepCode("arrival-day-left-out"), LATE_AFTER, rule.source, rule.grade, {"days": 1})


def around(
    due: date, late_after: date, *between: Step, ends: date | None = None, act_by: date | None = None
) -> list[Step]:
    """The steps that follow a due date: the window, how long it is not late, and what follows from being late.

    `ends` is the end of a stay that ends before. With `act_by` the report is a yearly one, taken by offices only.
    """
    fine, leaving = LAW.rules["fine.voluntary_amount"], LAW.rules["exit_within_grace_waives_report"]
    judged = LAW.rules["late.judged_by"]
    fines = {
        "usual_settlement_thb": fine.value,
        "most_thb": LAW.value("fine.caught_amount"),
        "most_a_day_thb": LAW.value("fine.daily"),
    }
    again = Step(StepCode("leaving-starts-again"), None, "Immigration offices of Kalasin and Samut Prakan", "OFF")
    figures = {"last_day_to_act": (act_by or due + grace() * DAY).isoformat()}
    online = [Step(StepCode("online-closes"), due - 2 * DAY, "online notice", "COR")]
    consequences = [
        again,
        Step(StepCode("leaving-in-grace"), None, leaving.source, leaving.grade, {"policy": leaving.value}),
        Step(StepCode("if-late"), late_after + DAY, fine.source, fine.grade, fines),
    ]
    return [
        Step(StepCode("opens"), due - 10 * DAY, "online notice", "COR"),
        *([] if act_by else online),
        Step(StepCode("grace-ends"), due + grace() * DAY, "counter notice", "OFF", figures),
        *between,
        Step(StepCode("not-late-until"), late_after, judged.source, judged.grade),
        *([Step(StepCode("stay-ends-before-due"), ends, "permission to stay"), again] if ends else consequences),
    ]


def grace() -> int:
    """Days after the due date; one less where the due date is the first of them."""
    return 6 if LAW.value("grace.count_due_day") else 7


def test_from_an_arrival():
    assert steps() == [*beginning(), counted_from_arrival(), *around(DUE, LATE_AFTER, left_out())]


@pytest.mark.parametrize(("counts", "ends"), [(True, 6), (False, 7)])
def test_the_days_of_grace_may_begin_on_the_due_date(counts, ends):
    rule = replace(LAW.rules["grace.count_due_day"], value=counts)
    explanation = steps(policy=replace(POLICY, rules={**LAW.rules, "grace.count_due_day": rule}))
    last = DUE + ends * DAY
    figures = {"last_day_to_act": last.isoformat()}
    assert Step(StepCode("grace-ends"), last, "counter notice", "OFF", figures) in explanation


@pytest.mark.parametrize(("counts", "days"), [(True, 89), (False, 90)])
def test_the_day_of_arrival_counts_or_not(counts, days):
    rule = replace(LAW.rules["due.count_arrival_day"], value=counts)
    explanation = steps(policy=replace(POLICY, rules={**LAW.rules, "due.count_arrival_day": rule}))
    figures = {"days": days, "counted_from": ARRIVED.isoformat()}
    assert explanation[2] == Step(
        StepCode("counted-from-arrival"), ARRIVED + days * DAY, rule.source, rule.grade, figures
    )
    assert (StepCode("not-late-until"), LATE_AFTER) in [(step.code, step.date) for step in explanation]
    assert ("arrival-day-left-out" in [step.code for step in explanation]) == counts


def test_without_an_online_window_the_due_date_is_the_last_day_online():
    explanation = steps(policy=replace(POLICY, windows={"in-person": IN_PERSON}))
    assert explanation[3:5] == [
        Step(StepCode("opens"), DUE - 15 * DAY, "counter notice", "OFF"),
        Step(StepCode("online-closes"), DUE, "counter notice", "OFF"),
    ]


def test_a_closed_last_day_rolls_on():
    rule = LAW.rules["due.holiday_roll"]
    rolled = Step(StepCode("rolled-to-working-day"), LATE_AFTER + DAY, rule.source, rule.grade)
    explanation = steps(policy=replace(POLICY, holidays=frozenset({LATE_AFTER})))
    assert explanation == [*beginning(), counted_from_arrival(), *around(DUE, LATE_AFTER + DAY, left_out(), rolled)]


def test_a_waiver_inside_the_window_adds_its_days():
    outage = Waiver("outage", "the site was down", DUE, DUE, "a notice")
    late_after = LATE_AFTER + DAY
    between = (
        left_out(),
        Step(StepCode("extended-by-outage"), late_after, "a notice", None, {"name": "the site was down"}),
    )
    explanation = steps(policy=replace(POLICY, waivers=(outage,)))
    assert explanation == [*beginning(), counted_from_arrival(), *around(DUE, late_after, *between)]


@pytest.mark.parametrize(("first", "last", "explained"), [
    (DUE - 10 * DAY, DUE - 10 * DAY, True), (DUE - 12 * DAY, DUE - 11 * DAY, False), (LATE_AFTER, LATE_AFTER, True),
    (DUE - 12 * DAY, DUE - 10 * DAY, True), (LATE_AFTER + 9 * DAY, LATE_AFTER + 9 * DAY, False),
])  # fmt: skip
def test_only_a_waiver_that_touches_the_window_is_explained(first, last, explained):
    explanation = steps(policy=replace(POLICY, waivers=(Waiver("waiver", "x", first, last, "a notice"),)))
    assert ("extended-by-waiver" in [step.code for step in explanation]) == explained


def test_a_day_that_was_waived_twice_is_one_day():
    waived = [
        Waiver("waiver", "x", DUE + first * DAY, DUE + last * DAY, "a notice") for first, last in ((1, 5), (4, 5))
    ]
    assert replace(POLICY, waivers=tuple(waived)).waived_days(DUE, DUE + 9 * DAY) == 5


def test_a_stay_that_ends_by_the_due_date_is_explained():
    ending = around(DUE, LATE_AFTER, left_out(), ends=DUE)
    assert steps(until=DUE) == [*beginning(), counted_from_arrival(), *ending]
    assert steps(until=DUE + DAY) == [*beginning(), counted_from_arrival(), *around(DUE, LATE_AFTER, left_out())]


def test_from_an_extension():
    granted = date(2026, 11, 2)
    rule, due = LAW.rules["due.extension_resets"], date(2027, 1, 31)
    assert steps(Permission("P", "extension", granted, date(2027, 12, 1))) == [
        *beginning(),
        Step(StepCode("extension-counts-as-report"), granted, rule.source, rule.grade),
        counted("counted-from-extension", due, granted),
        *around(due, date(2027, 2, 8), rolled(date(2027, 2, 8))),
    ]


def counted(code: str, due: date, start: date, **more: str) -> Step:
    rule, figures = LAW.rules["due.next_offset"], {"days": 90, "counted_from": start.isoformat()}
    return Step(StepCode(code), due, rule.source, rule.grade, figures | more)


def rolled(to: date) -> Step:
    rule = LAW.rules["due.holiday_roll"]
    return Step(StepCode.ROLLED_TO_WORKING_DAY, to, rule.source, rule.grade)


def test_from_what_a_receipt_states():
    report = Report("EX-1", date(2026, 11, 2), "counter", date(2027, 2, 1), 1, "BKK")
    assert steps(report) == [
        *beginning(),
        Step(StepCode("reported"), report.on, "office-report:EX-1", None, {"channel": "counter", "office": "BKK"}),
        Step(StepCode("stated-on-receipt"), date(2027, 2, 1), "office-report:EX-1"),
        *around(date(2027, 2, 1), date(2027, 2, 8)),
    ]


@pytest.mark.parametrize(("channel", "start", "due", "late_after"), [
    ("counter", "report", date(2027, 1, 31), date(2027, 2, 8)),
    ("online", "previous-due-date", date(2027, 3, 1), date(2027, 3, 8)),
])  # fmt: skip
def test_from_a_report_without_a_stated_date(channel, start, due, late_after):
    report = Report("R1", date(2026, 11, 2), channel, None, 1, "PKT", ours=True, entered_on=ARRIVED)
    moved = () if due + 7 * DAY == late_after else (rolled(late_after),)
    assert steps(report) == [
        *beginning(),
        Step(StepCode("reported"), report.on, "report:R1", None, {"channel": channel, "office": "PKT"}),
        counted("counted-from-report", due, report.on if start == "report" else DUE, **{"from": start}),
        *around(due, late_after, *moved),
    ]


def yearly(code: str, due: date, start: date) -> Step:
    rule = LAW.rules["due.yearly"]
    return Step(StepCode(code), due, rule.source, rule.grade, {"counted_from": start.isoformat()})


def test_from_a_yearly_regime():
    start, due = beginning(LTR, "LTR"), date(2027, 9, 3)
    counted = yearly("counted-one-year-from-arrival", due, ARRIVED)
    assert steps(visa_class="LTR") == [*start, counted, *around(due, date(2027, 9, 10), act_by=date(2027, 9, 10))]
    reported = Report("EX-1", date(2026, 11, 3), "counter", None, 1, "BKK")
    assert steps(reported, visa_class="LTR") == [
        *start,
        Step(StepCode("reported"), reported.on, "office-report:EX-1", None, {"channel": "counter", "office": "BKK"}),
        yearly("counted-one-year-from-report", date(2027, 11, 3), reported.on),
        *around(date(2027, 11, 3), date(2027, 11, 10), act_by=date(2027, 11, 10)),
    ]


def test_a_yearly_report_is_advised_for_a_working_day():
    facts = Facts((PASSPORT,), (Movement("A", "arrival", date(2026, 1, 31), "LTR"),))
    window = obligation(facts, TODAY, POLICY).window
    assert window is not None
    assert (window.grace_ends_on, window.last_day_to_act) == (date(2027, 2, 7), date(2027, 2, 5))


def test_from_a_change_to_another_regime():
    changed = date(2026, 11, 2)
    rule = LAW.rules["due.regime_change_resets"]
    for visa_class, code, due in (
        ("LTR", "counted-one-year-from-change", date(2027, 11, 2)),
        ("DIPLOMATIC", "", None),
    ):
        explanation = steps(Permission("C", "change", changed, date(2028, 1, 1), visa_class))
        figures = {"from": "90-day", "to": "yearly"}
        after = [
            Step(StepCode("regime-changed"), changed, rule.source, rule.grade, figures),
            yearly(code, due, changed),
        ] if due else []  # fmt: skip
        assert explanation[2 : 2 + len(after)] == after
    back = obligation(
        Facts((PASSPORT,), (Movement("A", "arrival", ARRIVED, "DIPLOMATIC"),),
              (Permission("C", "change", changed, date(2028, 1, 1), "NON-O"),)), TODAY, POLICY)  # fmt: skip
    assert back.explanation[3] == counted("counted-from-change", date(2027, 1, 31), changed)


def test_another_regime_says_where_to_go():
    regime = LAW.regimes["CABINET"]
    where_to_go = Step(
        StepCode("where-to-go"), None, regime.source, regime.grade, {"text": regime.where, "regime": "unclear"}
    )
    assert steps(visa_class="CABINET") == [*beginning(regime, "CABINET"), where_to_go]
    silent = replace(regime, where="")
    policy = replace(POLICY, regimes={**LAW.regimes, "CABINET": silent})
    assert steps(visa_class="CABINET", policy=policy) == beginning(silent, "CABINET")


def test_abroad_there_is_nothing_to_explain():
    owed = obligation(Facts((PASSPORT,)), TODAY, POLICY)
    assert owed.explanation == (Step(StepCode("abroad"), None, "records"),)
    assert owed.expected is False
    left = Movement("B", "departure", ARRIVED + DAY)
    gone = obligation(Facts((PASSPORT,), (Movement("A", "arrival", ARRIVED, "NON-O"), left)), TODAY, POLICY)
    assert gone.explanation == (Step(StepCode("abroad"), ARRIVED + DAY, "records"),)


def test_reports_of_one_day_count_offices_first_then_ours_as_they_were_filed():
    day = date(2026, 11, 2)

    def last(*reports: Report) -> str:
        explanation = [step.source for step in steps(*reports) if step.code == "reported"]
        return explanation[0]

    office = Report("Z", day, "counter", None, 1, "BKK")
    second, first = (Report(n, day, "online", None, 1, "BKK", True, ARRIVED) for n in ("R1", "R2"))
    assert last(first, office) == "report:R2"
    assert last(office, first, second) == "report:R1"
    assert last(replace(office, number="Y"), office) == last(office, replace(office, number="Y")) == "office-report:Z"


def test_an_extension_of_one_day_comes_before_its_report():
    day = date(2026, 11, 2)
    extension = Permission("Z", "extension", day, date(2027, 12, 1))
    explanation = steps(extension, Report("A", day, "counter", None, 1, "BKK"))
    assert [step.code for step in explanation][2] == "reported"
