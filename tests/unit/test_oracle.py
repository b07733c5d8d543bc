"""The rules and the second implementation give the same obligations for random histories."""

import random
from dataclasses import replace
from datetime import date

from immigration.registries.law import law
from immigration.rules.birth_dates import BirthDate
from immigration.rules.due_dates import obligation
from immigration.rules.facts import Facts, Movement, Passport, Permission, Report
from tests.oracle import History, answer, random_history

HISTORIES = 20_000
PASSPORT = Passport(1, "valid", date(2050, 1, 1), BirthDate(1990, 1, 1), False, True)


def by_the_rules(history: History) -> dict[str, object]:
    """The obligation by the rules under test, without waivers: the second implementation knows none."""
    movements = (
        Movement(f"M{n:03}", "arrival" if way == "in" else "departure", day, visa or None, until)
        for n, (day, way, visa, until) in enumerate(history.moves)
    )
    permissions = (Permission(f"P{n:03}", "extension", day, until) for n, (day, until) in enumerate(history.extensions))
    reports = (Report(f"R{n:03}", day, how, printed, 1, "BKK") for n, (day, how, printed) in enumerate(history.reports))
    facts = Facts((PASSPORT,), tuple(movements), tuple(permissions), tuple(reports))
    policy = replace(law().on(History.today), waivers=())
    owed = obligation(facts, history.today, policy)
    window = owed.window
    return {
        "regime": owed.regime,
        "state": owed.state(history.today),
        "due_on": window and window.due_on,
        "late_after": window and window.late_after,
    }


def test_two_implementations_agree_on_random_histories() -> None:
    rng = random.Random(47)
    histories = (random_history(rng) for _ in range(HISTORIES))
    assert [history for history in histories if by_the_rules(history) != answer(history)] == []
