"""What a person does about their reports, and what officers do."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from immigration.rules.reports import FINAL
from tests.stateful import promises
from tests.stateful.ground import NUMBER, WHO, Ground
from tests.stateful.picture import Row, day
from tests.stateful.promises import Answered, Seen

ACTS = ("accept", "return", "correct", "accept", "reopen", "reject", "withdraw", "set-date", "file", "visit")
CHAINS = st.sampled_from(
    [
        ("return", "correct", "accept"),
        ("reopen", "return", "correct"),
        ("reject", "reopen", "accept"),
        ("reopen", "visit"),
    ]
)
"""What officers and authors do in a row, as the words of ACTS."""
OUTCOMES = {"accept": "accepted", "return": "returned", "reject": "rejected", "visit": "needs-visit"}
ROADS = st.sampled_from(["Sukhumvit", "Sukhumvit", "Silom"])
FEW, MANY = 2, 9
"""Phones joined anew, and reports filed in a row: nothing new comes of more."""
OVERRIDES = st.sampled_from([None, None, 1, 10, 90, 366])


class FilingActs(Ground):
    """Reports from filing to receipt."""

    @rule(who=WHO, road=ROADS)
    def file(self, who: int, road: str = "Sukhumvit") -> None:
        """A filing is refused for the promised reasons only; otherwise it is acknowledged, and its period is taken."""
        soul, key = self.soul(who), f"key-{len(self.acknowledged)}"
        phone, seen = soul.phone, self.look()
        person = soul.id_in(seen.picture)
        refusal = promises.refusal(seen, person)
        answer = phone.file(key, road=road)
        if answer.status_code == 409:
            assert answer.json["code"] == refusal, answer.json
            return
        assert (answer.status_code, refusal) == (201, None), answer.json
        said = answer.json
        assert bool(said["receipt"]) == (said["status"] == "accepted") == (not said["reasons"])
        assert not self.down or said["reasons"] == ["source-unavailable"]
        self.acknowledged[said["number"]] = Answered(person, key, road, answer.data, said["filed_at"])
        self._answers_what_is_owed(said["number"], seen)
        self._promise(person, said)

    @rule(who=WHO, days=st.integers(0, 18), acts=CHAINS | st.lists(st.sampled_from(ACTS), max_size=4))
    def file_in_time(self, who: int, days: int, acts: Sequence[str]) -> None:
        """Wait for the window, file, and let officers and the author do several things with it in a row."""
        opens_on = self.look().owed(self.soul(who).id_in(self.seen.picture)).opens_on
        if opens_on and opens_on > self.today:
            self.wait((opens_on - self.today).days + days)
        self.file(who)
        self.go_on(acts)

    @precondition(lambda self: len(self.acknowledged) < MANY)
    @rule(who=WHO, times=st.integers(1, 2), days=st.integers(0, 15))
    def report_for_a_while(self, who: int, times: int, days: int) -> None:
        """Report after report, as most people do."""
        for _ in range(times):
            self.file_in_time(who, days, ["accept"])

    @precondition(lambda self: self.phones < FEW)
    @rule(who=WHO, assurance=st.sampled_from(["mail", "counter"]))
    def get_another_phone(self, who: int, assurance: str) -> None:
        """How it was activated decides what a first report needs."""
        self.phones += 1
        self.soul(who).activate(assurance)

    @precondition(lambda self: self.acknowledged)
    @rule(acts=CHAINS | st.lists(st.sampled_from(ACTS), min_size=1, max_size=5))
    def go_on(self, acts: Sequence[str]) -> None:
        """Several things happen to the newest report."""
        for n, act in enumerate(acts if self.acknowledged else ()):
            if act in OUTCOMES or act == "set-date":
                self.decide(0, OUTCOMES.get(act, "accepted"), ("one", "two")[n % 2], 1 if act == "set-date" else None)
            elif act == "reopen":
                self.reopen(0)
            elif act == "file":
                self.file(0)
            else:
                self.withdraw_or_correct(0, "correction" if act == "correct" else "withdrawal")

    @precondition(lambda self: self.acknowledged)
    @rule(
        which=NUMBER,
        outcome=st.sampled_from(sorted(OUTCOMES.values())),
        name=st.sampled_from(["one", "two"]),
        days=OVERRIDES,
    )
    def decide(self, which: int, outcome: str, name: str, days: int | None) -> None:
        """Decided where it is under review, by one who has not settled it before; the date may be set by hand."""
        report = self._report(which)
        body: dict[str, Any] = {"outcome": outcome, "reasons": [] if outcome == "accepted" else ["other"]}
        if days and outcome == "accepted":
            on = date.fromisoformat(report["filed_on"]) + timedelta(days=days)
            body |= {"next_due_on": str(on), "note": "By hand."}
        answer = self.world.officer(name).post(f"/review/reports/{report['number']}/decision", body)
        assert answer.status_code == (200 if self._may_decide(report, name) else 409), answer.json
        if answer.status_code == 200:
            assert not days or outcome != "accepted" or answer.json["receipt"]["next_due_on"] == body["next_due_on"]
            self._promise(report["person_id"], answer.json, by_hand="next_due_on" in body)

    @precondition(lambda self: self.acknowledged)
    @rule(which=NUMBER)
    def reopen(self, which: int) -> None:
        """Reopened once decided; not where its period was freed and is taken by another."""
        report = self._report(which)
        answer = self.world.officer("boss").post(f"/review/reports/{report['number']}/reopening", {"note": "A check."})
        taken = report["status"] != "accepted" and self.seen.holder(report["person_id"], report["period"])
        may = report["status"] in ("accepted", "rejected", "needs-visit") and not taken
        assert answer.status_code == (200 if may else 409), answer.json
        self.promised.pop(report["person_id"], None)

    @precondition(lambda self: self.acknowledged)
    @rule(which=NUMBER, act=st.sampled_from(["withdrawal", "correction"]))
    def withdraw_or_correct(self, which: int, act: str) -> None:
        """Taken back before it is decided; corrected when it was returned."""
        report = self._report(which)
        phone = next(s for s in self.souls if s.id_in(self.seen.picture) == report["person_id"]).phone
        address = phone.get(f"/reports/{report['number']}").json["address"]
        answer = phone.post(f"/reports/{report['number']}/{act}", {"address": address} if act == "correction" else None)
        may = report["status"] in (("returned",) if act == "correction" else ("under-review", "returned"))
        assert answer.status_code == (200 if may else 409), answer.json

    @precondition(lambda self: self.acknowledged)
    @rule(which=NUMBER)
    def send_again(self, which: int) -> None:
        """The same key and body again: the same answer, byte for byte. With another body: refused."""
        answered = list(self.acknowledged.values())[-1 - which % len(self.acknowledged)]
        if not answered.is_remembered(self.world.now):
            return
        person = self.look().picture.report(self._number(answered))["person_id"]
        phone = next(s for s in self.souls if s.id_in(self.seen.picture) == person).phone
        again = phone.file(answered.key, road=answered.road)
        assert (again.status_code, again.data) == (201, answered.text)
        assert again.headers["Idempotent-Replayed"] == "true"
        other = phone.file(answered.key, road=answered.road + " Road")
        assert (other.status_code, other.json["code"]) == (422, "idempotency-key-reused")

    def _answers_what_is_owed(self, number: str, before: Seen) -> None:
        """A new report says what it answers: of today, and while the source is there the period, entry and due date."""
        report = self.look().picture.report(number)
        assert report["filed_on"] == str(before.today)
        if self.down:
            return
        owes = before.owed(report["person_id"])
        assert report["period"] == before.period(report["person_id"])
        assert (day(report["entered_on"]), day(report["due_on"])) == (owes.entered_on, owes.due_on)

    def _number(self, answered: Answered) -> str:
        return next(number for number, found in self.acknowledged.items() if found is answered)

    def _report(self, which: int) -> Row:
        """A report as it is stored, the newest for 0."""
        numbers = list(self.acknowledged)
        return self.look().picture.report(numbers[-1 - which % len(numbers)])

    def _may_decide(self, report: Row, name: str) -> bool:
        settled = {(d["report_id"], d["decided_by"]) for d in self.seen.picture.decisions if d["outcome"] in FINAL}
        return report["status"] == "under-review" and (report["id"], f"officer:{name}") not in settled

    def _promise(self, person: str, said: dict[str, Any], by_hand: bool = False) -> None:
        """A new receipt states the date that the rules give; it is shown from now on, if it stands on this report."""
        self.promised.pop(person, None)
        if not said["receipt"]:
            return
        seen, stated = self.look(), said["receipt"]["next_due_on"]
        earned = promises.next_due(seen, person, seen.picture.report(said["number"]))
        assert by_hand or stated == str(earned or stated), (stated, earned)
        if promises.stands_last(seen, person, seen.picture.report(said["number"])):
            self.promised[person] = stated
