"""On which days a stay counts, and which reports the records contradict."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations

import pytest

from immigration.registries.law import law
from immigration.rules.bases import counts_in
from immigration.rules.birth_dates import BirthDate
from immigration.rules.due_dates import is_contradicted, obligation
from immigration.rules.facts import Facts, Movement, Passport, Permission, Report
from immigration.rules.stays import Stay, current, since_arrival, stays

DAY = timedelta(1)
IN, OUT = date(2026, 9, 1), date(2026, 10, 1)
ARRIVAL = Movement("A", "arrival", IN, "NON-O", date(2027, 9, 1))
DEPARTURE = Movement("D", "departure", OUT)
PASSPORT = Passport(1, "valid", date(2036, 1, 1), BirthDate(1990, 1, 1), False, True)
OURS = Report("R1", date(2026, 9, 15), "online", None, 1, "BKK", ours=True, entered_on=IN)


@pytest.mark.parametrize(("day", "left", "covered"), [
    (IN, OUT, True), (IN - DAY, OUT, False), (OUT, OUT, True), (OUT + DAY, OUT, False), (OUT + DAY, None, True),
])  # fmt: skip
def test_a_stay_covers_its_first_and_its_last_day(day, left, covered):
    assert Stay(ARRIVAL, left, None).covers(day) == covered


def contradicted(report: Report = OURS, *movements: Movement, today: date = OUT + DAY) -> bool:
    return is_contradicted(report, Facts((PASSPORT,), movements or (ARRIVAL, DEPARTURE)), today)


def test_a_report_filed_here_is_not_contradicted_while_its_stay_is_on_record():
    assert not contradicted()
    assert not contradicted(replace(OURS, on=OUT))


@pytest.mark.parametrize(
    "report",
    [replace(OURS, entered_on=IN - DAY), replace(OURS, on=OUT + DAY), replace(OURS, on=IN - DAY)],
)
def test_a_report_whose_stay_is_not_on_record_is_contradicted(report):
    assert contradicted(report)


def test_a_corrected_arrival_contradicts_a_report():
    assert contradicted(OURS, replace(ARRIVAL, on=IN + DAY))
    assert contradicted(OURS, DEPARTURE)


def test_office_reports_and_reports_without_a_stay_are_not_contradicted():
    assert not contradicted(replace(OURS, ours=False, entered_on=IN - DAY))
    assert not contradicted(replace(OURS, entered_on=None, on=OUT + DAY))


def test_an_arrival_of_tomorrow_does_not_count_today():
    assert contradicted(OURS, ARRIVAL, today=IN - DAY)


@pytest.mark.parametrize(
    ("different", "counts"),
    [
        ({"on": IN}, False),
        ({"on": IN + DAY}, True),
        ({"on": IN - DAY}, False),
        ({"on": OUT}, True),
        ({"on": OUT + DAY}, False),
        ({"entered_on": None}, True),
        ({"entered_on": IN - DAY}, False),
        ({"entered_on": IN - DAY, "ours": False}, True),
    ],
)
def test_a_report_counts_in_the_stay_it_was_made_in(different, counts):
    assert counts_in(replace(OURS, **different), Stay(ARRIVAL, None, None), OUT) == counts


def test_stays_follow_one_another_whatever_the_order_of_the_rows():
    again = Movement("B", "arrival", OUT, "TR", None)
    left = Movement("E", "departure", OUT + DAY)
    expected = [Stay(ARRIVAL, OUT, None), Stay(again, OUT + DAY, IN)]
    for rows in permutations([ARRIVAL, DEPARTURE, again, left]):
        assert stays(rows, OUT + DAY) == expected
        assert current(rows, OUT + DAY) is None
        assert current(rows, OUT) == Stay(again, None, IN)
        assert stays(rows, IN - DAY) == []


def test_an_arrival_without_a_departure_ends_the_stay_before():
    again = replace(ARRIVAL, id="B", on=OUT)
    assert stays([ARRIVAL, again], OUT) == [Stay(ARRIVAL, OUT, None), Stay(again, None, IN)]


def test_the_last_permission_of_the_stay_says_how_long():
    first = Permission("P1", "extension", IN, date(2027, 10, 1))
    change = Permission("P2", "change", OUT, date(2027, 11, 1), "NON-B")
    before, after = replace(first, on=IN - DAY), replace(first, on=OUT + DAY)
    assert since_arrival([change, after, first, before], Stay(ARRIVAL, None, None), OUT) == [first, change]

    def permission_to_stay(*permissions):
        owed = obligation(Facts((PASSPORT,), (ARRIVAL,), permissions), OUT, law().on(OUT))
        return owed.visa_class, owed.permitted_until

    assert permission_to_stay(change, after, first, before) == ("NON-B", date(2027, 11, 1))
    assert permission_to_stay(first) == ("NON-O", date(2027, 10, 1))
    assert permission_to_stay() == ("NON-O", date(2027, 9, 1))


def test_permissions_of_one_day_are_in_the_order_of_their_ends_and_ids():
    first = Permission("P1", "extension", IN, date(2027, 10, 1))
    longer, other = replace(first, permitted_until=date(2027, 11, 1)), replace(first, id="P0")
    assert since_arrival([longer, first, other], Stay(ARRIVAL, None, None), OUT) == [other, first, longer]
