"""What a life put on record, row by row, and what it makes a person owe, by means that share no code with the service.

The due date comes from the second implementation, `tests/oracle.py`, and once more from the rules over the same rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import groupby

from immigration.rules import due_dates, facts
from immigration.rules.policies import Policy
from tests import oracle
from tests.stateful.picture import Picture, Row, day

IDS = {"movements": "movement_id", "permissions": "permission_id", "reports": "receipt_number"}
DATES = {"movements": "occurred_on", "permissions": "granted_on", "reports": "filed_on"}
WEEK = timedelta(days=7)
Records = dict[str, list[dict[str, str]]]


@dataclass
class Ledger:
    """The rows on record as they were last imported, by kind and id, and whose passport each one names."""

    rows: dict[str, dict[str, dict[str, str]]] = field(default_factory=lambda: {kind: {} for kind in IDS})
    imports: int = 0

    def put(self, kind: str, row: dict[str, str]) -> None:
        """A row that was imported."""
        self.rows[kind][row[IDS[kind]]] = dict(row)
        self.imports += 1

    def of(self, documents: Iterable[str]) -> Records:
        """The rows that name one of these passports."""
        wanted = set(documents)
        return {
            kind: [row for row in rows.values() if row["document_number"] in wanted] for kind, rows in self.rows.items()
        }


@dataclass(frozen=True)
class Stay:
    """An arrival's row, with the day of leaving."""

    arrival: dict[str, str]
    left_on: date | None

    @property
    def entered_on(self) -> date:
        """The day of the arrival."""
        return date.fromisoformat(self.arrival["occurred_on"])

    def covers(self, on: date) -> bool:
        """Whether the person was here on some part of a day."""
        return self.entered_on <= on and (self.left_on is None or on <= self.left_on)


@dataclass(frozen=True)
class Owed:
    """What a person owes. `basis` is what the date stands on, None where nothing does."""

    regime: str | None
    entered_on: date | None = None
    permitted_until: date | None = None
    basis: str | None = None
    due_on: date | None = None
    late_after: date | None = None
    opens_on: date | None = None
    expected: bool = False

    def step(self, today: date) -> str | None:
        """The step of the reminder ladder that stands today, from the ladder as people are told it."""
        if self.due_on is None or self.opens_on is None or self.late_after is None or self.permitted_until is None:
            return None
        if not self.expected or self.permitted_until < today or today > self.late_after + timedelta(days=30):
            return None
        begins = {
            "window-opens": self.opens_on,
            "seven-days": self.due_on - WEEK,
            "one-day": self.due_on - oracle.ONE,
            "due-day": self.due_on,
            "last-day-of-grace": self.due_on + WEEK,
            "after-grace": self.late_after + oracle.ONE,
        }
        return next((name for name, begin in reversed(begins.items()) if begin <= today), None)


def stays(movements: Sequence[dict[str, str]], today: date) -> list[Stay]:
    """Every stay begun by today. On one day, out comes before in for who is inside, after it for who is abroad."""
    found: list[Stay] = []
    known = sorted((m["occurred_on"], m["movement_id"], m) for m in movements if m["occurred_on"] <= str(today))
    for on, rows in groupby(known, key=lambda each: each[0]):
        left = [movement for _, _, movement in rows]
        while left:
            inside = bool(found) and found[-1].left_on is None
            move = next((m for m in left if (m["direction"] == "departure") == inside), left[0])
            left.remove(move)
            if inside:
                found[-1] = replace(found[-1], left_on=date.fromisoformat(on))
            if move["direction"] == "arrival":
                found.append(Stay(move, None))
    return found


def owed(records: Records, ours: Sequence[Row], today: date, policy: Policy, picture: Picture) -> Owed:
    """What a person with these rows, and with these reports of ours, owes today."""
    here = stays(records["movements"], today)
    stay = here[-1] if here and here[-1].left_on is None else None
    if stay is None:
        return Owed(None)
    counting = [r for r in ours if r["status"] == "accepted" and day(r["entered_on"]) in (None, stay.entered_on)]
    entries = _entries(records["reports"], counting, stay, today, picture)
    found = _by_rules(records, entries, today, policy)
    if found.due_on:
        granted = [p for p in records["permissions"] if str(stay.entered_on) <= p["granted_on"] <= str(today)]
        found = replace(found, basis=_basis(stay, granted, entries, found.regime))
        if not any(p["kind"] == "change" for p in granted):  # the oracle knows extensions only
            _ask_the_oracle(records, entries, today, policy, found)
    return found


