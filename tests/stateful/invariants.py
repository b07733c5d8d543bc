"""The invariants: each compares what the service has stored with the reference model in `model.py`."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from foundation.clock import bangkok_date
from immigration.registries.law import Law
from immigration.rules.policies import Policy
from notifications.catalogue import NOTIFYING_EVENTS
from tests.oracle import READINGS
from tests.stateful.model import ImportedRows, Obligation, Records, obligation, stays
from tests.stateful.snapshot import Row, Snapshot, day, holds

REFUSABLE = ("under-review", "returned", "rejected", "needs-visit")


@dataclass(frozen=True)
class AcknowledgedFiling:
    """A filing that was answered with 201: the passport its author's phone was activated with, key, road, answer."""

    passport: str
    key: str
    road: str
    text: bytes
    filed_at: str

    def is_remembered(self, now: datetime) -> bool:
        """Whether its key is still kept, so that a repetition gets the same answer."""
        return now <= datetime.fromisoformat(self.filed_at) + timedelta(days=400)


@dataclass
class State:
    """The stored rows and the reference model at one moment. Persons are named by the service's ids."""

    snapshot: Snapshot
    imported: ImportedRows
    people: Mapping[str, list[str]]
    """The passports of each simulated person."""
    acknowledged: Mapping[str, AcknowledgedFiling]
    now: datetime
    law: Law
    imports: int
    """How many rows had been imported by then; `imported` itself changes later."""
    _obligations: dict[str, Obligation] = field(default_factory=dict)

    @cached_property
    def today(self) -> date:
        """The civil date in Bangkok."""
        return bangkok_date(self.now)

    @property
    def policy(self) -> Policy:
        """The law as it stands today."""
        return self.law.on(self.today)

    def is_like(self, other: "State") -> bool:
        """Whether nothing changed between this moment and another."""
        mine, others = (self.now, self.law, self.imports), (other.now, other.law, other.imports)
        return mine == others and self.snapshot == other.snapshot

    def records(self, person: str) -> Records:
        """The imported rows that name a passport of the person."""
        return self.imported.naming(self.people[person])

    def obligation(self, person: str) -> Obligation:
        """The obligation of a person by the reference model."""
        if person not in self._obligations:
            ours = self.snapshot.reports_of(person)
            self._obligations[person] = obligation(self.records(person), ours, self.today, self.policy, self.snapshot)
        return self._obligations[person]

    def obligation_to_file(self, person: str) -> Obligation:
        """The obligation that a report filed now answers.

        It is that of the reading in force; before its window opens, that of the first other one whose window is open.
        """
        expected = self.obligation(person)
        if expected.opens_on is None or self.today >= expected.opens_on or refusal_by(self, person, expected) is None:
            return expected
        ours, records = self.snapshot.reports_of(person), self.records(person)
        for reading in sorted(READINGS[1:], key=lambda reading: not reading.arrival_day_counts):
            other = obligation(records, ours, self.today, self.policy, self.snapshot, reading)
            is_open = other.opens_on and other.late_after and other.opens_on <= self.today <= other.late_after
            if is_open and refusal_by(self, person, other) is None:
                return other
        return expected

    def period(self, person: str) -> str:
        """The period of the obligation in force."""
        return self.period_of(person, self.obligation(person))

    def period_of(self, person: str, expected: Obligation) -> str:
        """The period that a report answers for an obligation."""
        return expected.basis or self.period_without_entry(self.snapshot.reports_of(person), self.today)

    def holder(self, person: str, period: str) -> Row | None:
        """The report that keeps a period taken."""
        taken = {r["period"]: r for r in self.snapshot.reports_of(person) if holds(r)}
        return taken.get(period)

    def period_without_entry(self, reports: list[Row], on: date) -> str:
        """The period of a report filed on a day without an entry on record, after these earlier reports."""
        earned = [r for r in reports if holds(r) and r["status"] == "accepted" and r["period"].startswith("no-entry")]
        if not earned:
            return "no-entry"
        due_on, last = day((self.snapshot.receipt_of(earned[-1]) or {})["next_due_on"]), earned[-1]
        window = self.policy.windows.get("online") or self.policy.windows["in-person"]
        is_next = due_on is not None and on >= due_on - timedelta(days=window.opens_before)
        return f"no-entry:{last['number']}" if is_next else str(last["period"])

    def is_denied(self, report: Row) -> bool:
        """Whether the imported rows contradict the stay that a report was filed in."""
        entered_on, filed_on = day(report["entered_on"]), date.fromisoformat(report["filed_on"])
        known = stays(self.records(report["person_id"])["movements"], self.today)
        return entered_on is not None and not any(s.entered_on == entered_on and s.covers(filed_on) for s in known)


