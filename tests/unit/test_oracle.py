"""The rules and the second implementation give the same obligations, for random histories and for the worked cases."""

import random
from dataclasses import replace
from datetime import date

import pytest

from immigration.registries.law import law
from immigration.rules.birth_dates import BirthDate
from immigration.rules.due_dates import obligation
from immigration.rules.facts import Facts, Movement, Passport, Permission, Report, Residence
from immigration.rules.policies import Waiver
from immigration.rules.readings import can_file_from
from tests.oracle import History, answer, random_history, without_each
from tests.oracle.cases import worked_cases

HISTORIES = 20_000
PASSPORT = Passport(1, "valid", date(2060, 1, 1), BirthDate(1990, 1, 1), False, True)
CASES = worked_cases()


def facts(history: History) -> Facts:
    """The records of a history, as the rules take them."""
    movements = (
        Movement(f"M{n:03}", "arrival" if move.way == "in" else "departure", move.day, move.visa or None, move.until)
        for n, move in enumerate(history.moves)
    )
    permissions = [
        Permission(f"P{n:03}", "extension", each.day, each.until, each.visa or None)
        for n, each in enumerate(history.extensions)
    ]
    permissions += [
        Permission(f"Q{n:03}", "change", each.day, each.until, each.visa or None)
        for n, each in enumerate(history.changes)
    ]
    reports = (
        Report(each.number, each.day, each.how, each.printed, 1, each.office, each.ours, each.entered)
        for each in history.reports
    )
    residences = [Residence(f"{history.residence}0101", "", date(2000, 1, 1), None)] if history.residence else []
    return Facts((PASSPORT,), tuple(movements), tuple(permissions), tuple(reports), tuple(residences))


def by_the_rules(history: History) -> dict[str, object]:
    """The obligation by the rules under test, with the history's waivers only."""
    waivers = tuple(Waiver("outage", "test", first, last, "test") for first, last in history.waivers)
    policy, known = replace(law().on(History.today), waivers=waivers), facts(history)
    owed = obligation(known, history.today, policy)
    window = owed.window
    return {
        "regime": owed.regime,
        "state": owed.state(history.today),
        "due_on": window and window.due_on,
        "opens_on": window and window.opens_on,
        "online_closes_on": window and window.online_closes_on,
        "grace_ends_on": window and window.grace_ends_on,
        "late_after": window and window.late_after,
        "can_file_from": can_file_from(owed, known, (), history.today, policy),
        "basis": owed.basis and owed.basis.split(":")[0],
    }


def differing(history: History) -> list[str]:
    """In what the two implementations differ."""
    answered, expected = by_the_rules(history), answer(history)
    return [name for name in answered if answered[name] != expected[name]]


def smallest(history: History) -> History:
    """A history that differs in the same, and no longer does without any one of its records."""
    fields = differing(history)
    while smaller := next((each for each in without_each(history) if differing(each) == fields), None):
        history = smaller
    return history


def difference(history: History) -> str:
    """The history in full, and what each implementation says that the other does not."""
    answered, expected = by_the_rules(history), answer(history)
    fields = [f"{name}: rules {answered[name]}, oracle {expected[name]}" for name in differing(history)]
    return "\n".join([f"{name} = {value}" for name, value in vars(history).items()] + fields)


def test_two_implementations_agree_on_random_histories() -> None:
    rng = random.Random(47)
    first = next((history for history in (random_history(rng) for _ in range(HISTORIES)) if differing(history)), None)
    assert first is None, f"{difference(smallest(first))}\n\nfound in\n{difference(first)}"


@pytest.mark.parametrize("name", CASES)
def test_the_second_implementation_alone_solves_the_worked_cases(name: str) -> None:
    history, expected = CASES[name]
    fields = {field: value and str(value) for field, value in answer(history).items()}
    assert {field: fields[field] for field in expected} == expected