@dataclass(frozen=True)
class Template:
    """A report that counts in the stay. Of one day, ours come last, in the order of filing."""

    on: date
    number: str
    channel: str
    printed: date | None
    ours: bool


def _entries(
    rows: Iterable[dict[str, str]], counting: Iterable[Row], stay: Stay, today: date, picture: Picture
) -> list[Template]:
    found = [
        Template(date.fromisoformat(r["filed_on"]), r["receipt_number"], r["channel"], day(r["next_due_on"]), False)
        for r in rows
    ]
    for report in counting:
        receipt = picture.receipt_of(report)
        printed = day(receipt["next_due_on"]) if receipt else None
        found.append(Template(date.fromisoformat(report["filed_on"]), report["number"], "online", printed, True))
    found = [entry for entry in found if stay.entered_on <= entry.on <= today]
    return sorted(found, key=lambda e: (e.on, e.ours, "" if e.ours else e.number))


def _basis(stay: Stay, granted: list[dict[str, str]], entries: list[Template], regime: str | None) -> str:
    """The last of what moves a due date: the arrival, the first extension since, the reports."""
    found = [(stay.entered_on, -1, 0, f"arrival:{stay.arrival['movement_id']}")]
    extensions = sorted(granted, key=lambda p: (p["granted_on"], p["permitted_until"], p["permission_id"]))
    for row in [p for p in extensions if p["kind"] == "extension" and regime == "90-day"][:1]:
        found.append((date.fromisoformat(row["granted_on"]), 0, 0, f"extension:{row['permission_id']}"))
    for n, entry in enumerate(entries):
        name = "report" if entry.ours else "office-report"
        found.append((entry.on, 1, n, f"{name}:{entry.number}"))
    return max(found)[-1]


def _by_rules(records: Records, entries: Sequence[Template], today: date, policy: Policy) -> Owed:
    """By the rules of the service, over these rows and the reports that were found to count."""
    reports = (facts.Report(e.number, e.on, e.channel, e.printed, 1, "BKK", e.ours) for e in entries)
    known = facts.Facts(
        movements=tuple(map(_movement, records["movements"])),
        permissions=tuple(map(_permission, records["permissions"])),
        reports=tuple(reports),
    )
    said = due_dates.obligation(known, today, policy)
    found = Owed(said.regime, said.entered_on, said.permitted_until)
    if said.window is None:
        return found
    return replace(
        found,
        due_on=said.window.due_on,
        late_after=said.window.late_after,
        opens_on=said.window.opens_on,
        expected=said.expected,
    )


def _movement(row: dict[str, str]) -> facts.Movement:
    on, until = date.fromisoformat(row["occurred_on"]), day(row["permitted_until"])
    return facts.Movement(row["movement_id"], row["direction"], on, row["visa_class"] or None, until)


def _permission(row: dict[str, str]) -> facts.Permission:
    on, until = date.fromisoformat(row["granted_on"]), date.fromisoformat(row["permitted_until"])
    return facts.Permission(row["permission_id"], row["kind"], on, until, row["visa_class"] or None)


def _ask_the_oracle(records: Records, entries: Sequence[Template], today: date, policy: Policy, found: Owed) -> None:
    """The second implementation says the same. It knows no waivers: they may only make the last day later."""
    waived = any(waiver.last >= oracle.Life.today for waiver in policy.waivers)
    if waived and any(e.printed is None and e.channel == "online" for e in entries):
        return  # whether such a report was late, and so what it moves, hangs on the waivers
    life = _for_the_oracle(records, entries, today)
    book = oracle.diary(life)
    assert (book.arrived, book.due, book.until) == (found.entered_on, found.due_on, found.permitted_until), life
    assert book.not_late is not None
    assert found.late_after is not None
    assert found.late_after >= book.not_late if waived else found.late_after == book.not_late, life


def _for_the_oracle(records: Records, entries: Sequence[Template], today: date) -> oracle.Life:
    moves = sorted(map(_movement, records["movements"]), key=lambda move: move.id)
    return oracle.Life(
        [
            (m.on, "in" if m.direction == "arrival" else "out", m.visa_class or "", m.permitted_until or m.on)
            for m in moves
        ],
        [(p.on, p.permitted_until) for p in map(_permission, records["permissions"]) if p.kind == "extension"],
        [(e.on, e.channel, e.printed) for e in entries],
        today,
    )
