"""What the service promises, each as a question to what it has stored and to what the life itself put on record."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from foundation.clock import bangkok_date
from immigration.registries.law import Law
from immigration.rules.policies import Policy
from notifications.catalogue import NOTIFYING_EVENTS
from tests.stateful.ledger import Ledger, Owed, Records, owed, stays
from tests.stateful.picture import Picture, Row, day, holds

REFUSABLE = ("under-review", "returned", "rejected", "needs-visit")


@dataclass(frozen=True)
class Answered:
    """A filing that was acknowledged: who sent it, under which key, what, and the answer byte for byte."""

    person: str
    key: str
    road: str
    text: bytes
    filed_at: str

    def is_remembered(self, now: datetime) -> bool:
        """Whether it is answered in the same way if it comes again."""
        return now <= datetime.fromisoformat(self.filed_at) + timedelta(days=400)


@dataclass
class Seen:
    """One moment: what is stored, and what the life knows. People are named by the service's own ids."""

    picture: Picture
    ledger: Ledger
    people: Mapping[str, list[str]]
    """Of each person the life knows, the passports."""
    acknowledged: Mapping[str, Answered]
    now: datetime
    law: Law
    imports: int
    """How many rows had been imported by then: `ledger` goes on."""
    _owed: dict[str, Owed] = field(default_factory=dict)

    @cached_property
    def today(self) -> date:
        """The civil date in Bangkok."""
        return bangkok_date(self.now)

    @property
    def policy(self) -> Policy:
        """The law as it stands today."""
        return self.law.on(self.today)

    def is_like(self, other: "Seen") -> bool:
        """Whether nothing happened between this moment and another."""
        mine, others = (self.now, self.law, self.imports), (other.now, other.law, other.imports)
        return mine == others and self.picture == other.picture

    def records(self, person: str) -> Records:
        """The rows about a person."""
        return self.ledger.of(self.people[person])

    def owed(self, person: str) -> Owed:
        """What a person owes."""
        if person not in self._owed:
            ours = self.picture.reports_of(person)
            self._owed[person] = owed(self.records(person), ours, self.today, self.policy, self.picture)
        return self._owed[person]

    def period(self, person: str) -> str:
        """The period that a report filed now answers."""
        return self.owed(person).basis or self.without_entry(self.picture.reports_of(person), self.today)

    def holder(self, person: str, period: str) -> Row | None:
        """The report that keeps a period taken."""
        taken = {r["period"]: r for r in self.picture.reports_of(person) if holds(r)}
        return taken.get(period)

    def without_entry(self, reports: list[Row], on: date) -> str:
        """The period of a day without an entry on record, after these reports: the first, or a next one by its day."""
        earned = [r for r in reports if holds(r) and r["status"] == "accepted" and r["period"].startswith("no-entry")]
        if not earned:
            return "no-entry"
        due_on, last = day((self.picture.receipt_of(earned[-1]) or {})["next_due_on"]), earned[-1]
        window = self.policy.windows.get("online") or self.policy.windows["in-person"]
        is_next = due_on is not None and on >= due_on - timedelta(days=window.opens_before)
        return f"no-entry:{last['number']}" if is_next else str(last["period"])

    def is_denied(self, report: Row) -> bool:
        """Whether the rows say that the stay a report was made in was another one, or none."""
        entered_on, filed_on = day(report["entered_on"]), date.fromisoformat(report["filed_on"])
        known = stays(self.records(report["person_id"])["movements"], self.today)
        return entered_on is not None and not any(s.entered_on == entered_on and s.covers(filed_on) for s in known)


def nothing_acknowledged_is_missing(seen: Seen) -> None:
    """Every report that was answered with 201 is stored, as of when it came in, with its key; and no other is."""
    stored = {r["number"]: datetime.fromisoformat(r["filed_at"]) for r in seen.picture.reports}
    assert stored == {number: datetime.fromisoformat(a.filed_at) for number, a in seen.acknowledged.items()}
    keys = {row["key"] for row in seen.picture.idempotency_keys}
    assert keys >= {answered.key for answered in seen.acknowledged.values() if answered.is_remembered(seen.now)}
    assert keys <= {answered.key for answered in seen.acknowledged.values()}


def a_period_has_one_report_that_holds(seen: Seen) -> None:
    """No period of a person is taken twice, not even where two turned out to be one."""
    taken = Counter((r["person_id"], r["period"]) for r in seen.picture.reports if holds(r))
    assert [period for period, count in taken.items() if count > 1] == []


