"""Rules: time advances, the worker runs, another law is published, the source of records goes down."""

from datetime import date
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from immigration.services import obligations
from tests.stateful import invariants
from tests.stateful.base import RESIDENT, BaseMachine
from tests.stateful.model import DATES

WINDOW_DAYS = st.sampled_from([-1, 0, 1, 8, 10, 14, 15, 16, 22, 24, 40])
"""Days after a window opens: those on which a step of the reminder ladder begins, and some between."""
LADDER = (0, 8, 14, 15, 22, 23)
"""The days on which a step begins, if the 22nd is no holiday."""


class TimeRules(BaseMachine):
    """Rules about what happens without the resident."""

    @rule(days=st.integers(1, 45), working=st.booleans())
    def advance_time(self, days: int, working: bool) -> None:
        """Advance some days, with or without a run of the worker afterwards."""
        self.advance_days(days)
        if working:
            self.run_worker()

    @rule(who=RESIDENT, days=WINDOW_DAYS, working=st.sampled_from([True, True, False]))
    def advance_to_window(self, who: int, days: int, working: bool) -> None:
        """Advance to a day near the opening or the end of the reporting window."""
        opens_on = self.read_state().obligation(self.resident(who).id_in(self.state.snapshot)).opens_on
        if opens_on:
            self.advance_time(max(1, (opens_on - self.today).days + days), working)

    @rule(who=RESIDENT, steps=st.sampled_from([1, 3, 5, 6, 6]))
    def let_reminder_steps_pass(self, who: int, steps: int) -> None:
        """Pass the first steps of the ladder without a filing. The round `begin` runs first, as it is more frequent."""
        for days in LADDER[:steps]:
            self.advance_to_window(who, days, False)
            self.run_worker(("begin", "relay"))
            self.run_worker(())

    @precondition(lambda self: self.next_change())
    @rule()
    def advance_to_next_recorded_change(self) -> None:
        """Advance to the day of a row that was recorded in advance: the obligation changes on it."""
        if on := self.next_change():
            self.advance_days((on - self.today).days)

    def next_change(self) -> date | None:
        """The first day after today that an imported row has; None for none."""
        rows = ((kind, row) for kind, rows in self.imported.rows.items() for row in rows.values())
        days = (date.fromisoformat(row[DATES[kind]]) for kind, row in rows)
        return min((day for day in days if day > self.today), default=None)

    @rule(
        rounds=st.sampled_from(
            [(), ("recheck", "refresh", "plan", "relay"), ("begin", "relay"), ("relay", "send-push")]
        )
    )
    def run_worker(self, rounds: tuple[str, ...] = ()) -> None:
        """Run all rounds or some only: a round that failed leaves its work to a later one."""
        before, already_sent = self.read_state(), len(self.service.google.messages)
        self.service.round(*rounds)
        after = self.read_state()
        messages = [(m["message"]["data"]["notification_id"], m["target"]) for m in self.service.google.messages]
        assert len(set(messages)) == len(messages)
        invariants.reminders_are_those_that_are_due(before, after, {id_ for id_, _ in messages[already_sent:]})
        if "begin" in rounds or not rounds:
            invariants.all_due_residents_are_reminded(after, all_due=not rounds)
        if not self.down and ("recheck" in rounds or not rounds):
            invariants.rechecks_use_the_day_of_filing(before, after)
        if [e for e in after.snapshot.events if e["id"] > before.snapshot.events[-1]["id"]]:
            self.receipt_dates.clear()

    @rule(down=st.booleans())
    def set_source(self, down: bool) -> None:
        """Take the source down or up. Filing goes on; reports filed meanwhile are rechecked when it is back."""
        result = self.service.app.test_cli_runner().invoke(args=["records", "source", "down" if down else "up"])
        assert result.exit_code == 0, result.output
        self.down = down

    @rule(notices=st.booleans())
    def publish_law(self, notices: bool) -> None:
        """Load other law files; the worker refreshes the obligations that they change."""
        self.service.publish(notices=notices)
        self.receipt_dates.clear()
        self.service.round("refresh")

    @rule()
    def recompute_everything(self) -> None:
        """Recompute all obligations: nothing changes but their revision; no report is marked, no event is recorded."""
        before = self.read_state().snapshot
        ids = [UUID(person) for person in self.state.people]
        with self.service.database.transaction() as session:
            context = self.service.filing
            records, law = context.records, context.law
            obligations.recompute(session, ids, records=records, law=law, now=self.service.now, actor="rebuild")
        after = self.read_state().snapshot
        assert [kept | {"revision": 0} for kept in before.obligations] == [
            kept | {"revision": 0} for kept in after.obligations
        ]
        assert (before.reports, before.events) == (after.reports, after.events)
