"""The reference model: the imported rows, and the obligation that follows from them.

No code of the service is used: which rows count is found here, and the due date that follows from them by the second
implementation in `tests/oracle/`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import groupby

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
            "late-second-week": self.late_after + oracle.DAY + WEEK,
            "late-third-week": self.late_after + oracle.DAY + 2 * WEEK,
            "late-fourth-week": self.late_after + oracle.DAY + 3 * WEEK,
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


def obligation(
    records: Records,
    ours: Sequence[Row],
    today: date,
    policy: Policy,
    snapshot: Snapshot,
    reading: oracle.Reading = oracle.READINGS[0],
) -> Obligation:
    """The obligation today of a person with these rows, and with these reports filed through the service."""
    known_stays = stays(records["movements"], today)
    stay = known_stays[-1] if known_stays and known_stays[-1].left_on is None else None
    if stay is None:
        return Obligation(None)
    counting = [r for r in ours if r["status"] == "accepted" and day(r["entered_on"]) in (None, stay.entered_on)]
    entries = _entries(records["reports"], counting, stay, today, snapshot)
    filed = [r["filed_on"] for r in (*records["reports"], *ours) if r.get("status", "accepted") == "accepted"]
    in_bangkok = any(date.fromisoformat(on) <= today for on in filed)  # every report here is taken by that office
    return _expected(records, entries, today, policy, in_bangkok, reading)


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


def _expected(
    records: Records,
    entries: Sequence[CountingReport],
    today: date,
    policy: Policy,
    in_bangkok: bool,
    reading: oracle.Reading,
) -> Obligation:
    """What the second implementation says of these rows."""
    permissions = {kind: [p for p in records["permissions"] if p["kind"] == kind] for kind in ("extension", "change")}
    history = oracle.History(
        [_move(row) for row in sorted(records["movements"], key=lambda row: row["movement_id"])],
        [oracle.Extension(*_permission(row)) for row in permissions["extension"]],
        [oracle.Change(*_permission(row)) for row in sorted(permissions["change"], key=lambda p: p["permission_id"])],
        [oracle.Report(e.on, e.channel, e.printed, f"{n:06}", ours=e.ours) for n, e in enumerate(entries)],
        [(waiver.first, waiver.last) for waiver in policy.waivers],
        "10" if in_bangkok else "",
        today,
        (policy.windows.get("online") or policy.windows["in-person"]).opens_before,
    )
    position = oracle.replay(history, reading)
    expected = Obligation(position.regime, position.arrived, position.until)
    if position.due is None or position.until is None or position.basis is None:
        return expected
    basis = position.basis
    number = entries[int(basis.number)].number if isinstance(basis, oracle.Report) else basis.number
    return replace(
        expected,
        basis=f"{oracle.basis_kind(position)}:{number}",
        due_on=position.due,
        late_after=position.not_late,
        opens_on=history.opens(position.due),
        expected=position.until > position.due,
    )


def _move(row: dict[str, str]) -> oracle.Move:
    on, way = date.fromisoformat(row["occurred_on"]), "in" if row["direction"] == "arrival" else "out"
    return oracle.Move(on, way, row["visa_class"], day(row["permitted_until"]) or on, row["movement_id"])


def _permission(row: dict[str, str]) -> tuple[date, date, str, str]:
    on, until = date.fromisoformat(row["granted_on"]), date.fromisoformat(row["permitted_until"])
    return on, until, row["visa_class"], row["permission_id"]