def every_outcome_has_a_reason_or_a_receipt(seen: Seen) -> None:
    """One receipt that is not void for each accepted report, none for others; a reason for whatever is not accepted."""
    for report in seen.picture.reports:
        valid = [c for c in seen.picture.receipts if c["report_id"] == report["id"] and not c["voided_at"]]
        assert len(valid) == (1 if report["status"] == "accepted" else 0), report
        assert bool(report["reasons"]) or report["status"] not in REFUSABLE, report


def a_report_stands_where_its_history_leads(seen: Seen) -> None:
    """The events, replayed, give the state of every report and every decision about it."""
    for report in seen.picture.reports:
        status, decided = "", []
        for event in (e for e in seen.picture.events if e["subject"] == report["number"]):
            status = _after(status, event)
            if event["kind"] in ("report.decided", "report.reopened"):
                decided.append((event["data"].get("outcome", "reopened"), event["data"].get("next_due_on")))
        assert status == report["status"], report
        kept = [d for d in seen.picture.decisions if d["report_id"] == report["id"]]
        assert [(d["outcome"], d["next_due_on"]) for d in kept] == decided, report


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
    return status


def the_kept_obligation_is_what_the_rows_give(seen: Seen) -> None:
    """Due date, window, regime and basis as kept are those that follow from the rows that the life itself loaded."""
    for person in seen.people:
        kept, found = seen.picture.kept(person), seen.owed(person)
        shown = {name: kept[name] for name in ("regime", "entered_on", "permitted_until", "basis")}
        shown |= {name: kept[name] for name in ("due_on", "late_after", "opens_on", "expected")}
        meant = {name: getattr(found, name) for name in shown}
        assert shown == {name: str(v) if isinstance(v, date) else v for name, v in meant.items()}


def a_report_is_marked_where_the_rows_deny_its_stay(seen: Seen) -> None:
    """Accepted reports whose stay is denied are marked; a mark goes with its cause unless the period is taken again."""
    for report in (r for r in seen.picture.reports if r["status"] == "accepted" and r["person_id"] in seen.people):
        marked, denied = report["contradicted_at"] is not None, seen.is_denied(report)
        if marked and not denied:
            assert seen.holder(report["person_id"], report["period"]), report
        else:
            assert marked == denied, report


def every_event_is_told_once(seen: Seen) -> None:
    """Of each event that is news: one message, of its kind, once it was relayed; and none before."""
    told = Counter((n["dedupe"], n["kind"]) for n in seen.picture.notifications if n["dedupe"].startswith("event:"))
    news = {}
    for event in (e for e in seen.picture.events if e["kind"] in NOTIFYING_EVENTS and e["relayed_at"]):
        outcome = f".{event['data']['outcome']}" if event["kind"] == "report.decided" else ""
        news[f"event:{event['id']}", event["kind"] + outcome] = _is_told_to_few(seen, event)
    assert [event for event, few in news.items() if told[event] != 1 and not (few and told[event] == 0)] == []
    assert told.keys() <= news.keys(), told


def _is_told_to_few(seen: Seen, event: Row) -> bool:
    """A changed date is news to who has used the service; not to who has not, or turned out to be another since."""
    used = [e for e in seen.picture.events if e["kind"] == "resident.activated" and e["id"] < event["id"]]
    gone = [e["data"]["absorbed"] for e in seen.picture.events if e["kind"] == "people.joined"]
    is_known = event["person_id"] in [e["person_id"] for e in used] and event["person_id"] not in gone
    return event["kind"] == "obligation.due-date-changed" and not is_known


PROMISES: tuple[Callable[[Seen], None], ...] = (
    nothing_acknowledged_is_missing,
    a_period_has_one_report_that_holds,
    every_outcome_has_a_reason_or_a_receipt,
    a_report_stands_where_its_history_leads,
    a_report_is_marked_where_the_rows_deny_its_stay,
    the_kept_obligation_is_what_the_rows_give,
    every_event_is_told_once,
)


def refusal(seen: Seen, person: str) -> str | None:
    """Why a report filed now is refused; None where it is taken."""
    found = seen.owed(person)
    if found.regime not in (None, "90-day"):
        return "other-regime"
    if seen.holder(person, seen.period(person)):
        return "already-reported"
    if found.opens_on is None or seen.today >= found.opens_on:
        return None
    number = (found.basis or "").partition("report:")[2] if (found.basis or "").startswith("report:") else ""
    stands = next((r for r in seen.picture.reports if r["number"] == number and holds(r)), None)
    return "already-reported" if stands else "too-early"


