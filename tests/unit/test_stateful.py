"""Random lives through the pure rules and through a second implementation: the same answers."""

import random
from dataclasses import replace
from datetime import date

from immigration.registries.law import law
from immigration.rules.due_dates import obligation
from immigration.rules.facts import Facts, Movement, Passport, Permission, Report
from tests.oracle import Life, answer, random_life

LIVES = 20_000
PASSPORT = Passport(1, "valid", date(2050, 1, 1), date(1990, 1, 1), False, True)


def by_the_rules(life: Life) -> dict[str, object]:
    """What the rules under test say of a life. The waivers of the past are left out: the other side knows none."""
    movements = (
        Movement(f"M{n:03}", "arrival" if way == "in" else "departure", day, visa or None, until)
        for n, (day, way, visa, until) in enumerate(life.moves)
    )
    permissions = (Permission(f"P{n:03}", "extension", day, until) for n, (day, until) in enumerate(life.extensions))
    reports = (Report(f"R{n:03}", day, how, printed, 1, "BKK") for n, (day, how, printed) in enumerate(life.reports))
    facts = Facts((PASSPORT,), tuple(movements), tuple(permissions), tuple(reports))
    policy = replace(law().on(Life.today), waivers=())
    owed = obligation(facts, life.today, policy)
    window = owed.window
    return {
        "regime": owed.regime,
        "state": owed.state(life.today),
        "due_on": window and window.due_on,
        "late_after": window and window.late_after,
    }


def test_two_implementations_agree_on_random_lives() -> None:
    rng = random.Random(47)
    differing = [life for life in (random_life(rng) for _ in range(LIVES)) if by_the_rules(life) != answer(life)]
    assert differing == []
