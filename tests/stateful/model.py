"""The reference model: the imported rows, and the obligation that follows from them.

Which rows count is found without code of the service. The due date comes from the rules of the service over these rows,
and is compared with the second implementation in `tests/oracle.py`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import groupby

from immigration.rules import due_dates, facts
from immigration.rules.policies import Policy
from tests import oracle
from tests.stateful.snapshot import Row, Snapshot, day

IDS = {"movements": "movement_id", "permissions": "permission_id", "reports": "receipt_number"}
DATES = {"movements": "occurred_on", "permissions": "granted_on", "reports": "filed_on"}
WEEK = timedelta(days=7)
Records = dict[str, list[dict[str, str]]]


@dataclass
class ImportedRows:
    """The rows as they were last imported, by kind and id."""

    rows: dict[str, dict[str, dict[str, str]]] = field(default_factory=lambda: {kind: {} for kind in IDS})
    imports: int = 0

    def add(self, kind: str, row: dict[str, str]) -> None:
        """Note a row that was imported."""
        self.rows[kind][row[IDS[kind]]] = dict(row)
        self.imports += 1

    def naming(self, documents: Iterable[str]) -> Records:
        """The rows that name one of these passports, by kind."""
        wanted = set(documents)
        return {
            kind: [row for row in rows.values() if row["document_number"] in wanted] for kind, rows in self.rows.items()
        }


@dataclass(frozen=True)
class Stay:
    """A stay: the row of its arrival, and the day of departure."""

    arrival: dict[str, str]
    left_on: date | None

    @property
    def entered_on(self) -> date:
        """The day of the arrival."""
        return date.fromisoformat(self.arrival["occurred_on"])

    def covers(self, on: date) -> bool:
        """Whether the person was in the country on some part of a day."""
        return self.entered_on <= on and (self.left_on is None or on <= self.left_on)


@dataclass(frozen=True)
class Obligation:
    """The expected obligation of a person; `basis` is None where no due date follows."""

    regime: str | None
    entered_on: date | None = None
    permitted_until: date | None = None
    basis: str | None = None
    due_on: date | None = None
    late_after: date | None = None
    opens_on: date | None = None
    expected: bool = False

    def step(self, today: date) -> str | None:
        """The step of the reminder ladder of today, by the ladder as it is documented for residents."""
        if self.due_on is None or self.opens_on is None or self.late_after is None or self.permitted_until is None:
            return None
        if not self.expected or self.permitted_until < today or today > self.late_after + timedelta(days=30):
            return None
        begins = {
            "window-opens": self.opens_on,
            "seven-days": self.due_on - WEEK,
            "one-day": self.due_on - oracle.DAY,
            "due-day": self.due_on,
            "last-day-of-grace": self.due_on + WEEK,
            "after-grace": self.late_after + oracle.DAY,
        }
        return next((name for name, begin in reversed(begins.items()) if begin <= today), None)


def stays(movements: Sequence[dict[str, str]], today: date) -> list[Stay]:
    """Every stay begun by today.

    On one day a departure comes first for a person who is in the country, an arrival for one who is abroad.
    """
    known_stays: list[Stay] = []
    known = sorted((m["occurred_on"], m["movement_id"], m) for m in movements if m["occurred_on"] <= str(today))
    for on, rows in groupby(known, key=lambda each: each[0]):
        remaining = [movement for _, _, movement in rows]
        while remaining:
            inside = bool(known_stays) and known_stays[-1].left_on is None
            move = next((m for m in remaining if (m["direction"] == "departure") == inside), remaining[0])
            remaining.remove(move)
            if inside:
                known_stays[-1] = replace(known_stays[-1], left_on=date.fromisoformat(on))
            if move["direction"] == "arrival":
                known_stays.append(Stay(move, None))
    return known_stays


def obligation(records: Records, ours: Sequence[Row], today: date, policy: Policy, snapshot: Snapshot) -> Obligation:
    """The obligation today of a person with these rows, and with these reports filed through the service."""
    known_stays = stays(records["movements"], today)
    stay = known_stays[-1] if known_stays and known_stays[-1].left_on is None else None
    if stay is None:
        return Obligation(None)
    counting = [r for r in ours if r["status"] == "accepted" and day(r["entered_on"]) in (None, stay.entered_on)]
    entries = _entries(records["reports"], counting, stay, today, snapshot)
    filed = [r["filed_on"] for r in (*records["reports"], *ours) if r.get("status", "accepted") == "accepted"]
    if any(
        date.fromisoformat(on) <= today for on in filed
    ):  # every report of these tests is taken by the office in Bangkok
        policy = policy.in_province("10")
    expected = _by_rules(records, entries, today, policy)
    if expected.due_on:
        granted = [p for p in records["permissions"] if str(stay.entered_on) <= p["granted_on"] <= str(today)]
        expected = replace(expected, basis=_basis(stay, granted, entries, expected.regime))
        if not any(p["kind"] == "change" for p in granted):  # the oracle knows extensions only
            _compare_with_oracle(records, entries, today, policy, expected)
    return expected


@dataclass(frozen=True)
class CountingReport:
    """A report that counts in the stay.

    `ours` marks those filed through the service: they come last on a day, in the order of filing.
    """

    on: date
    number: str
    channel: str
    printed: date | None
    ours: bool


def _entries(
    rows: Iterable[dict[str, str]], counting: Iterable[Row], stay: Stay, today: date, snapshot: Snapshot
) -> list[CountingReport]:
    entries = [
        CountingReport(
            date.fromisoformat(r["filed_on"]), r["receipt_number"], r["channel"], day(r["next_due_on"]), False
        )
        for r in rows
    ]
    for report in counting:
        receipt = snapshot.receipt_of(report)
        printed = day(receipt["next_due_on"]) if receipt else None
        entries.append(
            CountingReport(date.fromisoformat(report["filed_on"]), report["number"], "online", printed, True)
        )
    entries = [entry for entry in entries if stay.entered_on <= entry.on <= today]
    return sorted(entries, key=lambda e: (e.on, e.ours, "" if e.ours else e.number))


def _basis(stay: Stay, granted: list[dict[str, str]], entries: list[CountingReport], regime: str | None) -> str:
    """The last of what moves a due date: the arrival, the first extension since, the reports."""
    moves = [(stay.entered_on, -1, 0, f"arrival:{stay.arrival['movement_id']}")]
    extensions = sorted(granted, key=lambda p: (p["granted_on"], p["permitted_until"], p["permission_id"]))
    for row in [p for p in extensions if p["kind"] == "extension" and regime == "90-day"][:1]:
        moves.append((date.fromisoformat(row["granted_on"]), 0, 0, f"extension:{row['permission_id']}"))
    for n, entry in enumerate(entries):
        name = "report" if entry.ours else "office-report"
        moves.append((entry.on, 1, n, f"{name}:{entry.number}"))
    return max(moves)[-1]


def _by_rules(records: Records, entries: Sequence[CountingReport], today: date, policy: Policy) -> Obligation:
    """The obligation by the rules of the service, over these rows and the reports that count."""
    reports = (facts.Report(e.number, e.on, e.channel, e.printed, 1, "BKK", e.ours) for e in entries)
    known = facts.Facts(
        movements=tuple(map(_movement, records["movements"])),
        permissions=tuple(map(_permission, records["permissions"])),
        reports=tuple(reports),
    )
    owed = due_dates.obligation(known, today, policy)
    expected = Obligation(owed.regime, owed.entered_on, owed.permitted_until)
    if owed.window is None:
        return expected
    return replace(
        expected,
        due_on=owed.window.due_on,
        late_after=owed.window.late_after,
        opens_on=owed.window.opens_on,
        expected=owed.expected,
    )


def _movement(row: dict[str, str]) -> facts.Movement:
    on, until = date.fromisoformat(row["occurred_on"]), day(row["permitted_until"])
    return facts.Movement(row["movement_id"], row["direction"], on, row["visa_class"] or None, until)


def _permission(row: dict[str, str]) -> facts.Permission:
    on, until = date.fromisoformat(row["granted_on"]), date.fromisoformat(row["permitted_until"])
    return facts.Permission(row["permission_id"], row["kind"], on, until, row["visa_class"] or None)


def _compare_with_oracle(
    records: Records, entries: Sequence[CountingReport], today: date, policy: Policy, expected: Obligation
) -> None:
    """The second implementation gives the same dates. It knows no waivers: they may only make the last day later."""
    waived = any(waiver.last >= oracle.History.today for waiver in policy.waivers)
    if waived and any(e.printed is None and e.channel == "online" for e in entries):
        return  # whether such a report was late, and so what it moves, depends on the waivers
    history = replace(
        _oracle_history(records, entries, today), in_bangkok=policy.holidays == policy.province_holidays["10"]
    )
    position = oracle.replay(history)
    assert (position.arrived, position.due, position.until) == (
        expected.entered_on,
        expected.due_on,
        expected.permitted_until,
    ), history
    assert position.not_late is not None
    assert expected.late_after is not None
    in_order = expected.late_after >= position.not_late if waived else expected.late_after == position.not_late
    assert in_order, history


def _oracle_history(records: Records, entries: Sequence[CountingReport], today: date) -> oracle.History:
    moves = sorted(map(_movement, records["movements"]), key=lambda move: move.id)
    return oracle.History(
        [
            (m.on, "in" if m.direction == "arrival" else "out", m.visa_class or "", m.permitted_until or m.on)
            for m in moves
        ],
        [(p.on, p.permitted_until) for p in map(_permission, records["permissions"]) if p.kind == "extension"],
        [(e.on, e.channel, e.printed) for e in entries],
        today,
    )
