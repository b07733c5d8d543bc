"""Rules: what a resident does about their reports, and what officers decide."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from immigration.rules.reports import FINAL
from tests.stateful import invariants
from tests.stateful.base import INDEX, RESIDENT, BaseMachine
from tests.stateful.invariants import AcknowledgedFiling, State
from tests.stateful.snapshot import Row, day

ACTIONS = ("accept", "return", "correct", "accept", "reopen", "reject", "withdraw", "set-date", "file", "visit")
CHAINS = st.sampled_from(
    [
        ("return", "correct", "accept"),
        ("reopen", "return", "correct"),
        ("reject", "reopen", "accept"),
        ("reopen", "visit"),
    ]
)
"""Sequences of ACTIONS that random choice seldom produces."""
OUTCOMES = {"accept": "accepted", "return": "returned", "reject": "rejected", "visit": "needs-visit"}
ROADS = st.sampled_from(["Sukhumvit", "Sukhumvit", "Silom"])
MAX_ACTIVATIONS, MAX_REPORTS = 2, 9
"""Limits of one history: more activations or reports reach no new states."""
OVERRIDES = st.sampled_from([None, None, 1, 10, 90, 366])


class FilingRules(BaseMachine):
    """Rules about reports, from filing to receipt."""

    @rule(who=RESIDENT, road=ROADS)
    def file(self, who: int, road: str = "Sukhumvit") -> None:
        """File: the answer is the refusal that the model gives, or 201."""
        resident, key = self.resident(who), f"key-{len(self.acknowledged)}"
        phone, state = resident.phone, self.read_state()
        person = resident.id_in(state.snapshot)
        refusal = invariants.refusal(state, person)
        answer = phone.file(key, road=road)
        if answer.status_code == 409:
            assert answer.json["code"] == refusal, answer.json
            return
        assert (answer.status_code, refusal) == (201, None), answer.json
        body = answer.json
        assert bool(body["receipt"]) == (body["status"] == "accepted") == (not body["reasons"])
        assert not self.down or body["reasons"] == ["source-unavailable"]
        self.acknowledged[body["number"]] = AcknowledgedFiling(
            resident.phones[-1].passport, key, road, answer.data, body["filed_at"]
        )
        self._check_answered_obligation(body["number"], state)
        self._check_receipt(person, body)

    @rule(who=RESIDENT, days=st.integers(0, 18), actions=CHAINS | st.lists(st.sampled_from(ACTIONS), max_size=4))
    def file_in_time(self, who: int, days: int, actions: Sequence[str]) -> None:
        """Advance to the window, file, and apply several actions to the report."""
        opens_on = self.read_state().obligation(self.resident(who).id_in(self.state.snapshot)).opens_on
        if opens_on and opens_on > self.today:
            self.advance_days((opens_on - self.today).days + days)
        self.file(who)
        self.continue_newest_report(actions)

    @precondition(lambda self: len(self.acknowledged) < MAX_REPORTS)
    @rule(who=RESIDENT, times=st.integers(1, 2), days=st.integers(0, 15))
    def file_several_reports(self, who: int, times: int, days: int) -> None:
        """File and accept one report after the other."""
        for _ in range(times):
            self.file_in_time(who, days, ["accept"])

    @precondition(lambda self: self.activations < MAX_ACTIVATIONS)
    @rule(who=RESIDENT, assurance=st.sampled_from(["mail", "counter"]))
    def activate_again(self, who: int, assurance: str) -> None:
        """Activate another phone; the assurance decides whether a first report needs a review."""
        self.activations += 1
        self.resident(who).activate(assurance)

    @precondition(lambda self: self.acknowledged)
    @rule(actions=CHAINS | st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=5))
    def continue_newest_report(self, actions: Sequence[str]) -> None:
        """Apply several actions to the newest report."""
        for n, action in enumerate(actions if self.acknowledged else ()):
            if action in OUTCOMES or action == "set-date":
                days = 1 if action == "set-date" else None
                self.decide(0, OUTCOMES.get(action, "accepted"), ("one", "two")[n % 2], days)
            elif action == "reopen":
                self.reopen(0)
            elif action == "file":
                self.file(0)
            else:
                self.withdraw_or_correct(0, "correction" if action == "correct" else "withdrawal")

    @precondition(lambda self: self.acknowledged)
    @rule(
        which=INDEX,
        outcome=st.sampled_from(sorted(OUTCOMES.values())),
        name=st.sampled_from(["one", "two"]),
        days=OVERRIDES,
    )
    def decide(self, which: int, outcome: str, name: str, days: int | None) -> None:
        """Decide: possible under review, once for each officer; an officer may set the next due date by hand."""
        report = self._report(which)
        body: dict[str, Any] = {"outcome": outcome, "reasons": [] if outcome == "accepted" else ["other"]}
        if days and outcome == "accepted":
            on = date.fromisoformat(report["filed_on"]) + timedelta(days=days)
            body |= {"next_due_on": str(on), "note": "By hand."}
        answer = self.service.post_approved(name, f"/review/reports/{report['number']}/decision", body)
        may = self._may_decide(report, name)
        self._check_answer(answer, report, may)
        if may:
            assert not days or outcome != "accepted" or answer.json["receipt"]["next_due_on"] == body["next_due_on"]
            self._check_receipt(report["person_id"], answer.json, by_hand="next_due_on" in body)

    @precondition(lambda self: self.acknowledged)
    @rule(which=INDEX)
    def reopen(self, which: int) -> None:
        """Reopen a decided report: refused where another report has taken its period meanwhile."""
        report = self._report(which)
        path, note = f"/review/reports/{report['number']}/reopening", {"note": "A check."}
        answer = self.service.post_approved("boss", path, note)
        taken = report["status"] != "accepted" and self.state.holder(report["person_id"], report["period"])
        may = report["status"] in ("accepted", "rejected", "needs-visit") and not taken
        self._check_answer(answer, report, may)
        self.receipt_dates.pop(report["person_id"], None)

    @precondition(lambda self: self.acknowledged)
    @rule(which=INDEX, action=st.sampled_from(["withdrawal", "correction"]))
    def withdraw_or_correct(self, which: int, action: str) -> None:
        """Withdraw a report before its decision, or correct one that was returned."""
        report = self._report(which)
        resident = next(s for s in self.residents if s.id_in(self.state.snapshot) == report["person_id"])
        path, body = f"/reports/{report['number']}", None
        if action == "correction":
            body = {"address": resident.phone.get(path).json["address"]}
        answer = resident.phone.post(f"{path}/{action}", body)
        if answer.status_code == 403:  # the person was not verified in the last five minutes
            assert (action, answer.json["code"]) == ("withdrawal", "verification-required")
            resident.activate(resident.assurance)
            answer = resident.phone.post(f"{path}/{action}", body)
        may = report["status"] in (("returned",) if action == "correction" else ("under-review", "returned"))
        self._check_answer(answer, report, may)

    @precondition(lambda self: self.acknowledged)
    @rule(which=INDEX)
    def send_again(self, which: int) -> None:
        """Repeat an Idempotency-Key: the same bytes for the same body, 422 for another body."""
        answered = list(self.acknowledged.values())[-1 - which % len(self.acknowledged)]
        if not answered.is_remembered(self.service.now):
            return
        person = self.read_state().snapshot.report(self._number(answered))["person_id"]
        phone = next(s for s in self.residents if s.id_in(self.state.snapshot) == person).phone
        again = phone.file(answered.key, road=answered.road)
        assert (again.status_code, again.data) == (201, answered.text)
        assert again.headers["Idempotent-Replayed"] == "true"
        other = phone.file(answered.key, road=answered.road + " Road")
        assert (other.status_code, other.json["code"]) == (422, "idempotency-key-reused")

    def _check_answered_obligation(self, number: str, before: State) -> None:
        """A new report has the day of filing and, while the source is up, period, entry and due date of the model."""
        report = self.read_state().snapshot.report(number)
        assert report["filed_on"] == str(before.today)
        if self.down:
            return
        expected = before.obligation_to_file(report["person_id"])
        assert report["period"] == before.period_of(report["person_id"], expected)
        assert (day(report["entered_on"]), day(report["due_on"])) == (expected.entered_on, expected.due_on)

    def _number(self, answered: AcknowledgedFiling) -> str:
        return next(number for number, filing in self.acknowledged.items() if filing is answered)

    def _report(self, which: int) -> Row:
        """A stored report, counted from the newest, which is 0."""
        numbers = list(self.acknowledged)
        return self.read_state().snapshot.report(numbers[-1 - which % len(numbers)])

    def _may_decide(self, report: Row, name: str) -> bool:
        settled = {(d["report_id"], d["decided_by"]) for d in self.state.snapshot.decisions if d["outcome"] in FINAL}
        return report["status"] == "under-review" and (report["id"], f"officer:{name}") not in settled

    def _check_answer(self, answer: Any, report: dict[str, Any], may: bool) -> None:
        """An act that is not possible is refused, or it is the last one again: then nothing changes."""
        again = not may and answer.status_code == 200 and answer.json["status"] == report["status"]
        assert again or answer.status_code == (200 if may else 409), answer.json

    def _check_receipt(self, person: str, body: dict[str, Any], by_hand: bool = False) -> None:
        """A new receipt has the due date of the model, which `/me/stay` shows if the report is the last that counts."""
        self.receipt_dates.pop(person, None)
        if not body["receipt"]:
            return
        state, stated = self.read_state(), body["receipt"]["next_due_on"]
        earned = invariants.next_due(state, person, state.snapshot.report(body["number"]))
        assert by_hand or stated == str(earned or stated), (stated, earned)
        if invariants.is_last_that_counts(state, person, state.snapshot.report(body["number"])):
            self.receipt_dates[person] = stated