def nothing_acknowledged_is_missing(state: State) -> None:
    """Exactly the reports that were answered with 201 are stored, with their time of filing and their keys."""
    stored = {r["number"]: datetime.fromisoformat(r["filed_at"]) for r in state.snapshot.reports}
    assert stored == {number: datetime.fromisoformat(a.filed_at) for number, a in state.acknowledged.items()}
    keys = {row["key"] for row in state.snapshot.idempotency_keys}
    assert keys >= {answered.key for answered in state.acknowledged.values() if answered.is_remembered(state.now)}
    assert keys <= {answered.key for answered in state.acknowledged.values()}


def a_period_has_one_report_that_holds(state: State) -> None:
    """No two reports of a person hold the same period, also after two persons were merged."""
    taken = Counter((r["person_id"], r["period"]) for r in state.snapshot.reports if holds(r))
    assert [period for period, count in taken.items() if count > 1] == []


def a_report_belongs_to_its_author(state: State) -> None:
    """A report is of the person who has the passport that the phone which filed it was activated with.

    The passport that it names is one of theirs.
    """
    holder = {passport["id"]: passport["person_id"] for passport in state.snapshot.passports}
    assert all(holder[report["passport_id"]] == report["person_id"] for report in state.snapshot.reports)
    for person, passports in state.people.items():
        filed = {number for number, filing in state.acknowledged.items() if filing.passport in passports}
        assert {report["number"] for report in state.snapshot.reports_of(person)} == filed


def every_outcome_has_a_reason_or_a_receipt(state: State) -> None:
    """An accepted report has one valid receipt, another none; a report that may be refused has a reason."""
    for report in state.snapshot.reports:
        valid = [c for c in state.snapshot.receipts if c["report_id"] == report["id"] and not c["voided_at"]]
        assert len(valid) == (1 if report["status"] == "accepted" else 0), report
        assert bool(report["reasons"]) or report["status"] not in REFUSABLE, report


def events_give_the_status_of_each_report(state: State) -> None:
    """The events, replayed, give the status of every report and its decisions."""
    for report in state.snapshot.reports:
        status, decided = "", []
        for event in (e for e in state.snapshot.events if e["subject"] == report["number"]):
            status = _after(status, event)
            if event["kind"] in _DECISIONS:
                outcome = event["data"].get("outcome") or _DECISIONS[event["kind"]]
                decided.append((outcome, event["data"].get("next_due_on")))
        assert status == report["status"], report
        kept = [d for d in state.snapshot.decisions if d["report_id"] == report["id"]]
        assert [(d["outcome"], d["next_due_on"]) for d in kept] == decided, report


_DECISIONS = {"report.decided": "", "report.reopened": "reopened", "report.taken-at-office": "rejected"}
"""Events that are decisions, and the outcome of those that do not name it."""


def _after(status: str, event: Row) -> str:
    match event["kind"]:
        case "report.filed":
            return str(event["data"]["status"])
        case "report.decided":
            return str(event["data"]["outcome"])
        case "report.corrected" | "report.reopened" | "report.rechecked":
            return "under-review"
        case "report.withdrawn":
            return "withdrawn"
        case "report.taken-at-office":
            return "rejected"
    return status


def the_kept_obligation_is_what_the_rows_give(state: State) -> None:
    """Due date, window, regime and basis as stored are those of the reference model."""
    for person in state.people:
        kept, expected = state.snapshot.kept(person), state.obligation(person)
        shown = {name: kept[name] for name in ("regime", "entered_on", "permitted_until", "basis")}
        shown |= {name: kept[name] for name in ("due_on", "late_after", "opens_on", "expected")}
        meant = {name: getattr(expected, name) for name in shown}
        assert shown == {name: str(v) if isinstance(v, date) else v for name, v in meant.items()}


def contradicted_reports_are_marked(state: State) -> None:
    """An accepted report is marked while its stay is contradicted; the mark stays if its period was taken again."""
    for report in (r for r in state.snapshot.reports if r["status"] == "accepted" and r["person_id"] in state.people):
        marked, denied = report["contradicted_at"] is not None, state.is_denied(report)
        if marked and not denied:
            assert state.holder(report["person_id"], report["period"]), report
        else:
            assert marked == denied, report


