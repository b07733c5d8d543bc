"""What a person owes today, as the API names it."""

import datetime as dt

from tests.oracle.history import WEEK, Change, Extension, History, Move, Report
from tests.oracle.replay import READINGS, Position, replay
from tests.oracle.visas import regime, visa_class

DATES = ("due_on", "opens_on", "online_closes_on", "grace_ends_on", "late_after", "can_file_from")


def answer(history: History) -> dict[str, object]:
    """The obligation: regime, state, every date, and the kind of record that the due date stands on."""
    position = replay(history)
    fields: dict[str, object] = {"regime": position.regime if position.inside else None, "state": "none"}
    if not position.inside or position.due is None:
        return fields | dict.fromkeys(DATES) | {"basis": None}
    dates = {
        "due_on": position.due,
        "opens_on": history.opens(position.due),
        "online_closes_on": position.due,
        "grace_ends_on": position.due + WEEK,
        "late_after": position.not_late,
        "can_file_from": can_file_from(history, history.opens(position.due)),
    }
    return fields | {"state": _state(position, history.today)} | dates | {"basis": basis_kind(position)}


def basis_kind(position: Position) -> str | None:
    """What the due date stands on; None where there is none."""
    if isinstance(position.basis, Report):
        return "report" if position.basis.ours else "office-report"
    kinds = {Move: "arrival", Change: "change", Extension: "extension"}
    return kinds[type(position.basis)] if position.basis is not None else None


def can_file_from(history: History, opens: dt.date) -> dt.date:
    """The earliest opening of a window that is not over, of any reading; and no later than the one that is shown."""
    days = [opens]
    for reading in READINGS[1:]:
        other = replay(history, reading)
        if other.due is not None and other.not_late is not None and history.today <= other.not_late:
            days.append(history.opens(other.due))
    return min(days)


def _state(position: Position, today: dt.date) -> str:
    assert position.due is not None
    assert position.not_late is not None
    assert position.until is not None
    if position.until <= position.due:
        return "none"
    if today > position.not_late:
        return "late"
    if today > position.due:
        return "in-grace"
    if today == position.due:
        return "due-today"
    return "open" if (position.due - today).days <= 15 else "not-open"


def features(history: History) -> set[str]:
    """What is to be met often in random histories, of all that this one has."""
    given, position = answer(history), replay(history)
    met = set(position.met) if position.inside else {each for each in position.met if "last day: " not in each}
    if not position.due:
        met = {each for each in met if "last day: " not in each}
    met.add(f"state: {given['regime']}, {given['state']}")
    met.add(f"basis: {given['basis']}")
    if given["can_file_from"] != given["opens_on"]:
        met.add("another reading lets the person file earlier")
    named: list[Move | Change | Extension] = [*history.moves, *history.changes, *history.extensions]
    written = [record.visa for record in named if record.visa]
    if any(visa_class(each) != each and regime(each) != "unclear" for each in written):
        met.add("another spelling of a class")
    if any(extension.visa for extension in history.extensions):
        met.add("an extension that names a class")
    if any(a[0] <= b[1] and b[0] <= a[1] for a in history.waivers for b in history.waivers if a is not b):
        met.add("waivers that overlap")
    return met
