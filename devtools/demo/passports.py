"""The passports of an invented person: mostly one, sometimes a line of two, and now and then a lost or expired one."""

from random import Random

from devtools.demo.nations import Nation, passport_number
from devtools.demo.records import History, Passport


def give_passports(rng: Random, history: History, nation: Nation, serial: int, today: int, trouble: str) -> None:
    """Fill in `history.passports`, from serial numbers `serial` and `serial + 1`."""
    number, newer = (passport_number(nation.number, serial + step) for step in (0, 1))
    first = history.movements[0].day
    expires_on = today + rng.randrange(60, 3400)
    replaced_on = _replaced_on(rng, history, today, trouble)
    if replaced_on is not None:
        status = "cancelled" if trouble else rng.choice(["cancelled", "cancelled", "cancelled", "expired", "lost"])
        ended = replaced_on - 1 if status == "expired" else replaced_on + rng.randrange(10, 700)
        ended = min(ended, today - 1) if status == "expired" else ended
        history.passports.append(Passport(first, number, ended, status))
        history.passports.append(Passport(replaced_on, newer, replaced_on + rng.randrange(1800, 3650), "valid", number))
    elif trouble == "passport-lost":
        history.passports.append(Passport(first, number, expires_on, rng.choice(["lost", "lost", "stolen"])))
    elif trouble == "passport-expired":
        expired_on = today - rng.randrange(1, 150)
        history.passports.append(Passport(first, number, expired_on, rng.choice(["expired", "valid"])))
    else:
        history.passports.append(Passport(first, number, expires_on))


def _replaced_on(rng: Random, history: History, today: int, trouble: str) -> int | None:
    """The day of the new passport: in ordinary lives before a later report, in trouble after the last one."""
    reports = history.reports
    if trouble == "new-passport":
        return rng.randrange(reports[-1].day + 1, today) if reports and reports[-1].day + 1 < today else None
    if trouble or len(reports) < 2 or rng.random() > 0.12:
        return None
    return rng.randrange(reports[0].day + 1, reports[-1].day)
