"""A whole life: every act there is, and what has to hold after each."""

import os
from collections.abc import Sequence

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from tests.stateful import promises
from tests.stateful.people import Soul
from tests.stateful.picture import Row, day
from tests.stateful.plots import Plots
from tests.stateful.promises import Seen
from tests.stateful.world import World

LIVES = int(os.environ.get("LIFE_CYCLES", "300"))
SEED = int(os.environ.get("LIFE_SEED", "1"))
STEPS = 25
ENOUGH = 150
"""So many lives have seen everything."""
FULLY = (Phase.generate, Phase.shrink)


EVERYTHING = {
    "obligation.due-date-changed",
    "people.joined",
    "reminder.after-grace",
    "reminder.due-day",
    "reminder.last-day-of-grace",
    "reminder.one-day",
    "reminder.seven-days",
    "reminder.window-opens",
    "report.contradicted",
    "report.corrected",
    "report.decided.accepted",
    "report.decided.needs-visit",
    "report.decided.rejected",
    "report.decided.returned",
    "report.filed",
    "report.rechecked",
    "report.reopened",
    "report.withdrawn",
    "resident.activated",
}
"""What happens in some life or other; lives to which nothing happens would prove nothing."""


class Life(Plots):
    """What may happen to a person, and what has to hold whatever did."""

    checked: Seen | None = None

    @invariant()
    def the_promises_hold(self) -> None:
        """What is stored keeps every promise, and what is shown is what is stored."""
        self.world.happened["step"] += 1
        before, seen = self.checked, self.look()
        if before and before.is_like(seen):
            return  # nothing happened
        for promise in promises.PROMISES:
            promise(seen)
        for soul in self.souls:
            if soul.has_phone:
                self._is_shown_what_is_owed(soul)
        for receipt in seen.picture.receipts:
            self._verifies(receipt)
        self.checked = seen

    def teardown(self) -> None:
        """What happened in this life counts towards what has to have happened in all."""
        self.world.happened["life"] += 1
        if self.checked:
            events = (
                ".".join(filter(None, (e["kind"], e["data"].get("outcome")))) for e in self.checked.picture.events
            )
            reminders = (n["kind"] for n in self.checked.picture.notifications if n["status"] == "sent")
            self.world.happened.update([*events, *reminders])

    def _is_shown_what_is_owed(self, soul: Soul) -> None:
        """`/me/stay` shows the dates that follow from the rows, and after an acceptance the date on the receipt."""
        answer = soul.phone.get("/me/stay")
        assert answer.status_code == 200, answer.json
        person, shown = soul.id_in(self.seen.picture), answer.json
        owed = self.seen.owed(person)
        assert (day(shown["entered_on"]), day(shown["permitted_until"])) == (owed.entered_on, owed.permitted_until)
        dates = [day(shown["obligation"][name]) for name in ("due_on", "late_after", "opens_on")]
        assert dates == [owed.due_on, owed.late_after, owed.opens_on]
        assert person not in self.promised or shown["obligation"]["due_on"] == self.promised[person]

    def _verifies(self, receipt: Row) -> None:
        """Anybody who asks is told whether a receipt is genuine, void or overtaken; it is asked when that changes."""
        verdict = promises.verdict(self.seen, receipt)
        if self.verified.get(receipt["number"]) == verdict:
            return
        self.verified[receipt["number"]] = verdict
        for text in (receipt["number"], receipt["statement"]):
            said = self.world.client.post("/api/v1/receipts/verify", json={"receipt": text}).json
            assert (said["status"], said["valid"]) == (verdict, verdict == "genuine"), said
            assert said["says"]["next_due_on"] == receipt["next_due_on"]


def live(world: World, lives: int, number: int, phases: Sequence[Phase] = FULLY) -> None:
    """Live so many lives; `number` says which. A failing one is printed as the steps that lead to it.

    Making it as short as it can be takes minutes; without the phase `shrink` it is printed as it was found.
    """
    world.happened.clear()
    machine = seed(number)(type("Life", (Life,), {"world": world}))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=lives,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=phases,
            report_multiple_bugs=False,
        ),
    )
    assert lives < ENOUGH or world.happened.keys() >= EVERYTHING, EVERYTHING - world.happened.keys()