def reports_give_way_to_an_office(state: State) -> None:
    """A waiting report is closed while an office took one on its day, and only while the row that closed it stands.

    Of two days the rules say which period an office took; here only what needs no rule is compared.
    """
    for person in state.people:
        if (marked := day(state.snapshot.kept(person)["changes_on"])) and marked <= state.today:
            continue  # a round is still to follow the records
        rows = {r["receipt_number"]: r for r in state.records(person)["reports"] if r["channel"] != "online"}
        for report in state.snapshot.reports_of(person):
            if report["status"] in ("under-review", "returned") and not report["office_report"]:
                assert not _taken_on_its_day(state, report, list(rows.values())), report
            elif report["status"] == "rejected" and report["office_report"]:
                assert rows or state.holder(person, report["period"]), report


def _taken_on_its_day(state: State, report: Row, rows: list[Row]) -> bool:
    """Whether an office took a report on the day on which one was filed, in its stay, later than the arrival."""
    entered_on = day(report["entered_on"])
    if entered_on is None or state.is_denied(report) or str(entered_on) == report["filed_on"]:
        return False
    if state.obligation(report["person_id"]).regime != "90-day" or report["period"].startswith("no-entry"):
        return False
    moves = state.records(report["person_id"])["movements"]
    arrivals = [move["occurred_on"] for move in moves if move["direction"] == "arrival"]
    if any(str(entered_on) < on <= report["filed_on"] for on in arrivals):  # it is a day of a later stay by now
        return False
    return bool([row for row in rows if row["filed_on"] == report["filed_on"]])


def every_notifying_event_is_notified_once(state: State) -> None:
    """Each notifying event has one message of its kind after it was relayed, and none before."""
    notified = Counter(
        (n["dedupe"], n["kind"]) for n in state.snapshot.notifications if n["dedupe"].startswith("event:")
    )
    expected = {}
    for event in (e for e in state.snapshot.events if e["kind"] in NOTIFYING_EVENTS and e["relayed"]):
        outcome = f".{event['data']['outcome']}" if event["kind"] == "report.decided" else ""
        expected[f"event:{event['id']}", event["kind"] + outcome] = _may_be_unnotified(state, event)
    wrong = [event for event, optional in expected.items() if notified[event] not in ((0, 1) if optional else (1,))]
    assert wrong == []
    assert notified.keys() <= expected.keys(), notified


def _may_be_unnotified(state: State, event: Row) -> bool:
    """Whether the message of an event may be missing.

    A changed date is notified to persons who activated the app before, and were not merged or separated at all.
    Messages are removed after two years.
    """
    if datetime.fromisoformat(event["at"]) < state.now - timedelta(days=2 * 365):
        return True
    used = [e for e in state.snapshot.events if e["kind"] == "resident.activated" and e["id"] < event["id"]]
    linked = [e for e in state.snapshot.events if e["kind"] in ("people.joined", "people.separated")]
    changed = {e["person_id"] for e in linked} | {e["data"].get("absorbed") for e in linked}
    is_known = event["person_id"] in [e["person_id"] for e in used] and event["person_id"] not in changed
    return event["kind"] == "obligation.due-date-changed" and not is_known


INVARIANTS: tuple[Callable[[State], None], ...] = (
    nothing_acknowledged_is_missing,
    a_period_has_one_report_that_holds,
    a_report_belongs_to_its_author,
    every_outcome_has_a_reason_or_a_receipt,
    events_give_the_status_of_each_report,
    reports_give_way_to_an_office,
    contradicted_reports_are_marked,
    the_kept_obligation_is_what_the_rows_give,
    every_notifying_event_is_notified_once,
)


def refusal(state: State, person: str) -> str | None:
    """The problem code that a report filed now gets; None if it is accepted or goes to review."""
    return refusal_by(state, person, state.obligation_to_file(person))


def refusal_by(state: State, person: str, expected: Obligation) -> str | None:
    """The problem code that a report filed now gets for an obligation."""
    if expected.regime in ("yearly", "exempt"):
        return "other-regime"
    if state.holder(person, state.period_of(person, expected)):
        return "already-reported"
    if expected.opens_on is None or state.today >= expected.opens_on:
        return None
    number = (expected.basis or "").partition("report:")[2] if (expected.basis or "").startswith("report:") else ""
    holder = next((r for r in state.snapshot.reports if r["number"] == number and holds(r)), None)
    return "already-reported" if holder else "too-early"


def reminder(state: State, person: str) -> str | None:
    """The reminder (basis and step) that a person may get now; None for no reminder."""
    expected = state.obligation(person)
    step = expected.step(state.today)
    return f"{expected.basis}:{step}" if step and not state.holder(person, state.period(person)) else None


