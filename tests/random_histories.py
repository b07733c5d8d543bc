"""Random histories of records, for comparing the two implementations of the due date."""

import datetime as dt
import random

from tests.oracle import CLASSES, DAY, History, regime_of


def random_history(rng: random.Random) -> History:
    """A history of some years: trips, also of no day and on one permission, extensions, changes, reports, outages."""
    history, day = History(), dt.date(2015, 1, 1) + DAY * rng.randrange(9000)
    trips, until, visa = rng.randrange(1, 5), day, ""
    for trip in range(trips):
        if not (visa and rng.random() < 0.3):  # else back on the same permission, with a re-entry permit
            until, visa = day + DAY * rng.choice([29, 59, 88, 89, 90, 179, 364, 1000]), _visa_class(rng)
        history.moves.append((day, "in", visa if rng.random() < 0.9 else _visa_class(rng), until))
        until, visa = _stay(rng, history, day, until, visa)
        if trip == trips - 1 and rng.random() < 0.85:
            break
        day += DAY * rng.choice([0, 3, 30, 89, 90, 120, 200, 400])
        if rng.random() < 0.8:
            history.moves.append((day, "out", "", until))
            day += DAY * rng.choice([0, 0, 1, 5, 40])
    last = max(day, *(r[0] for r in history.reports)) if history.reports and rng.random() < 0.5 else day
    history.today = last + DAY * rng.choice([-30, 0, 1, 50, 74, 75, 76, 89, 90, 91, 96, 97, 98, 99, 100, 101, 150])
    for _ in range(rng.choice([0, 0, 0, 1, 2])):
        first = history.today + DAY * rng.randrange(-40, 20)
        history.outages.append((first, first + DAY * rng.randrange(0, 45)))
    rng.shuffle(history.moves)
    rng.shuffle(history.permissions)
    return history


def _stay(rng: random.Random, history: History, day: dt.date, until: dt.date, visa: str) -> tuple[dt.date, str]:
    """Permissions and reports of a stay that begins on a day; the permission it ends on."""
    granted = day
    for _ in range(rng.choice([0, 0, 1, 2, 3])):
        granted += DAY * rng.choice([0, 1, 30, 60, 90, 100])
        until = granted + DAY * rng.choice([30, 365])
        change = rng.random() < 0.3
        named = _visa_class(rng) if change or rng.random() < 0.1 else ""
        history.permissions.append((granted, "change" if change else "extension", named, until))
        visa = named or visa
    reported_on = day
    for _ in range(rng.choice([0, 0, 1, 1, 2, 4])):
        reported_on += DAY * rng.choice([0, 1, 60, 75, 89, 90, 97, 98, 105, 130])
        printed = reported_on + DAY * rng.choice([60, 89, 90, 200]) if rng.random() < 0.4 else None
        history.reports.append((reported_on, rng.choice(["counter", "agent", "online", "post"]), printed))
    return until, visa


def _visa_class(rng: random.Random) -> str:
    classes = sorted(CLASSES)
    return rng.choices(classes, [6 if regime_of(visa_class) == "90-day" else 1 for visa_class in classes])[0]
