"""Time, the worker that keeps up with it, the law that changes, and the source of records that goes away."""

from datetime import date
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from immigration.services import obligations
from tests.stateful import promises
from tests.stateful.ground import WHO, Ground
from tests.stateful.ledger import DATES

WINDOW_DAYS = st.sampled_from([-1, 0, 1, 8, 10, 14, 15, 16, 22, 24, 40])
"""Days after a window opens: those on which the steps of the reminder ladder begin, and some between."""
LADDER = (0, 8, 14, 15, 22, 23)
"""Those on which they begin where the 22nd is no holiday."""


class PassingActs(Ground):
    """What happens without the person."""

    @rule(days=st.integers(1, 45), working=st.booleans())
    def time_passes(self, days: int, working: bool) -> None:
        """The worker may be away meanwhile, or it works when the time has passed."""
        self.wait(days)
        if working:
            self.the_worker_works()

    @rule(who=WHO, days=WINDOW_DAYS, working=st.sampled_from([True, True, False]))
    def time_comes_to_the_window(self, who: int, days: int, working: bool) -> None:
        """To the first days on which a report may be filed, or is late."""
        opens_on = self.look().owed(self.soul(who).id_in(self.seen.picture)).opens_on
        if opens_on:
            self.time_passes(max(1, (opens_on - self.today).days + days), working)

    @rule(who=WHO, steps=st.integers(1, len(LADDER)))
    def nobody_files_and_step_after_step_is_told(self, who: int, steps: int) -> None:
        """From the day a window opens. The round for what begins that day comes first: it works more often."""
        for days in LADDER[:steps]:
            self.time_comes_to_the_window(who, days, False)
            self.the_worker_works(("begin", "relay"))
            self.the_worker_works(())

    @precondition(lambda self: self.next_change())
    @rule()
    def the_day_comes_that_a_row_speaks_of(self) -> None:
        """A row was recorded in advance; on its day, what is owed is otherwise."""
        if on := self.next_change():
            self.wait((on - self.today).days)

    def next_change(self) -> date | None:
        """The first day after today that a row speaks of."""
        rows = ((kind, row) for kind, rows in self.ledger.rows.items() for row in rows.values())
        days = (date.fromisoformat(row[DATES[kind]]) for kind, row in rows)
        return min((day for day in days if day > self.today), default=None)

    @rule(rounds=st.sampled_from([(), ("recheck", "refresh", "plan", "relay"), ("begin", "relay"), ("relay", "send")]))
    def the_worker_works(self, rounds: tuple[str, ...] = ()) -> None:
        """All rounds, or some only: a round that fails leaves its work to a later one."""
        before, told = self.look(), len(self.world.google.messages)
        self.world.round(*rounds)
        after = self.look()
        messages = [(m["message"]["data"]["notification_id"], m["target"]) for m in self.world.google.messages]
        assert len(set(messages)) == len(messages)
        promises.reminders_are_those_that_are_due(before, after, {id_ for id_, _ in messages[told:]})
        if "begin" in rounds or not rounds:
            promises.everybody_due_is_reminded(after, all_due=not rounds)
        if not self.down and ("recheck" in rounds or not rounds):
            promises.what_waited_is_checked_as_of_its_day(before, after)
        if [e for e in after.picture.events if e["id"] > before.picture.events[-1]["id"]]:
            self.promised.clear()

    @rule(down=st.booleans())
    def the_source_goes_down_or_comes_back(self, down: bool) -> None:
        """Filing goes on: what it takes is checked again when the source is back."""
        done = self.world.app.test_cli_runner().invoke(args=["records", "source", "down" if down else "up"])
        assert done.exit_code == 0, done.output
        self.down = down

    @rule(notices=st.booleans())
    def another_law_is_published(self, notices: bool) -> None:
        """The service starts again with other law files, and the worker computes anew what they change."""
        self.world.publish(notices=notices)
        self.promised.clear()
        self.world.round("refresh")

    @rule()
    def everything_is_computed_anew(self) -> None:
        """A rebuilt state is the kept one: no column changes but the revision, nothing is marked, nobody is told."""
        before = self.look().picture
        ids = [UUID(person) for person in self.seen.people]
        with self.world.database.transaction() as session:
            at = self.world.filing
            obligations.recompute(session, ids, records=at.records, law=at.law, now=self.world.now, actor="rebuild")
        after = self.look().picture
        assert [kept | {"revision": 0} for kept in before.obligations] == [
            kept | {"revision": 0} for kept in after.obligations
        ]
        assert (before.reports, before.events) == (after.reports, after.events)