def reminders_are_those_that_are_due(before: State, after: State, sent: set[str]) -> None:
    """Only reminders of the present step were planned or sent, and only for a period without a report.

    `sent` holds the ids of the messages that phones got since `before`.
    """
    earlier = {n["id"] for n in before.snapshot.notifications}
    for person in after.people:
        standing = [n for n in _reminders(after, person) if n["status"] != "stale"]
        fresh = {n["dedupe"] for n in standing if n["id"] in sent or n["id"] not in earlier}
        assert fresh <= {reminder(after, person)}, fresh


def all_due_residents_are_reminded(state: State, all_due: bool) -> None:
    """All residents due have the reminder of this step, and no message waits.

    Without `all_due` only those whose step begins today: one that was withdrawn today and is due again waits for the
    full planning round.
    """
    for person in state.people:
        due, expected = reminder(state, person), state.obligation(person)
        begins = expected.step(state.today) != expected.step(state.today - timedelta(days=1))
        planned = _reminders(state, person)
        if due and all_due:
            assert due in {n["dedupe"] for n in planned if n["status"] != "stale"}, due
        elif due and begins:
            assert due in {n["dedupe"] for n in planned}, due
    waiting = [n for n in state.snapshot.notifications if n["status"] == "pending" and n["person_id"] in state.people]
    assert not all_due or waiting == []


def _reminders(state: State, person: str) -> list[Row]:
    mine = (n for n in state.snapshot.notifications if n["person_id"] == person)
    return [n for n in mine if n["kind"].startswith("reminder.")]


REFUSALS = {"too-early", "already-reported", "other-regime"}


def rechecks_use_the_day_of_filing(before: State, after: State) -> None:
    """After a recheck no report waits for the source; each has the period of the day it was filed on."""
    checked = [r for r in before.snapshot.reports if r["status"] == "under-review"]
    checked = [r for r in checked if "source-unavailable" in r["reasons"]]
    for report in (after.snapshot.report(r["number"]) for r in checked):
        assert "source-unavailable" not in report["reasons"], report
        earlier = [r for r in after.snapshot.reports_of(report["person_id"]) if r["id"] < report["id"]]
        expected = obligation(
            after.records(report["person_id"]),
            earlier,
            date.fromisoformat(report["filed_on"]),
            after.policy,
            after.snapshot,
        )
        if not REFUSALS & {*report["reasons"]}:
            period = expected.basis or after.period_without_entry(earlier, date.fromisoformat(report["filed_on"]))
            assert (report["period"], day(report["entered_on"])) == (period, expected.entered_on), report


def next_due(state: State, person: str, report: Row) -> date | None:
    """The next due date of a report filed online: 90 days from its due date, or from the filing if it was late.

    None if the report was filed for another period than the rows give for its day.
    """
    filed_on = date.fromisoformat(report["filed_on"])
    others = [r for r in state.snapshot.reports_of(person) if r["number"] != report["number"]]
    expected = obligation(state.records(person), others, filed_on, state.policy, state.snapshot)
    without_entry = report["period"] if report["period"].startswith("no-entry") else "no-entry"
    if (expected.basis or without_entry) != report["period"]:
        return None
    due_on, late_after = expected.due_on, expected.late_after
    in_time = due_on is not None and late_after is not None and filed_on <= late_after
    start = due_on if in_time and due_on else filed_on
    return start + timedelta(days=90)


def is_last_that_counts(state: State, person: str, report: Row) -> bool:
    """Whether nothing that moves the due date was recorded after a report, and its stay goes on."""
    filed_on, expected = report["filed_on"], state.obligation(person)
    records = state.records(person)
    later = [r for r in state.snapshot.reports_of(person) if r["status"] == "accepted" and r["id"] > report["id"]]
    later += [r for r in records["reports"] if r["filed_on"] >= filed_on]
    later += [p for p in records["permissions"] if p["granted_on"] > filed_on]
    same_stay = expected.due_on is not None and expected.entered_on == day(report["entered_on"])
    return same_stay and not later


def verdict(state: State, receipt: Row) -> str:
    """The status that a verification of a receipt has to answer."""
    report = next(r for r in state.snapshot.reports if r["id"] == receipt["report_id"])
    voided = {
        e["data"]["receipt"] for e in state.snapshot.events if e["kind"] == "report.reopened" and e["data"]["receipt"]
    }
    if receipt["number"] in voided:
        return "void"
    return "record-corrected" if report["contradicted_at"] else "accepted"
