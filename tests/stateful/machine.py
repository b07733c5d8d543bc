"""The state machine with all rules and invariants, and the function that runs random histories of it."""

import os
from collections.abc import Sequence

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from tests.stateful import invariants
from tests.stateful.invariants import State
from tests.stateful.residents import SimulatedResident
from tests.stateful.scenarios import Scenarios
from tests.stateful.service import Service
from tests.stateful.snapshot import Row, day

HISTORIES = int(os.environ.get("LIFE_CYCLES", "160"))
SEED = int(os.environ.get("LIFE_SEED", "1"))
STEPS = 25
COMPLETE_FROM = 80
"""From so many histories on, each of EXPECTED_KINDS has to occur."""
ALL_PHASES = (Phase.generate, Phase.shrink)


EXPECTED_KINDS = {
    "obligation.due-date-changed",
    "passports.linked",
    "passports.unlinked",
    "people.joined",
    "people.separated",
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
    "report.taken-at-office",
    "report.withdrawn",
    "resident.activated",
}
"""Events and sent reminders that have to occur in some history: without them the invariants would prove nothing."""


class ResidentMachine(Scenarios):
    """All rules, and the invariants that have to hold after each."""

    checked: State | None = None
    reminded: dict[str, str]
    """The reminders sent so far, id to kind: messages are removed after two years, and a history may be longer."""

    def __init__(self) -> None:
        super().__init__()
        self.reminded = {}

    @invariant()
    def stored_state_satisfies_invariants(self) -> None:
        """The stored rows satisfy every invariant, and the API shows what is stored."""
        self.service.counts["step"] += 1
        before, state = self.checked, self.read_state()
        if before and before.is_like(state):
            return  # nothing changed since the last check
        for check in invariants.INVARIANTS:
            check(state)
        for resident in self.residents:
            if resident.has_phone:
                self._check_shown_stay(resident)
        for receipt in state.snapshot.receipts:
            self._check_verification(receipt)
        sent = (n for n in state.snapshot.notifications if n["status"] == "sent" and n["kind"].startswith("reminder."))
        self.reminded |= {n["id"]: n["kind"] for n in sent}
        self.checked = state

    def teardown(self) -> None:
        """Count what happened in this history."""
        self.service.counts["history"] += 1
        if self.checked:
            events = (
                ".".join(filter(None, (e["kind"], e["data"].get("outcome")))) for e in self.checked.snapshot.events
            )
            self.service.counts.update([*events, *self.reminded.values()])

    def _check_shown_stay(self, resident: SimulatedResident) -> None:
        """`/me/stay` shows the dates that follow from the rows, and after an acceptance the date on the receipt."""
        answer = resident.phone.get("/me/stay")
        assert answer.status_code == 200, answer.json
        person, shown = resident.id_in(self.state.snapshot), answer.json
        expected = self.state.obligation(person)
        assert (day(shown["entered_on"]), day(shown["permitted_until"])) == (
            expected.entered_on,
            expected.permitted_until,
        )
        dates = [day(shown["obligation"][name]) for name in ("due_on", "late_after", "opens_on")]
        assert dates == [expected.due_on, expected.late_after, expected.opens_on]
        assert person not in self.receipt_dates or shown["obligation"]["due_on"] == self.receipt_dates[person]

    def _check_verification(self, receipt: Row) -> None:
        """`POST /receipts/verify` answers the expected status of a receipt; it is called when that changes."""
        verdict = invariants.verdict(self.state, receipt)
        if self.verified.get(receipt["number"]) == verdict:
            return
        self.verified[receipt["number"]] = verdict
        for text in (receipt["number"], receipt["statement"]):
            body = self.service.client.post("/api/v1/receipts/verify", json={"receipt": text}).json
            assert (body["status"], body["valid"]) == (verdict, verdict == "accepted"), body
            assert body["says"]["next_due_on"] == receipt["next_due_on"]


def run_histories(service: Service, histories: int, number: int, phases: Sequence[Phase] = ALL_PHASES) -> None:
    """Run so many random histories; `number` is their seed. A failing one is printed as the steps that lead to it.

    Shrinking it takes minutes; without the phase `shrink` it is printed as it was generated.
    """
    service.counts.clear()
    machine = seed(number)(type("Histories", (ResidentMachine,), {"service": service}))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=histories,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=phases,
            report_multiple_bugs=False,
        ),
    )
    assert histories < COMPLETE_FROM or service.counts.keys() >= EXPECTED_KINDS, EXPECTED_KINDS - service.counts.keys()
