"""The rules and the second implementation give the same obligations for random histories."""

import random
from dataclasses import replace
from datetime import date

from immigration.registries.law import law
from immigration.rules.due_dates import obligation
from immigration.rules.facts import Facts, Movement, Passport, Permission, Report
from immigration.rules.policies import Waiver
from immigration.rules.readings import can_file_from
from tests.oracle import History, answer
from tests.random_histories import random_history

HISTORIES = 20_000
PASSPORT = Passport(1, "valid", date(2050, 1, 1), date(1990, 1, 1), False, True)
KINDS = {"office-report": "report"}


def by_the_rules(history: History) -> dict[str, object]:
    """The obligation by the rules under test."""
    movements = (
        Movement(f"M{n:03}", "arrival" if way == "in" else "departure", day, visa or None, until)
        for n, (day, way, visa, until) in enumerate(history.moves)
    )
    permissions = (
        Permission(f"P{n:03}", kind, day, until, visa or None)
        for n, (day, kind, visa, until) in enumerate(history.permissions)
    )
    reports = (Report(f"R{n}", day, how, printed, 1, "BKK") for n, (day, how, printed) in enumerate(history.reports))
    facts = Facts((PASSPORT,), tuple(movements), tuple(permissions), tuple(reports))
    outages = tuple(Waiver("outage", "down", first, last, "a notice") for first, last in history.outages)
    policy = replace(law().on(History.today), waivers=outages)
    owed = obligation(facts, history.today, policy)
    kind, window = (owed.basis or "").partition(":")[0], owed.window
    return {
        "regime": owed.regime,
        "state": owed.state(history.today),
        "basis": KINDS.get(kind, kind),
        "due_on": window and window.due_on,
        "late_after": window and window.late_after,
        "opens_on": window and window.opens_on,
        "can_file_from": can_file_from(owed, facts, (), history.today, policy),
    }


def test_two_implementations_agree_on_random_histories() -> None:
    rng = random.Random(47)
    for _ in range(HISTORIES):
        history = random_history(rng)
        assert by_the_rules(history) == answer(history), history