def reminder(seen: Seen, person: str) -> str | None:
    """Which reminder (basis and step) a person may have waiting now; None for nobody to be reminded."""
    found = seen.owed(person)
    step = found.step(seen.today)
    return f"{found.basis}:{step}" if step and not seen.holder(person, seen.period(person)) else None


def reminders_are_those_that_are_due(before: Seen, after: Seen, sent: set[str]) -> None:
    """Nobody was sent or planned a reminder but of the step that stands, in a period without a report.

    `sent` holds the ids of the messages that phones got since `before`.
    """
    earlier = {n["id"] for n in before.picture.notifications}
    for person in after.people:
        standing = [n for n in _reminders(after, person) if n["status"] != "stale"]
        fresh = {n["dedupe"] for n in standing if n["id"] in sent or n["id"] not in earlier}
        assert fresh <= {reminder(after, person)}, fresh


def everybody_due_is_reminded(seen: Seen, all_due: bool) -> None:
    """Who is due has the reminder of this step, and no message waits; or at least those whose step begins today.

    One that was taken back today and is due again waits for the round that looks at everybody.
    """
    for person in seen.people:
        due, found = reminder(seen, person), seen.owed(person)
        begins = found.step(seen.today) != found.step(seen.today - timedelta(days=1))
        planned = _reminders(seen, person)
        if due and all_due:
            assert due in {n["dedupe"] for n in planned if n["status"] != "stale"}, due
        elif due and begins:
            assert due in {n["dedupe"] for n in planned}, due
    waiting = [n for n in seen.picture.notifications if n["status"] == "pending" and n["person_id"] in seen.people]
    assert not all_due or waiting == []


def _reminders(seen: Seen, person: str) -> list[Row]:
    mine = (n for n in seen.picture.notifications if n["person_id"] == person)
    return [n for n in mine if n["kind"].startswith("reminder.")]


REFUSALS = {"too-early", "already-reported", "other-regime"}


def what_waited_is_checked_as_of_its_day(before: Seen, after: Seen) -> None:
    """After a round that checks again, nothing waits; and each report answers the period of the day it was filed on."""
    checked = [r for r in before.picture.reports if r["status"] == "under-review"]
    checked = [r for r in checked if "source-unavailable" in r["reasons"]]
    for report in (after.picture.report(r["number"]) for r in checked):
        assert "source-unavailable" not in report["reasons"], report
        earlier = [r for r in after.picture.reports_of(report["person_id"]) if r["id"] < report["id"]]
        then = owed(
            after.records(report["person_id"]),
            earlier,
            date.fromisoformat(report["filed_on"]),
            after.policy,
            after.picture,
        )
        if not REFUSALS & {*report["reasons"]}:
            period = then.basis or after.without_entry(earlier, date.fromisoformat(report["filed_on"]))
            assert (report["period"], day(report["entered_on"])) == (period, then.entered_on), report


def next_due(seen: Seen, person: str, report: Row) -> date | None:
    """What a report filed online earns: 90 days from its due date, or from the filing where it was late.

    None where the report was filed for another period than the rows give for its day.
    """
    filed_on = date.fromisoformat(report["filed_on"])
    others = [r for r in seen.picture.reports_of(person) if r["number"] != report["number"]]
    then = owed(seen.records(person), others, filed_on, seen.policy, seen.picture)
    without_entry = report["period"] if report["period"].startswith("no-entry") else "no-entry"
    if (then.basis or without_entry) != report["period"]:
        return None
    in_time = then.due_on is not None and then.late_after is not None and filed_on <= then.late_after
    start = then.due_on if in_time and then.due_on else filed_on
    return start + timedelta(days=90)


def stands_last(seen: Seen, person: str, report: Row) -> bool:
    """Whether nothing that moves a due date came after a report was filed, in the stay it was filed in."""
    filed_on, owes = report["filed_on"], seen.owed(person)
    records = seen.records(person)
    later = [r for r in seen.picture.reports_of(person) if r["status"] == "accepted" and r["id"] > report["id"]]
    later += [r for r in records["reports"] if r["filed_on"] >= filed_on]
    later += [p for p in records["permissions"] if p["granted_on"] > filed_on]
    here = owes.due_on is not None and owes.entered_on == day(report["entered_on"])
    return here and not later


def verdict(seen: Seen, receipt: Row) -> str:
    """What the public is to be told of a receipt."""
    report = next(r for r in seen.picture.reports if r["id"] == receipt["report_id"])
    voided = {
        e["data"]["receipt"] for e in seen.picture.events if e["kind"] == "report.reopened" and e["data"]["receipt"]
    }
    if receipt["number"] in voided:
        return "void"
    return "record-corrected" if report["contradicted_at"] else "genuine"
